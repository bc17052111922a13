"""Stopped runs over files that hold several images: what is finished is told by frame and view."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_bundle import speckle_image

pytest.importorskip("pydicom", reason="needs the extra [dicom]")

from dicom_files import make_file, region

from sonolesion.bundle import Bundle
from sonolesion.errors import OutputExistsError
from sonolesion.inference import Predictor
from sonolesion.inference.inputs import ReadOptions
from sonolesion.types import Prediction
from sonolesion.writers import PredictionReport, run_prediction

SCAN = speckle_image(128, 160)
ALL = ReadOptions(frame="all")


@pytest.fixture(scope="module")
def predictor(tiny_bundle: Bundle) -> Predictor:
    return Predictor(tiny_bundle, threads=1)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the images that are predicted."""
    found: list[str] = []
    real = Predictor.predict

    def predict(predictor: Predictor, source: object, name: str | None = None) -> Prediction:
        found.append(name or "")
        return real(predictor, source, name)  # type: ignore[arg-type]

    monkeypatch.setattr(Predictor, "predict", predict)
    return found


def write_dual(path: Path) -> None:
    pixels = np.zeros((140, 340), np.uint8)
    pixels[5:133, 5:165], pixels[5:133, 175:335] = SCAN, speckle_image(128, 160, radius_px=0)
    views = (region(5, 5, 164, 132), region(175, 5, 334, 132))
    path.write_bytes(make_file(pixels, regions=views))


def write_clip(path: Path) -> None:
    path.write_bytes(make_file(np.stack([SCAN, SCAN[::-1]]), frames=2))


def run(
    path: Path, out: Path, predictor: Predictor, reading: ReadOptions = ALL
) -> PredictionReport:
    return run_prediction([str(path)], out, predictor=predictor, reading=reading, pictures=False)


def lines(out: Path) -> list[dict[str, object]]:
    found = [json.loads(line) for line in (out / "predictions.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in found]


@pytest.mark.parametrize("kind", ["frame", "view"])
def test_of_two_parts_the_finished_one_is_taken_over(
    kind: str, predictor: Predictor, tmp_path: Path, names: list[str]
) -> None:
    path = tmp_path / "a.dcm"
    (write_clip if kind == "frame" else write_dual)(path)
    run(path, tmp_path / "whole", predictor)
    out = tmp_path / "out"
    run(path, out, predictor)
    journal = (out / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (out / "journal.jsonl").write_bytes(b"".join(journal[:2]))  # killed after the first part
    names.clear()
    report = run(path, out, predictor)
    assert (report.n_taken_over, len(report.listing.files)) == (1, 2)
    assert [name.rpartition("/")[2] for name in names] == [f"a.dcm [{kind} 2]"]
    assert lines(out) == lines(tmp_path / "whole")
    assert [row.stem for row in report.rows] == [f"a_{kind}1", f"a_{kind}2"]
    assert run(path, out, predictor).n_taken_over == 2
    assert len(names) == 1


def test_a_part_that_the_file_no_longer_has_goes_with_its_results(
    predictor: Predictor, tmp_path: Path
) -> None:
    path, out = tmp_path / "a.dcm", tmp_path / "out"
    write_dual(path)
    run(path, out, predictor)
    assert len(list((out / "masks").iterdir())) == 2
    path.write_bytes(make_file(SCAN))
    assert [row.stem for row in run(path, out, predictor).rows] == ["a"]
    assert [p.name for p in (out / "masks").iterdir()] == ["a_mask.png"]
    assert run(path, out, predictor).n_taken_over == 1


def test_another_frame_or_spacing_is_another_run(predictor: Predictor, tmp_path: Path) -> None:
    path, out = tmp_path / "a.dcm", tmp_path / "out"
    write_clip(path)
    run(path, out, predictor, ReadOptions(frame=1))
    for other, said in (
        (ReadOptions(frame=2), r"frame 1 \(now 2\)"),
        (ALL, r"frame 1 \(now all\)"),
        (ReadOptions(1, (0.1, 0.2)), r"mm_per_px none \(now 0\.1x0\.2\)"),
    ):
        with pytest.raises(OutputExistsError, match=said):
            run(path, out, predictor, other)
    assert run(path, out, predictor, ReadOptions(frame=1)).n_taken_over == 1


def test_without_the_extra_a_row_is_lost_until_it_is_installed(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = tmp_path / "a.dcm", tmp_path / "out"
    write_dual(path)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "pydicom.filereader", None)
        report = run(path, out, predictor)
        assert [failed.error.code for failed in report.failures] == ["E-EXT-001"]
        assert run(path, out, predictor).n_taken_over == 0
    report = run(path, out, predictor)
    assert [row.stem for row in report.rows] == ["a_view1", "a_view2"]
    assert report.failures == ()


def test_a_file_is_read_once_for_all_its_parts(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sonolesion.inference import input_bytes

    path = tmp_path / "a.dcm"
    write_clip(path)
    read, real = [], input_bytes.read_input

    def count(path: Path, *, name: str) -> input_bytes.InputBytes:
        read.append(name)
        return real(path, name=name)

    monkeypatch.setattr(input_bytes, "read_input", count)
    report = run(path, tmp_path / "out", predictor)
    assert len(read) == 1
    assert len({row.sha256 for row in report.rows}) == 1
    assert len(report.rows) == 2
