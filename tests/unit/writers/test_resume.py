"""Runs that were stopped: what is finished is taken over, what changed is predicted again."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from tiny_bundle import make_bundle, speckle_image

from sonolesion.bundle import Bundle
from sonolesion.errors import DatasetError, OutputExistsError
from sonolesion.inference import Predictor
from sonolesion.inference.inputs import InputFile
from sonolesion.inference.shard import Shard
from sonolesion.types import Prediction
from sonolesion.writers import run_prediction
from sonolesion.writers.journal import JOURNAL_NAME, Journal


@pytest.fixture(scope="module")
def predictor(tiny_bundle: Bundle) -> Predictor:
    return Predictor(tiny_bundle, threads=1)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(6):
        draw(folder / f"{number}.png", radius_px=10 * number)
    (folder / "broken.png").write_text("no image")
    return folder


def draw(path: Path, *, radius_px: int) -> None:
    Image.fromarray(speckle_image(128, 140, radius_px=radius_px)).save(path)


def tables(out: Path) -> dict[str, object]:
    """What stands in the tables, without the seconds, and the bytes of all other results."""
    lines = [json.loads(line) for line in (out / "predictions.jsonl").read_text().splitlines()]
    with (out / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in [*lines, *rows]:
        del row["seconds"]
    skipped = {"predictions.jsonl", "predictions.csv", "run.json", JOURNAL_NAME}
    others = {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name not in skipped
    }
    return {"jsonl": lines, "csv": rows, **others}


class Count:
    """Counts the images that are predicted, and stops a run at one of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, stop_at: int | None = None) -> None:
        self.names: list[str] = []
        self.stop_at = stop_at
        real = Predictor.predict

        def predict(predictor: Predictor, source: object, name: str | None = None) -> Prediction:
            if len(self.names) == self.stop_at:
                raise KeyboardInterrupt
            self.names.append(Path(name or "").name)
            return real(predictor, source, name)  # type: ignore[arg-type]

        monkeypatch.setattr(Predictor, "predict", predict)


