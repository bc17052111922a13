"""The frame of every command: exit codes, streams and the record."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import typer

from sonolesion.cli.run_record import Run, plain, running
from sonolesion.errors import DatasetError, ImageSizeError, InvalidInputError, SonolesionError
from sonolesion.types import RESEARCH_USE_ONLY, LesionClass

Capture = pytest.CaptureFixture[str]


def code_of(error: BaseException, **options: object) -> int:
    with pytest.raises(typer.Exit) as caught, running("test", arguments={}, **options):  # type: ignore[arg-type]
        raise error
    return caught.value.exit_code


def record(out: Path) -> dict[str, object]:
    return dict(json.loads((out / "run.json").read_text("utf-8")))


def test_record_holds_what_was_done(tmp_path: Path) -> None:
    source = tmp_path / "scan.png"
    source.write_bytes(b"abc")
    out = tmp_path / "out"
    with running("test", arguments={"path": source, "label": LesionClass.BENIGN}, out=out) as run:
        run.add_input(source)
        run.set_device("cuda:0 16-mixed")
    found = record(out)
    assert found["command"] == "test"
    assert found["arguments"] == {"path": str(source), "label": "benign"}
    assert found["inputs"] == [{"path": str(source), "sha256": hashlib.sha256(b"abc").hexdigest()}]
    assert found["device"] == "cuda:0 16-mixed"
    assert found["exit_code"] == 0
    assert found["research_use_only"] == RESEARCH_USE_ONLY
    assert isinstance(found["seconds"], float)
    versions = found["versions"]
    assert isinstance(versions, dict)
    assert {"sonolesion", "python", "numpy", "onnxruntime"} <= set(versions)


def test_without_a_folder_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with running("test", arguments={}):
        pass
    assert list(tmp_path.iterdir()) == []


def test_folder_hash_sees_names_and_contents(tmp_path: Path) -> None:
    def digest() -> object:
        run = Run("test", arguments={}, out=tmp_path / "out", json_output=False, quiet=True)
        run.add_input(tmp_path / "data")
        run.write_record()
        inputs = record(tmp_path / "out")["inputs"]
        assert isinstance(inputs, list)
        return inputs[0]["sha256"]

    (tmp_path / "data" / "a").mkdir(parents=True)
    (tmp_path / "data" / "a" / "1.png").write_bytes(b"x")
    first = digest()
    assert digest() == first
    (tmp_path / "data" / "a" / "1.png").rename(tmp_path / "data" / "a" / "2.png")
    renamed = digest()
    (tmp_path / "data" / "a" / "2.png").write_bytes(b"y")
    assert len({first, renamed, digest()}) == 3


def test_missing_input_has_no_hash(tmp_path: Path) -> None:
    with running("test", arguments={}, out=tmp_path) as run:
        run.add_input(tmp_path / "nothing")
    assert record(tmp_path)["inputs"] == [{"path": str(tmp_path / "nothing"), "sha256": None}]


def test_known_hash_is_recorded(tmp_path: Path) -> None:
    with running("test", arguments={}, out=tmp_path) as run:
        run.add_hashed_input(Path("data"), sha256="0f", files=2)
    assert record(tmp_path)["inputs"] == [{"path": "data", "sha256": "0f", "files": 2}]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SonolesionError("x"), 1),
        (DatasetError("x"), 1),
        (InvalidInputError("x"), 2),
        (ImageSizeError("x"), 4),
        (MemoryError(), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_errors_become_exit_codes(error: BaseException, code: int, tmp_path: Path) -> None:
    assert code_of(error, out=tmp_path) == code
    assert not (tmp_path / "run.json").exists()


def test_error_is_one_line_on_stderr(capsys: Capture) -> None:
    code_of(DatasetError("expected a,\n  got b."))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "test: E-DAT-001 expected a, got b.\n"


def test_error_is_json_on_stdout_when_asked(capsys: Capture) -> None:
    code_of(DatasetError("no such folder."), json_output=True)
    error = json.loads(capsys.readouterr().out)["error"]
    assert error == {"code": "E-DAT-001", "message": "no such folder."}


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONOLESION_DEBUG", "1")
    with pytest.raises(DatasetError), running("test", arguments={}):
        raise DatasetError("x")


def test_a_fault_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), running("test", arguments={}):
        _ = 1 / 0


def test_failed_run_keeps_the_older_record(tmp_path: Path) -> None:
    with running("first", arguments={}, out=tmp_path):
        pass
    code_of(DatasetError("x"), out=tmp_path)
    assert record(tmp_path)["command"] == "first"


def test_partly_failed_run_is_recorded_and_ends_with_3(tmp_path: Path, capsys: Capture) -> None:
    with pytest.raises(typer.Exit) as caught, running("test", arguments={}, out=tmp_path) as run:
        run.fail_partly([DatasetError("a is off."), "b: off"])
    assert caught.value.exit_code == 3
    assert record(tmp_path)["exit_code"] == 3
    assert record(tmp_path)["failed"] == ["E-DAT-001 a is off.", "b: off"]
    assert capsys.readouterr().err.splitlines() == ["test: E-DAT-001 a is off.", "test: b: off"]


def test_no_failures_is_no_failure() -> None:
    with running("test", arguments={}) as run:
        run.fail_partly([])
    assert run.exit_code == 0


def test_unwritable_record_is_an_error(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(typer.Exit) as caught,
        running("t", arguments={}, out=tmp_path / "file" / "x"),
    ):
        pass
    assert caught.value.exit_code == 1
    assert "E-OUT-002" in capsys.readouterr().err


def test_text_or_json_but_never_both(capsys: Capture) -> None:
    with running("test", arguments={}) as run:
        run.result({"n": 1})
        run.print("one [bold] file")
    assert capsys.readouterr().out == "one [bold] file\n"
    with running("test", arguments={}, json_output=True) as run:
        run.result({"n": 1, "path": Path("a")})
        run.print("one file")
    assert json.loads(capsys.readouterr().out) == {"n": 1, "path": "a"}


def test_long_paths_are_not_wrapped(capsys: Capture) -> None:
    with running("test", arguments={}) as run:
        run.print("folder/" * 40)
    assert capsys.readouterr().out == "folder/" * 40 + "\n"


def test_quiet_is_silent(capsys: Capture) -> None:
    with running("test", arguments={}, quiet=True) as run:
        run.print("text")
        run.note("remark")
        run.progress("working", total=2).advance()
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_progress_on_a_pipe_is_silent(capsys: Capture) -> None:
    with running("test", arguments={}) as run, run.progress("working", total=2) as bar:
        bar.advance()
        bar.update(completed=2, total=3, description="ending")
    assert capsys.readouterr().err == ""


def test_nan_is_refused_in_results() -> None:
    run = Run("test", arguments={}, out=None, json_output=True, quiet=False)
    with pytest.raises(ValueError, match="JSON"):
        run.result({"dice": float("nan")})


def test_plain_values() -> None:
    value = {LesionClass.BENIGN: (Path("a"), {"b", "a"}), "n": None}
    assert plain(value) == {"benign": ["a", ["a", "b"]], "n": None}
