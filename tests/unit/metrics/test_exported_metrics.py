"""What sonolesion.metrics offers, and that it needs nothing but numpy and OpenCV."""

from __future__ import annotations

import ast
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from sonolesion import metrics

FOLDER = Path(metrics.__file__).parent
ALLOWED = {"numpy", "cv2", "sonolesion.errors", "sonolesion.types", "sonolesion.lazy"}


def test_all_names_exist_and_are_documented() -> None:
    assert len(set(metrics.__all__)) == len(metrics.__all__)
    for name in metrics.__all__:
        assert getattr(metrics, name).__doc__, name


def test_results_are_frozen_dataclasses() -> None:
    results = [c for n in metrics.__all__ if is_dataclass(c := getattr(metrics, n))]
    assert len(results) >= 8
    for result in results:
        assert result.__dataclass_params__.frozen, result
        assert fields(result)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda p: p.stem)
def test_a_file_is_small_and_imports_only_what_the_layer_may(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    for node in ast.walk(ast.parse(text)):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            known = name in ALLOWED or name.startswith("sonolesion.metrics")
            top = name.split(".")[0]
            assert known or top in sys.stdlib_module_names or top == "numpy", name
