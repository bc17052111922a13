"""A server as a program of its own, under load and faults. Sizes come from the environment."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("fastapi", reason="needs the extra [serve]")

SCALE = "SONOLESION_LOAD"


@pytest.fixture(scope="session")
def load() -> float:
    """How much: 1 for the full figures of the issue; a small share of it without the variable."""
    return float(os.environ.get(SCALE, "0.05"))
