from __future__ import annotations

import base64
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image
from report_case import INFO, make_case, make_fullest, make_map

from sonolesion import case_report_html

NASTY = "<script>alert('x')</script>\"><img src=x onerror=alert(1)> & {{ 7*7 }}"


class Page(HTMLParser):
    """Tags with their attributes, and all text outside of the style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._in_style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if not self._in_style:
            self.text.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def render(*, with_map: bool = True, title: str = "Case 17") -> str:
    pixels, prediction = make_case()
    explanation = make_map(pixels.shape) if with_map else None
    return case_report_html(prediction, pixels, bundle=INFO, explanation=explanation, title=title)


def test_everything_is_inside() -> None:
    text = render()
    page = Page(text)
    assert not page.named("script")
    assert not page.named("link")
    assert "http:" not in text
    assert "https:" not in text
    assert "url(" not in text
    sources = [image["src"] or "" for image in page.named("img")]
    assert len(sources) == 3
    assert all(source.startswith("data:image/png;base64,") for source in sources)


def test_the_pictures_are_whole_and_say_nothing_of_their_origin() -> None:
    for image in Page(render()).named("img"):
        data = base64.b64decode((image["src"] or "").partition(",")[2], validate=True)
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
            assert picture.mode == "RGB"
            assert not picture.info


def test_it_can_be_read_without_seeing_it() -> None:
    page = Page(render())
    assert page.named("html") == [{"lang": "en"}]
    texts = [image["alt"] or "" for image in page.named("img")]
    assert texts[0].startswith("Ultrasound image with the outline of the lesion in orange")
    assert texts[1].startswith("Map of what speaks for (orange) and against (blue) benign")
    assert texts[2] == ""  # the bar's ends stand in words below it
    levels = [tag for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == "h1"
    assert set(levels[1:]) == {"h2"}
    assert {head.get("scope") for head in page.named("th")} == {"row", "col"}
    assert len(page.named("caption")) == 3


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("ink", "paper"),
    [("ink", "#ffffff"), ("muted", "#ffffff"), ("alert", "#ffffff"), ("alert", "alert-bg")],
)
def test_text_stands_out(ink: str, paper: str) -> None:
    """WCAG 2.1 AA asks for a contrast of 4.5 : 1."""
    colours = dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{6})", render()))
    pair = [luminance(colours.get(name, name)) for name in (ink, paper)]
    assert (max(pair) + 0.05) / (min(pair) + 0.05) >= 4.5


def test_any_title_and_remark_is_text() -> None:
    pixels, prediction = make_case(notes=(NASTY,))
    text = case_report_html(prediction, pixels, bundle=INFO, title=NASTY)
    page = Page(text)
    assert not page.named("script")
    assert len(page.named("img")) == 1
    shown = "".join(page.text)
    assert shown.count("<script>alert('x')</script>") == 3  # <title>, heading, remark
    assert "{{ 7*7 }}" in shown


def test_bars_are_as_long_as_the_probabilities() -> None:
    widths = [r["width"] for r in Page(render()).named("rect") if r.get("class") == "fill"]
    assert widths == ["5.00", "87.00", "8.00"]


def test_notice_and_origin_are_in_sight() -> None:
    shown = "".join(Page(render(with_map=False)).text)
    assert "Research use only, not a medical device." in shown
    assert "ab" * 32 in shown
    assert "Why" not in shown


def test_the_same_case_gives_the_same_page() -> None:
    assert render() == render()


@pytest.mark.slow
def test_the_fullest_page_prints_on_one_sheet(tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    pixels, prediction, explanation, title = make_fullest()
    text = case_report_html(prediction, pixels, bundle=INFO, explanation=explanation, title=title)
    (tmp_path / "page.html").write_text(text, "utf-8")
    subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
         f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={tmp_path / 'page.pdf'}",
         (tmp_path / "page.html").as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    assert len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "page.pdf").read_bytes())) == 1
