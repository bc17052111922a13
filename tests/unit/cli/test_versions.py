from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import pytest

from sonolesion.cli.versions import RECORDED_PARTS, part_versions


def test_versions_are_those_of_importlib() -> None:
    found = part_versions()
    for name in RECORDED_PARTS:
        try:
            assert found[name] == metadata.version(name)
        except metadata.PackageNotFoundError:
            assert name not in found


def test_the_first_on_the_path_counts_and_names_are_normalised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, version in (("one", "1.0"), ("two", "2.0")):
        info = tmp_path / place / "Lightning_Fabric-9.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nVersion: {version}\n\nVersion: 7\n")
    old = tmp_path / "two" / "onnx-1-py3.egg-info"
    old.mkdir()
    (old / "PKG-INFO").write_text("Version: 1.2\n")
    (tmp_path / "one" / "torch-3.dist-info").mkdir()  # without metadata
    monkeypatch.setattr(sys, "path", [str(tmp_path / d) for d in ("gone", "one", "two")])
    found = {k: v for k, v in part_versions().items() if k not in ("sonolesion", "python")}
    assert found == {"lightning-fabric": "1.0", "onnx": "1.2"}
