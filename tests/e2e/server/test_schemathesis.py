"""Requests made from the description itself: every answer is one that it describes."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk_server import run_desk

schemathesis = pytest.importorskip("schemathesis", reason="needs schemathesis")

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_every_answer_is_a_described_one(
    tmp_path: Path, tiny_bundle_folder: Path, load: float
) -> None:
    import subprocess
    import sys

    examples = max(3, int(60 * load))
    with run_desk(tmp_path / "desk", tiny_bundle_folder, "--no-own-read-first") as desk:
        words = [
            sys.executable, "-m", "schemathesis.cli", "run", f"{desk.address}openapi.json",
            "--url", desk.address, "--max-examples", str(examples), "--seed", "1",
            "--exclude-path", "/api/v1/events",  # a stream that never ends
            # bytes that are no image fit the description and are refused nevertheless
            "--exclude-checks", "positive_data_acceptance",
            "--no-color", "--phases", "examples,coverage,fuzzing", "--workers", "1",
        ]  # fmt: skip
        done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, timeout=1500)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert desk.process.poll() is None
        assert "fault:" not in desk.log.read_text("utf-8")
