"""What a run was made with: versions of the parts and the machine."""

from __future__ import annotations

import os
import platform
from importlib import metadata

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

    Nothing is imported: the versions come from the installed packages' metadata.
    """
    versions = {"sonolesion": __version__, "python": platform.python_version()}
    for name in RECORDED_PARTS:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def machine() -> dict[str, str | int]:
    """Return the operating system, the processor's kind and the number of its threads."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": platform.machine(),
        "threads": os.cpu_count() or 1,
    }
