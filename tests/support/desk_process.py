"""`sonolesion serve` on the shipped model, for tests that only need its address."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from desk_server import run_desk as run_with_bundle


@contextlib.contextmanager
def run_desk(folder: Path, bundle: Path | str = "fast") -> Iterator[str]:
    """Start a desk in `folder`, give its address without a slash at the end, and end it."""
    with run_with_bundle(folder / "desk", bundle) as desk:
        yield desk.address.rstrip("/")
