import base64
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sonolesion.data.audit import Audit, audit
from sonolesion.data.audit_files import audit_to_dict, count_findings, render_page, write_audit
from sonolesion.errors import DatasetError, OutputWriteError
from sonolesion.types import LesionClass


def square(left: int) -> np.ndarray:
    mask = np.zeros((96, 120), np.bool_)
    mask[30:60, left : left + 30] = True
    return mask


@pytest.fixture
def odd(thirty, texture) -> Audit:
    """30 sound cases and one of everything that an audit looks for."""
    thirty.add("benign", 60, texture(8))
    thirty.add("malignant", 60, texture(8))  # another label
    thirty.add("benign", 70, texture(9), mask=square(10))
    thirty.add("benign", 71, texture(9), mask=square(70))  # another mask
    thirty.add("benign", 80, masks=3)
    thirty.add("malignant", 81, mask=np.zeros((96, 120), np.bool_))
    thirty.add("normal", 82, mask=square(10))
    rgb = np.repeat(texture(11)[:, :, None], 3, axis=2)
    rgb[:24, :30] = (255, 255, 0)  # 720 of 11,520 pixels
    thirty.add("benign", 83, rgb)
    (thirty.root / "benign" / "benign (84).png").write_text("not an image")
    Image.new("1", (120, 96)).save(thirty.root / "normal" / "nobody_mask.png")
    (thirty.root / "malignant" / "notes.txt").write_text("hello")
    return audit(thirty.root, workers=2)


def test_everything_planted_is_found_and_nothing_else(odd: Audit) -> None:
    report = odd.report
    assert [group.case_ids for group in report.groups] == [
        ("benign (60)", "malignant (60)"), ("benign (70)", "benign (71)"),
    ]  # fmt: skip
    assert report.groups[0].labels == (LesionClass.BENIGN, LesionClass.MALIGNANT)
    assert [group.is_contradictory for group in report.groups] == [True, False]
    assert [(p.first, p.second) for p in report.contradictory_labels] == [
        ("benign (60)", "malignant (60)")
    ]
    assert [(p.first, p.second, p.mask_dice) for p in report.contradictory_masks] == [
        ("benign (70)", "benign (71)", 0.0)
    ]
    assert report.several_masks == ("benign (80)",)
    assert report.empty_masks == ("malignant (81)",)
    assert report.masks_on_normals == ("normal (82)",)
    assert report.colour == {"benign (83)": 720 / 11520}
    assert {(p.case_id, p.kind) for p in report.problems} == {
        ("benign (84)", "unreadable_image"), ("benign (84)", "mask_missing"),
    }  # fmt: skip
    assert report.orphan_masks == ("normal/nobody_mask.png",)
    assert report.odd_files == ("malignant/notes.txt",)
    assert report.images == {"normal": 7, "benign": 21, "malignant": 11}
    assert report.masks == {"normal": 7, "benign": 22, "malignant": 11}


def test_a_sound_data_set_has_no_findings(thirty) -> None:
    counts = count_findings(audit(thirty.root).report)
    assert (counts.pop("images"), counts.pop("masks")) == (30, 30)
    assert set(counts.values()) == {0}


def test_a_missing_class_is_a_finding_and_no_folder_at_all_an_error(thirty, tmp_path: Path) -> None:
    for path in (thirty.root / "normal").iterdir():
        path.unlink()
    (thirty.root / "normal").rmdir()
    assert audit(thirty.root).report.missing_classes == (LesionClass.NORMAL,)
    with pytest.raises(DatasetError, match="no such folder"):
        audit(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match=r"no known layout.*benign/, malignant/, normal/"):
        audit(tmp_path)


def test_json_holds_what_the_report_holds(odd: Audit, tmp_path: Path) -> None:
    path, _ = write_audit(odd, tmp_path)
    found = json.loads(path.read_text())
    assert found == json.loads(json.dumps(audit_to_dict(odd.report)))
    assert found["counts"]["contradictory_label_pairs"] == 1
    assert found["groups"][0]["case_ids"] == ["benign (60)", "malignant (60)"]
    assert found["problems"][0]["file"] == "benign (84).png"


class Page(HTMLParser):
    """Collects what a browser would load, and checks that tags are closed."""

    void = frozenset({"meta", "img", "br", "link", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.alts: list[str | None] = []
        self.ids: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag not in self.void:
            self.open.append(tag)
        if tag == "img":
            self.alts.append(values.get("alt"))
        self.sources += [v for k, v in attrs if k in {"src", "srcset", "data"} and v]
        self.ids |= {values["id"] or ""} if "id" in values else set()
        self.links |= {values["href"] or ""} if "href" in values else set()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_self_contained_well_formed_and_accessible(odd: Audit) -> None:
    text = render_page(odd)
    page = Page()
    page.feed(text)
    assert page.open == []
    assert "<script" not in text
    assert not re.search(r"https?:|//[a-z]|url\(|@import", text.replace("data:image", ""))
    assert page.links == {f"#{i}" for i in page.ids} - {"#empty", "#onnormal"}
    assert all(alt and "filed as" in alt for alt in page.alts)
    # groups of two, two, then one each of several masks, colour, empty mask, mask on a normal
    assert len(page.sources) == 8
    for source in page.sources:
        head, _, data = source.partition(",")
        assert head == "data:image/jpeg;base64"
        with Image.open(io.BytesIO(base64.b64decode(data))) as image:
            assert image.size == (120, 96)
    assert "Research use only" in text
    assert "prefers-color-scheme:dark" in text


def test_a_file_name_cannot_run_in_the_page(tree) -> None:
    tree.add("benign", 1)
    name = "<img src=x onerror=alert(1)>"
    (tree.root / "benign" / f"{name}.txt").write_text("")
    text = render_page(audit(tree.root))
    assert name not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


def test_an_output_that_cannot_be_written(tree, tmp_path: Path) -> None:
    tree.add("benign", 1)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputWriteError, match="choose another output folder"):
        write_audit(audit(tree.root), tmp_path / "file" / "audit")
