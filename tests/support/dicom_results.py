"""Results of each kind of source, written once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from dicom_source import (
    SPACING_MM,
    add_region,
    empty_findings,
    make_findings,
    make_source,
    save_source,
)
from pydicom.dataset import Dataset
from tiny_bundle import speckle_image

from sonolesion.writers.dicom import DicomFiles, ImageFindings, write_dicom_results

MADE_AT = datetime(2026, 11, 30, 12, 34, 56)  # noqa: DTZ001
FRAME = 3


@dataclass(frozen=True)
class Written:
    source: Dataset
    source_path: Path
    findings: ImageFindings
    files: DicomFiles

    @property
    def frame(self) -> int | None:
        return self.findings.frame


def write(folder: Path, source: Dataset, findings: ImageFindings, **options: object) -> Written:
    folder.mkdir(exist_ok=True)
    path = save_source(source, folder / "in.dcm")
    files = write_dicom_results(path, findings, folder, stem="case", made_at=MADE_AT, **options)
    return Written(source, path, findings, files)


def write_kind(kind: str, folder: Path) -> Written:
    pixels = speckle_image(128, 165)
    if kind.startswith("one"):
        source, frame = make_source(pixels), None
    else:
        source, frame = make_source(np.stack([pixels // n for n in (4, 2, 1, 3)])), FRAME
    if kind.endswith("empty"):
        return write(folder, source, empty_findings(frame=frame))
    if kind.endswith("mm"):
        return write(folder, add_region(source), make_findings(spacing_mm=SPACING_MM, frame=frame))
    return write(folder, source, make_findings(frame=frame))


KINDS = ("one", "one mm", "one empty", "several", "several mm", "several empty")


@pytest.fixture(scope="session", params=KINDS)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write_kind(request.param, tmp_path_factory.mktemp("dicom"))


@pytest.fixture(scope="session", params=[k for k in KINDS if "empty" not in k])
def with_lesions(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Written:
    return write_kind(request.param, tmp_path_factory.mktemp("dicom"))
