"""The documentation names what is there, and nothing else."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sonolesion
from sonolesion.cli.app import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def page_id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def python_blocks() -> list[str]:
    return [
        b for p in PAGES for b in re.findall(r"```python\n(.*?)```", p.read_text("utf-8"), re.S)
    ]


def test_reference_is_up_to_date(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate_reference.py", "--check"],
        cwd=repository,
        env=os.environ | {"PYTHONPATH": str(repository / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", ["README.md", "docs/reference/cli.md"])
def test_every_command_is_named(page: str, repository: Path) -> None:
    text = (repository / page).read_text("utf-8")
    missing = [name for name in COMMANDS if f"sonolesion {name}" not in text]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_commands_in_the_pages_exist(page: Path) -> None:
    known = set(COMMANDS)
    blocks = re.findall(r"```\w*\n(.*?)```", page.read_text("utf-8"), re.S)
    used = {m for b in blocks for m in re.findall(r"^\S*sonolesion ([a-z]+)", b, re.M)}
    assert used <= known


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
    missing = [t for t in targets if not (page.parent / t).exists()]
    assert not missing


def test_make_targets_in_the_pages_exist() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    text = "\n".join(p.read_text("utf-8") for p in PAGES)
    used = set(re.findall(r"`make ([a-z0-9-]+)`|^make ([a-z0-9-]+)", text, re.M))
    assert {a or b for a, b in used} <= targets


def test_ci_calls_what_the_pages_name() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert re.findall(r"^make ([\w-]+)$", script, re.M) == ["demo", "check", "test", "test-e2e"]
    assert "set -euo pipefail" in script


def test_python_in_the_pages_uses_exported_names() -> None:
    blocks = python_blocks()
    assert blocks
    for block in blocks:
        for node in ast.walk(ast.parse(block)):
            is_ours = isinstance(node, ast.ImportFrom) and str(node.module).startswith("sonolesion")
            if isinstance(node, ast.ImportFrom) and is_ours:
                assert node.module == "sonolesion"
                assert {alias.name for alias in node.names} <= set(sonolesion.__all__)


def test_python_in_the_readme_runs(
    tmp_path: Path, tiny_bundle_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image
    from tiny_bundle import speckle_image

    Image.fromarray(speckle_image()).save(tmp_path / "scan.png")
    monkeypatch.chdir(tmp_path)
    readme = (ROOT / "README.md").read_text("utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", readme, re.S)
    block = block.replace("load_predictor()", f"load_predictor({str(tiny_bundle_folder)!r})")
    scope: dict[str, object] = {}
    exec(compile(block, "README.md", "exec"), scope)
    assert isinstance(scope["prediction"], sonolesion.Prediction)


def test_the_python_page_runs_from_top_to_bottom(
    tmp_path: Path, tiny_bundle_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pydicom", reason="needs the extra [dicom]")
    import numpy as np
    from dicom_files import make_file
    from PIL import Image
    from tiny_bundle import speckle_image

    scan = speckle_image()
    Image.fromarray(scan).save(tmp_path / "scan.png")
    (tmp_path / "clip.dcm").write_bytes(make_file(np.stack([scan, scan]), frames=2))
    (tmp_path / "scans").mkdir()
    Image.fromarray(scan).save(tmp_path / "scans" / "a.png")
    (tmp_path / "scans" / "b.png").write_text("no image")
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "how-to" / "python.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.S)
    code = "\n".join(blocks).replace('"fast"', repr(str(tiny_bundle_folder)))
    scope: dict[str, object] = {}
    exec(compile(code, "python.md", "exec"), scope)
    assert isinstance(scope["prediction"], sonolesion.Prediction)
    assert isinstance(scope["result"], sonolesion.FailedInput)
    assert (tmp_path / "scan_report.pdf").read_bytes().startswith(b"%PDF")
    assert "<html" in (tmp_path / "scan_report.html").read_text("utf-8")


def test_no_machine_path_and_no_registry_address() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode != 0:
        pytest.skip("not a git working tree")
    found = []
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix not in {".py", ".md", ".toml", ".cff", ".txt", ".j2", ".json", ".sh", ""}:
            continue
        if not path.is_file() or path == Path(__file__).resolve():
            continue
        text = path.read_text("utf-8", errors="replace")
        if re.search(r"(?<![\w.])/(work|root|home)/|--(extra-)?index-url|pypi\.org/simple", text):
            found.append(name)
    assert not found
