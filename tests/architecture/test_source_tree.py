"""Size, names and docstrings of every module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "sonolesion"
MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 400
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}


def module_id(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def public_definitions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Public functions and classes, with the public methods of the latter."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef) and not is_protocol(node):
                for inner in node.body:
                    if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                        yield inner


def is_protocol(node: ast.ClassDef) -> bool:
    return any("Protocol" in ast.unparse(base) for base in node.bases)


def test_there_are_modules() -> None:
    assert len(MODULES) > 20


@pytest.mark.parametrize("path", MODULES, ids=module_id)
def test_module_is_short_and_documented(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "the module has no docstring"
    missing = [d.name for d in public_definitions(tree) if not ast.get_docstring(d)]
    assert not missing, f"no docstring: {missing}"


def test_every_folder_and_file_has_a_telling_name() -> None:
    names = {part.removesuffix(".py") for p in MODULES for part in p.relative_to(PACKAGE).parts}
    assert not names & NAMELESS


def test_no_exit_and_no_blanket_except_outside_the_command_line() -> None:
    found = []
    for path in MODULES:
        if path.is_relative_to(PACKAGE / "cli"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"sys.exit", "exit"}:
                found.append(f"{module_id(path)}:{node.lineno} exits")
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None or ast.unparse(node.type) == "Exception"
            ):
                found.append(f"{module_id(path)}:{node.lineno} catches everything")
    assert not found


def test_entry_points_are_thin() -> None:
    for name in ("data_preparation.py", "multitask_unet.py"):
        assert len((PACKAGE.parents[1] / name).read_text("utf-8").splitlines()) <= 30
    assert len((PACKAGE / "__init__.py").read_text("utf-8").splitlines()) <= 40
