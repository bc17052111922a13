"""What a run was made with: versions of the parts and the machine."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from sonolesion import __version__

RECORDED_PARTS = (
    "numpy",
    "Pillow",
    "opencv-python-headless",
    "onnxruntime",
    "pydantic",
    "matplotlib",
    "torch",
    "lightning-fabric",
    "onnx",
    "pydicom",
)


def part_versions() -> dict[str, str]:
    """Return the version of sonolesion, Python and each recorded part that is installed.

    Nothing is imported: the versions come from the installed packages' metadata, read here since
    `importlib.metadata` takes as long to be imported as all the rest of a run's record.
    """
    versions = {"sonolesion": __version__, "python": platform.python_version()}
    found = _installed_versions(RECORDED_PARTS)
    return versions | {name: found[name] for name in RECORDED_PARTS if name in found}


def _installed_versions(names: Iterable[str]) -> dict[str, str]:
    """Name -> version of those that are installed; of two the first on the path, as imports do.

    A package's metadata lies beside it, in NAME-VERSION.dist-info/METADATA or, made by an old
    installer, in NAME-VERSION.egg-info/PKG-INFO.

    Source: Core metadata specifications and PEP 376 (packaging.python.org), PEP 503 (names).
    """
    wanted = {_normalise(name): name for name in names}
    versions: dict[str, str] = {}
    for entry in _metadata_folders():
        name = wanted.get(_normalise(entry.stem.partition("-")[0]))
        if name is None or name in versions:
            continue
        file = entry / ("METADATA" if entry.suffix == ".dist-info" else "PKG-INFO")
        try:
            text = file.read_text("utf-8", errors="replace")
        except OSError:
            continue
        header = re.search(r"^Version:\s*(\S+)", text, re.MULTILINE | re.IGNORECASE)
        if header:
            versions[name] = header.group(1)
    return versions


def _metadata_folders() -> Iterator[Path]:
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208 - an empty entry is the working folder
        except OSError:
            continue
        yield from (Path(folder, n) for n in names if n.endswith((".dist-info", ".egg-info")))


def _normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def machine() -> dict[str, str | int]:
    """Return the operating system, the processor's kind and the number of its threads."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": platform.machine(),
        "threads": os.cpu_count() or 1,
    }
