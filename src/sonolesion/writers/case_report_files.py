"""The reports of one input of `predict --report`: OUT/<stem>_report.html and .pdf."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sonolesion.bundle import BundleInfo
from sonolesion.files import atomic_write_bytes
from sonolesion.imaging.dicom import HEAD_BYTES, is_dicom
from sonolesion.inference.inputs import InputFile
from sonolesion.types import Prediction, UltrasoundImage
from sonolesion.types.explanation import Explanation
from sonolesion.writers.case_extras import ReportKind


def write_case_reports(
    file: InputFile,
    data: bytes,
    out: Path,
    *,
    image: UltrasoundImage,
    prediction: Prediction,
    bundle: BundleInfo,
    explanation: Explanation | None,
    kinds: Sequence[ReportKind],
) -> dict[str, str]:
    """Write the reports that are wanted, each whole or not at all.

    Their title is the file's name without its folders; a DICOM file, whose name may be a
    patient's, is called just that.

    Args:
        file: the input.
        data: its bytes.
        out: output folder.
        image: what was read of it.
        prediction: the answer.
        bundle: what gave it.
        explanation: why; None without a map.
        kinds: of reports; none writes nothing.

    Returns:
        Kind ("html", "pdf") -> path relative to `out`.

    Raises:
        OutputWriteError: a file cannot be written.
    """
    files: dict[str, str] = {}
    title = _name_case(file, data)
    for kind in kinds:
        # imported here: only who wants reports pays for jinja2 or matplotlib
        if kind is ReportKind.HTML:
            from sonolesion.writers.case_report_html import case_report_html

            content = case_report_html(
                prediction, image.pixels, bundle=bundle, explanation=explanation, title=title
            ).encode("utf-8")
        else:
            from sonolesion.writers.case_report_pdf import case_report_pdf

            content = case_report_pdf(
                prediction, image.pixels, bundle=bundle, explanation=explanation, title=title
            )
        files[kind.value] = f"{file.stem}_report.{kind.value}"
        atomic_write_bytes(out / files[kind.value], content, sync=False)
    return files


def _name_case(file: InputFile, data: bytes) -> str:
    if is_dicom(data[:HEAD_BYTES]):
        return " ".join(["DICOM image", file.part.label]).strip()
    return " ".join([file.path.name, file.part.label]).strip()
