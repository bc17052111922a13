"""`sonolesion serve` before it serves: folder, token, and what is refused."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sonolesion.cli.app import app
from sonolesion.cli.serve import default_folder

RUN = CliRunner()


@pytest.fixture
def serve_extra() -> None:
    pytest.importorskip("fastapi", reason="needs the extra [serve]")


def serve(*words: str | Path) -> tuple[int, str]:
    done = RUN.invoke(app, ["serve", *map(str, words)])
    return done.exit_code, done.output


def test_the_folder_of_this_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "sonolesion" / "desk"


def test_a_missing_extra_names_the_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = importlib.util.find_spec

    def find(name: str, package: str | None = None) -> object:
        return None if name == "uvicorn" else real(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find)
    code, text = serve("--data", tmp_path)
    assert code == 1
    assert 'pip install "sonolesion[serve]"' in text


@pytest.mark.usefixtures("serve_extra")
def test_no_address_for_others_without_a_token(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SONOLESION_TOKEN", raising=False)
    code, text = serve("--data", tmp_path / "desk", "--host", "0.0.0.0")
    assert code == 2
    assert "--token-file" in text
    assert not (tmp_path / "desk").exists()


@pytest.mark.usefixtures("serve_extra")
@pytest.mark.parametrize("content", [None, b"short", b"\xff\xfe\x00"])
def test_bad_tokens(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "token.txt"
    if content is not None:
        file.write_bytes(content)
    code, text = serve("--data", tmp_path / "desk", "--host", "0.0.0.0", "--token-file", file)
    assert code == 2
    assert "token" in text


@pytest.mark.usefixtures("serve_extra")
@pytest.mark.parametrize("words", [("--verify-log",), ("--backup", "b.zip")])
def test_there_is_no_desk(tmp_path: Path, words: tuple[str, ...]) -> None:
    code, text = serve("--data", tmp_path, *words)
    assert code == 1
    assert "E-STO-001" in text