def stop_after(
    count: int, scans: Path, out: Path, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        Count(patch, stop_at=count)
        with pytest.raises(KeyboardInterrupt):
            run_prediction([str(scans)], out, predictor=predictor)


def test_a_stopped_run_goes_on_and_ends_the_same(
    predictor: Predictor, scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_prediction([str(scans)], tmp_path / "whole", predictor=predictor)
    out = tmp_path / "out"
    stop_after(2, scans, out, predictor, monkeypatch)
    assert not (out / "predictions.jsonl").exists()
    count = Count(monkeypatch)
    report = run_prediction([str(scans)], out, predictor=predictor)
    assert count.names == ["2.png", "3.png", "4.png", "5.png"]
    assert report.n_taken_over == 2
    assert tables(out) == tables(tmp_path / "whole")


def test_a_last_line_that_was_cut_off_costs_one_image(
    predictor: Predictor, scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_prediction([str(scans)], tmp_path / "whole", predictor=predictor)
    out = tmp_path / "out"
    stop_after(3, scans, out, predictor, monkeypatch)
    journal = out / JOURNAL_NAME
    journal.write_bytes(journal.read_bytes()[:-40])
    (out / "masks" / ".9_mask.png.abcd1234.tmp").write_bytes(b"half")
    count = Count(monkeypatch)
    run_prediction([str(scans)], out, predictor=predictor)
    assert count.names == ["2.png", "3.png", "4.png", "5.png"]
    assert tables(out) == tables(tmp_path / "whole")


def test_a_journal_without_a_whole_header_is_begun_again(
    predictor: Predictor, scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / JOURNAL_NAME).write_text('{"journal":1,"bu')
    assert run_prediction([str(scans)], out, predictor=predictor).n_taken_over == 0
    assert run_prediction([str(scans)], out, predictor=predictor).n_taken_over == 7


def test_a_journal_of_somebody_else_is_left_alone(
    predictor: Predictor, scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for text in ('{"mine": true}\n', "text\n", '{"journal": 999}\n'):
        (out / JOURNAL_NAME).write_text(text)
        with pytest.raises(DatasetError, match="not a journal"):
            run_prediction([str(scans)], out, predictor=predictor, overwrite=True)
        assert (out / JOURNAL_NAME).read_text() == text


def test_a_finished_folder_predicts_nothing(
    predictor: Predictor, scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    first = run_prediction([str(scans)], out, predictor=predictor)
    before = tables(out)
    count = Count(monkeypatch)
    again = run_prediction([str(scans)], out, predictor=predictor, workers=2)
    assert count.names == []
    assert again.n_taken_over == len(first.listing.files) == 7
    assert tables(out) == before


@pytest.mark.parametrize("change", ["content", "time", "result gone", "result empty"])
def test_what_changed_is_predicted_again(
    predictor: Predictor,
    scans: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    out = tmp_path / "out"
    run_prediction([str(scans)], out, predictor=predictor)
    if change == "content":
        draw(scans / "3.png", radius_px=5)
    elif change == "time":
        os.utime(scans / "3.png", ns=(0, 0))
    elif change == "result gone":
        (out / "masks" / "3_mask.png").unlink()
    else:
        (out / "3_result.txt").write_bytes(b"")
    with monkeypatch.context() as patch:
        count = Count(patch)
        run_prediction([str(scans)], out, predictor=predictor)
        assert count.names == ["3.png"]
        run_prediction([str(scans)], out, predictor=predictor)
        assert count.names == ["3.png"]
    run_prediction([str(scans)], tmp_path / "fresh", predictor=predictor)
    assert tables(out) == tables(tmp_path / "fresh")


def test_new_images_join_and_may_take_over_a_name(
    predictor: Predictor, scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = scans / "z"
    inner.mkdir()
    (scans / "3.png").rename(inner / "3.png")
    out = tmp_path / "out"
    run_prediction([str(scans)], out, predictor=predictor)
    draw(scans / "3.png", radius_px=20)  # is listed first now, so z/3.png becomes z_3
    with monkeypatch.context() as patch:
        count = Count(patch)
        run_prediction([str(scans)], out, predictor=predictor)
        assert count.names == ["3.png", "3.png"]
    run_prediction([str(scans)], tmp_path / "fresh", predictor=predictor)
    assert tables(out) == tables(tmp_path / "fresh")
    assert (out / "masks" / "z_3_mask.png").is_file()


def test_an_unreadable_file_is_tried_again_a_broken_one_is_not(
    predictor: Predictor, scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs, out = [str(scans), str(tmp_path / "late.png")], tmp_path / "out"
    report = run_prediction(inputs, out, predictor=predictor)
    assert [failed.error.code for failed in report.failures] == ["E-IMG-002", "E-IMG-002"]
    draw(tmp_path / "late.png", radius_px=20)
    report = run_prediction(inputs, out, predictor=predictor)
    assert report.n_taken_over == 7
    assert [Path(failed.source).name for failed in report.failures] == ["broken.png"]


def test_another_run_is_refused_with_what_differs(
    predictor: Predictor, scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run_prediction([str(scans)], out, predictor=predictor)
    before = tables(out)
    other = Predictor(make_bundle(tmp_path / "other", mask_threshold=0.4), threads=1)
    with pytest.raises(OutputExistsError, match=r"bundle_sha256 .*--overwrite"):
        run_prediction([str(scans)], out, predictor=other)
    with pytest.raises(OutputExistsError, match=r"pictures True \(now False\).*--overwrite"):
        run_prediction([str(scans)], out, predictor=predictor, pictures=False)
    with pytest.raises(OutputExistsError, match=r"shard 1/1 \(now 1/2\)"):
        run_prediction([str(scans)], out, predictor=predictor, shard=Shard(1, 2))
    with pytest.raises(OutputExistsError, match=r"not given now, such as .*1\.png.*--overwrite"):
        run_prediction([str(scans / "0.png")], out, predictor=predictor)
    assert tables(out) == before


def test_two_runs_into_one_folder_at_the_same_time(
    predictor: Predictor, scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run_prediction([str(scans)], out, predictor=predictor)
    with Journal(out), pytest.raises(OutputExistsError, match="another run is writing"):
        run_prediction([str(scans)], out, predictor=predictor)
    assert run_prediction([str(scans)], out, predictor=predictor).n_taken_over == 7


def test_overwrite_removes_what_only_the_journal_lists(
    predictor: Predictor, scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    stop_after(3, scans, out, predictor, monkeypatch)
    assert (out / "masks" / "1_mask.png").is_file()
    run_prediction([str(scans / "5.png")], out, predictor=predictor, overwrite=True)
    assert [path.name for path in (out / "masks").iterdir()] == ["5_mask.png"]


@pytest.mark.parametrize(
    ("error", "code"),
    [(ValueError("odd"), "E-IMG-006"), (ZeroDivisionError(), "E-IMG-006"),
     (MemoryError(), "E-IMG-001")],
)  # fmt: skip
def test_a_fault_over_one_image_costs_a_row_and_is_tried_again(
    predictor: Predictor,
    scans: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    code: str,
) -> None:
    out = tmp_path / "out"
    real = Predictor.predict

    def predict(predictor: Predictor, source: object, name: str | None = None) -> Prediction:
        if name is not None and name.endswith("2.png"):
            raise error
        return real(predictor, source, name)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Predictor, "predict", predict)
        report = run_prediction([str(scans)], out, predictor=predictor, workers=2)
    assert [f.error.code for f in report.failures] == [code, "E-IMG-002"]
    assert report.tables.predicted == 5
    report = run_prediction([str(scans)], out, predictor=predictor)
    assert (report.n_taken_over, report.tables.predicted) == (6, 6)


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is a POSIX signal")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_killed_process_goes_on_and_ends_the_same(
    tiny_bundle: Bundle, tmp_path: Path, repository: Path, workers: str
) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(60):
        draw(folder / f"{number:02}.png", radius_px=number)
    (folder / "broken.png").write_text("no image")
    env = os.environ | {"PYTHONPATH": str(repository / "src")}

    def words(out: str) -> list[str]:
        return [sys.executable, "-m", "sonolesion", "predict", str(folder), "-o",
                str(tmp_path / out), "--bundle", str(tiny_bundle.folder), "--workers", workers,
                "--no-pictures", "-q"]  # fmt: skip

    def finished() -> int:
        journal = tmp_path / "killed" / JOURNAL_NAME
        return journal.read_bytes().count(b"\n") - 1 if journal.exists() else 0

    with subprocess.Popen(words("killed"), env=env) as process:
        while finished() < 5 and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    n_before = finished()
    assert 5 <= n_before < 61
    assert not (tmp_path / "killed" / "predictions.jsonl").exists()
    for out in ("killed", "whole"):
        assert subprocess.run(words(out), env=env, capture_output=True).returncode == 3
    assert tables(tmp_path / "killed") == tables(tmp_path / "whole")
    assert finished() == 61, "each image was predicted once"


def test_odd_names_survive_the_journal(predictor: Predictor, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    for name in ("a\nb.png", "乳房.png", os.fsdecode(b"a\xff.png")):
        try:
            draw(folder / name, radius_px=20)
        except (OSError, UnicodeError):
            pytest.skip("this file system takes UTF-8 names only")
    for expected in (0, 3):
        report = run_prediction([str(folder)], tmp_path / "out", predictor=predictor)
        assert report.n_taken_over == expected
    assert all(isinstance(file, InputFile) for file in report.listing.files)
