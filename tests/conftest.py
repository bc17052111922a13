"""Fixtures for all tests: where the real data sets are, and why they are not there."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BUSI, BUSBRA = "Dataset_BUSI_with_GT", "BUSBRA"

# help texts are compared as plain text, whatever terminal or CI service the tests run in
os.environ |= {"NO_COLOR": "1", "_TYPER_FORCE_DISABLE_TERMINAL": "1"}
for _name in ("FORCE_COLOR", "PY_COLORS", "SONOLESION_DEBUG", "SONOLESION_PRECISION"):
    os.environ.pop(_name, None)


def find_dataset(name: str) -> Path:
    """Return a data set's folder below $SONOLESION_DATA or ../shared/data, or skip the test."""
    named = os.environ.get("SONOLESION_DATA")
    bases = [Path(named)] if named else [ROOT.parent / "shared" / "data", ROOT]
    for base in bases:
        if (base / name).is_dir():
            return base / name
    pytest.skip(
        f"{name} not found in {', '.join(map(str, bases))}; set SONOLESION_DATA to the folder "
        "that holds it"
    )


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the working tree."""
    return ROOT


@pytest.fixture(scope="session")
def busi_root() -> Path:
    """BUSI as released: benign/, malignant/, normal/. Never write into it."""
    return find_dataset(BUSI)


@pytest.fixture(scope="session")
def busbra_root() -> Path:
    """BUS-BRA as released. Never write into it."""
    return find_dataset(BUSBRA)


@pytest.fixture(scope="session")
def tiny_bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a bundle whose graph can be worked out by hand; no training needed."""
    from tiny_bundle import make_bundle

    return make_bundle(tmp_path_factory.mktemp("bundles") / "tiny").folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests marked `torch` where torch is not installed, and say so."""
    if importlib.util.find_spec("torch") is not None:
        return
    skip = pytest.mark.skip(reason="torch is not installed: pip install -e '.[train]'")
    for item in items:
        if "torch" in item.keywords:
            item.add_marker(skip)
