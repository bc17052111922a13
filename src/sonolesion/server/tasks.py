"""What a worker process is asked to do, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sonolesion.bundle import Precision


class TaskKind(StrEnum):
    """What is wanted of an image.

    ROW is the documented row; CASE the row with mask, picture and remarks; MEASURE the lesions of
    a given mask; CHANGE and CHANGE_PICTURE compare with an earlier image; the others are files,
    called as in the routes.
    """

    ROW = "row"
    CASE = "case"
    MEASURE = "measure"
    CHANGE = "change"
    CHANGE_PICTURE = "change.png"
    PICTURE = "image.png"
    MASK = "mask.png"
    OVERLAY = "overlay.png"
    EXPLANATION = "explanation.png"
    HTML_REPORT = "report.html"
    PDF_REPORT = "report.pdf"
    SEG = "seg.dcm"
    SR = "sr.dcm"
    SC = "sc.dcm"


FILE_MEDIA = {
    TaskKind.MASK: "image/png",
    TaskKind.OVERLAY: "image/png",
    TaskKind.EXPLANATION: "image/png",
    TaskKind.HTML_REPORT: "text/html",
    TaskKind.PDF_REPORT: "application/pdf",
    TaskKind.SEG: "application/dicom",
    TaskKind.SR: "application/dicom",
    TaskKind.SC: "application/dicom",
}
"""The answers that are one file, and their media types."""


TIME_FACTORS = dict.fromkeys((TaskKind.EXPLANATION, TaskKind.HTML_REPORT, TaskKind.PDF_REPORT), 4.0)
"""What may take longer than one answer: a map asks the network some fifty times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInput:
    """An image as it came in, and how it is to be read.

    Attributes:
        data: the file's bytes.
        name: what it is called in results; never a file name of an upload.
        frame, view: which image of the file, from 1.
        spacing_mm: size of a pixel (row, col) by hand.
        mask_png: an outline that a reader edited, in place of the model's.
    """

    data: bytes
    name: str = "upload"
    frame: int | None = None
    view: int | None = None
    spacing_mm: tuple[float, float] | None = None
    mask_png: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One piece of work.

    Attributes:
        kind: what is wanted.
        image: of which image.
        bundle: folder or shipped name of the model, as the server knows it.
        precision: which form of it answers.
        earlier: the earlier image, of a comparison.
        options: what else a kind takes.
    """

    kind: TaskKind
    image: ImageInput
    bundle: str
    precision: Precision = Precision.FP32
    earlier: ImageInput | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What came out.

    Attributes:
        values: JSON values.
        blobs: files, in the order that the kind has.
    """

    values: Mapping[str, Any]
    blobs: tuple[bytes, ...] = ()
