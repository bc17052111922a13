from __future__ import annotations

import csv
import io
import json
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from tiny_bundle import make_bundle, speckle_image
from tiny_decision import make_decision

from sonolesion.bundle import Bundle
from sonolesion.errors import (
    BundleError,
    DatasetError,
    InvalidInputError,
    OutputExistsError,
    OutputWriteError,
)
from sonolesion.files import atomic_write_bytes
from sonolesion.inference import Predictor
from sonolesion.types import RESEARCH_USE_ONLY
from sonolesion.writers import PredictionReport, prediction_files, run_prediction

TABLES = ["errors.csv", "journal.jsonl", "predictions.csv", "predictions.jsonl", "summary.txt"]


@pytest.fixture(scope="module")
def predictor(tiny_bundle: Bundle) -> Predictor:
    return Predictor(tiny_bundle, threads=1)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    for name, radius in (("a/x", 25), ("b/x", 0), ("c/big", 55)):
        path = folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(speckle_image(128, 140, radius_px=radius)).save(path)
    Image.fromarray(np.zeros((128, 140), np.uint8)).save(folder / "a" / "x_mask.png")
    return folder


def files_below(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def without_seconds(name: str, data: bytes) -> bytes:
    """A file's bytes, in tables and journal without the one thing that no two runs share."""
    if name in ("predictions.jsonl", "journal.jsonl"):
        return re.sub(rb'"seconds": ?[0-9.e-]+', b"", data)
    if name == "predictions.csv":
        rows = list(csv.DictReader(io.StringIO(data.decode())))
        return repr([row | {"seconds": ""} for row in rows]).encode()
    return data


def header_only_png(path: Path, width: int, height: int) -> None:
    """A PNG of that size whose pixels are zeros: small on the disk, large when decoded."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = zlib.compressobj(9)
    line = b"\0" * (width + 1)
    data = b"".join(rows.compress(line) for _ in range(height)) + rows.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def test_all_files_are_written_and_two_of_one_name_do_not_meet(
    predictor: Predictor, scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    report = run_prediction([str(scans)], out, predictor=predictor)
    stems = ["x", "b_x", "big"]
    assert [row.stem for row in report.rows] == stems
    expected = [f"masks/{s}_mask.png" for s in stems] + [f"overlays/{s}_overlay.png" for s in stems]
    expected += [f"{s}_prediction.png" for s in stems] + [f"{s}_result.txt" for s in stems]
    assert files_below(out) == sorted(expected + TABLES)
    assert len(report.listing.skipped_masks) == 1


def test_mask_file_is_the_predicted_mask(predictor: Predictor, scans: Path, tmp_path: Path) -> None:
    source = scans / "a" / "x.png"
    run_prediction([str(source)], tmp_path / "out", predictor=predictor)
    written = np.asarray(Image.open(tmp_path / "out" / "masks" / "x_mask.png"))
    expected = predictor.predict(source).mask
    assert written.dtype == np.uint8
    np.testing.assert_array_equal(written, expected * np.uint8(255))
    overlay = np.asarray(Image.open(tmp_path / "out" / "overlays" / "x_overlay.png"))
    assert overlay.shape[1] == 140
    assert overlay.shape[0] > 128


def test_tables_say_the_same_as_the_prediction(
    predictor: Predictor, scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run_prediction([str(scans)], out, predictor=predictor)
    lines = [json.loads(line) for line in (out / "predictions.jsonl").read_text().splitlines()]
    rows = read_csv(out / "predictions.csv")
    assert [line["label"] for line in lines] == ["benign", "normal", "malignant"]
    for line, row in zip(lines, rows, strict=True):
        direct = predictor.predict(Path(line["source"]))
        assert line["confidence"] == pytest.approx(direct.confidence, abs=1e-6)
        assert list(line["class_prob"]) == ["normal", "benign", "malignant"]
        assert sum(line["class_prob"].values()) == pytest.approx(1.0, abs=3e-6)
        assert line["mask_px"] == direct.mask.sum()
        assert line["bundle"] == row["bundle"] == "tiny 0.1"
        assert float(row["malignant_prob"]) == line["class_prob"]["malignant"]
        assert row["mask_file"] == line["files"]["mask"]
        assert (out / row["picture_file"]).is_file()


def test_everything_for_people_says_research_use_only(
    predictor: Predictor, scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    report = run_prediction([str(scans)], out, predictor=predictor)
    for name in ("x_result.txt", "summary.txt", "predictions.csv", "predictions.jsonl"):
        assert RESEARCH_USE_ONLY in (out / name).read_text()
    assert report.summary == (out / "summary.txt").read_text()


def test_summary_counts(predictor: Predictor, scans: Path, tmp_path: Path) -> None:
    (scans / "broken.png").write_bytes(b"text")
    report = run_prediction([str(scans)], tmp_path / "out", predictor=predictor)
    assert (
        "Images: 4\nPredicted: 3\nFailed: 1\nSkipped: 1 files called like masks" in report.summary
    )
    confidence = {row.label: row.confidence for row in report.rows}
    counts = [line.split() for line in report.summary.splitlines() if line.startswith("benign")]
    assert counts == [["benign", "1", f"{confidence['benign']:.4f}", "1"]]


def test_broken_inputs_cost_one_row_each(predictor: Predictor, scans: Path, tmp_path: Path) -> None:
    whole = (scans / "a" / "x.png").read_bytes()
    (scans / "truncated.png").write_bytes(whole[: len(whole) // 2])
    (scans / "text.png").write_text("this is no image")
    (scans / "empty.png").write_bytes(b"")
    Image.fromarray(np.zeros((1, 1), np.uint8)).save(scans / "dot.png")
    Image.fromarray(np.zeros((90, 90), np.uint8)).save(scans / "black.png")
    header_only_png(scans / "huge.png", 12_000, 12_000)
    report = run_prediction([str(scans), "gone.png"], tmp_path / "out", predictor=predictor)
    rows = read_csv(tmp_path / "out" / "errors.csv")
    codes = {Path(row["source"]).name: row["code"] for row in rows}
    assert codes == {
        "truncated.png": "E-IMG-002",
        "text.png": "E-IMG-002",
        "empty.png": "E-IMG-002",
        "gone.png": "E-IMG-002",
        "dot.png": "E-IMG-004",
        "huge.png": "E-IMG-004",
        "black.png": "E-IMG-003",
    }
    assert len(report.rows) == 3
    assert len(report.rows) + len(report.failures) == len(report.listing.files)
    assert all(row["message"].count("\n") == 0 for row in rows)


def test_workers_do_not_change_the_result(
    predictor: Predictor, scans: Path, tmp_path: Path
) -> None:
    (scans / "broken.png").write_bytes(b"text")
    for workers in (1, 3):
        run_prediction([str(scans)], tmp_path / f"{workers}", predictor=predictor, workers=workers)
    for name in files_below(tmp_path / "1"):
        one, three = ((tmp_path / str(n) / name).read_bytes() for n in (1, 3))
        assert without_seconds(name, one) == without_seconds(name, three), name


def test_without_pictures(predictor: Predictor, scans: Path, tmp_path: Path) -> None:
    report = run_prediction([str(scans)], tmp_path / "o", predictor=predictor, pictures=False)
    assert sorted(report.rows[0].files) == ["mask", "text"]
    assert not (tmp_path / "o" / "overlays").exists()
    assert read_csv(tmp_path / "o" / "predictions.csv")[0]["picture_file"] == ""


def test_filled_folder_is_refused(predictor: Predictor, scans: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("keep")
    with pytest.raises(OutputExistsError, match="--overwrite"):
        run_prediction([str(scans)], out, predictor=predictor)
    assert files_below(out) == ["mine.txt"]


def test_overwrite_removes_the_earlier_results_and_nothing_else(
    predictor: Predictor, scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run_prediction([str(scans)], out, predictor=predictor)
    (out / "mine.txt").write_text("keep")
    run_prediction([str(scans / "c")], out, predictor=predictor, overwrite=True)
    expected = ["big_prediction.png", "big_result.txt", "masks/big_mask.png", "mine.txt"]
    assert files_below(out) == sorted([*expected, "overlays/big_overlay.png", *TABLES])


def test_a_forged_list_cannot_remove_files_elsewhere(
    predictor: Predictor, scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "precious.txt").write_text("keep")
    line = json.dumps(
        {"files": {"mask": "../precious.txt", "text": str(tmp_path / "precious.txt")}}
    )
    (out / "predictions.jsonl").write_text(line + "\n")
    run_prediction([str(scans)], out, predictor=predictor, overwrite=True)
    assert (tmp_path / "precious.txt").read_text() == "keep"


def test_a_strange_list_is_refused(predictor: Predictor, scans: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "predictions.jsonl").write_text("[1, 2]\n")
    with pytest.raises(DatasetError, match="not written by sonolesion"):
        run_prediction([str(scans)], out, predictor=predictor, overwrite=True)


def test_results_are_never_written_beside_inputs(predictor: Predictor, scans: Path) -> None:
    with pytest.raises(InvalidInputError, match="lies in the output folder"):
        run_prediction([str(scans / "a" / "x.png")], scans, predictor=predictor, overwrite=True)
    with pytest.raises(InvalidInputError, match="no image found"):
        run_prediction([str(scans)], scans, predictor=predictor, overwrite=True)


def test_output_inside_the_input_folder_is_not_read_again(
    predictor: Predictor, scans: Path
) -> None:
    out = scans / "predictions"
    first = [row.source for row in run_prediction([str(scans)], out, predictor=predictor).rows]
    second = run_prediction([str(scans)], out, predictor=predictor, overwrite=True)
    assert first == [row.source for row in second.rows]


def test_metadata_of_the_input_gets_nowhere(predictor: Predictor, tmp_path: Path) -> None:
    canary = "DOE^JANE"
    text = PngImagePlugin.PngInfo()
    text.add_text("PatientName", canary)
    exif = Image.Exif()
    exif[0x010E] = canary
    scans, out = tmp_path / "s", tmp_path / "out"
    scans.mkdir()
    image = Image.fromarray(speckle_image())
    image.save(scans / "a.png", pnginfo=text)
    image.save(scans / "b.jpg", exif=exif, comment=canary, quality=95)
    run_prediction([str(scans)], out, predictor=predictor)
    for name in files_below(out):
        assert canary.encode() not in (out / name).read_bytes(), name
        if name.endswith(".png"):
            with Image.open(out / name) as written:
                assert not written.info, name


def test_formula_in_a_file_name_is_quoted(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(speckle_image()).save("=cmd.png")
    run_prediction(["=cmd.png"], Path("out"), predictor=predictor)
    assert read_csv(Path("out/predictions.csv"))[0]["source"] == "'=cmd.png"


@pytest.mark.parametrize("name", ["ünï.png", "乳房 🩻.png", "a\nb.png", "\u202egnp.png"])
def test_odd_names_are_handled(predictor: Predictor, tmp_path: Path, name: str) -> None:
    (tmp_path / "s").mkdir()
    Image.fromarray(speckle_image()).save(tmp_path / "s" / name)
    report = run_prediction([str(tmp_path / "s")], tmp_path / "out", predictor=predictor)
    assert len(report.rows) == 1
    assert all((tmp_path / "out" / p).is_file() for p in report.rows[0].files.values())


@pytest.mark.parametrize("workers", [1, 2])
def test_full_disk_ends_the_run_with_one_clear_error(
    predictor: Predictor,
    scans: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    workers: int,
) -> None:
    def full(path: Path, data: bytes, *, sync: bool) -> None:
        if path.name.endswith("_overlay.png"):
            raise OutputWriteError(f"cannot write {path}: the disk is full.")
        atomic_write_bytes(path, data, sync=sync)

    monkeypatch.setattr(prediction_files, "atomic_write_bytes", full)
    with pytest.raises(OutputWriteError, match="the disk is full"):
        run_prediction([str(scans)], tmp_path / "out", predictor=predictor, workers=workers)
    assert not (tmp_path / "out" / "predictions.jsonl").exists()


def test_output_path_through_a_file_is_named(
    predictor: Predictor, scans: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputWriteError, match="a part of the path is a file"):
        run_prediction([str(scans)], tmp_path / "file" / "out", predictor=predictor)


def test_progress_is_told(predictor: Predictor, scans: Path, tmp_path: Path) -> None:
    events: list[int] = []
    report: PredictionReport = run_prediction(
        [str(scans)],
        tmp_path / "out",
        predictor=predictor,
        on_start=lambda listing, taken_over: events.append(len(listing.files)),
        on_done=lambda: events.append(1),
    )
    assert events == [3, 1, 1, 1]
    assert len(report.rows) == 3


def test_workers_below_one(predictor: Predictor, scans: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="workers"):
        run_prediction([str(scans)], tmp_path / "o", predictor=predictor, workers=0)
    assert not (tmp_path / "o").exists()


def test_damaged_bundle_is_not_taken_for_a_bad_image(
    predictor: Predictor, scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise BundleError("mask_logits holds nan")

    monkeypatch.setattr(Predictor, "predict", fail)
    with pytest.raises(BundleError):
        run_prediction([str(scans)], tmp_path / "out", predictor=predictor)


DECIDED_COLUMNS = ("unsure", "prediction_set", "malignant_alert", "disagreement")


def test_a_joint_decision_stands_in_tables_text_and_summary(scans: Path, tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "decided", decision=make_decision())
    predictor, out = Predictor(bundle, threads=1), tmp_path / "out"
    report = run_prediction([str(scans)], out, predictor=predictor, pictures=False)
    lines = [json.loads(line) for line in (out / "predictions.jsonl").read_text().splitlines()]
    rows = read_csv(out / "predictions.csv")
    for line, row in zip(lines, rows, strict=True):
        direct = predictor.predict(Path(line["source"]))
        assert line["schema_version"] == 4
        assert tuple(line["prediction_set"]) == direct.prediction_set != ()
        assert [line[c] for c in DECIDED_COLUMNS if c != "prediction_set"] == [
            direct.unsure, direct.malignant_alert, direct.disagreement
        ]  # fmt: skip
        assert row["prediction_set"] == "; ".join(direct.prediction_set)
        assert row["unsure"] == str(int(direct.unsure))
        text = (out / line["files"]["text"]).read_text()
        assert f"Unsure, have it read: {'yes' if direct.unsure else 'no'}" in text
        assert f"cannot be ruled out: {', '.join(direct.prediction_set)}" in text
        assert "Malignant alert: " in text
    unsure = sum(line["unsure"] for line in lines)
    assert f"Unsure, have them read: {unsure}" in report.summary
    alerts = sum(line["malignant_alert"] for line in lines)
    assert f"Malignant alerts: {alerts}" in report.summary


def test_without_a_decision_only_the_disagreement_is_said(
    predictor: Predictor, scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    report = run_prediction([str(scans)], out, predictor=predictor, pictures=False)
    line = json.loads((out / "predictions.jsonl").read_text().splitlines()[0])
    assert [line[c] for c in DECIDED_COLUMNS] == [False, [], False, False]
    text = (out / line["files"]["text"]).read_text()
    assert "Outline and class disagreed: no" in text
    assert "Unsure" not in text + report.summary
    assert "alert" not in text + report.summary
