"""One input of many: read, predict, write its results, and let no image stop the others."""

from __future__ import annotations

from pathlib import Path

from sonolesion.errors import ImageError, ImageFaultError, MissingExtraError
from sonolesion.inference import FailedInput, Predictor
from sonolesion.inference.input_bytes import InputBytes, InputReader
from sonolesion.inference.inputs import InputFile
from sonolesion.writers.case_extras import NO_EXTRAS, CaseExtras
from sonolesion.writers.case_report_files import write_case_reports
from sonolesion.writers.dicom_of_prediction import add_dicom_results
from sonolesion.writers.outcome import FileOutcome
from sonolesion.writers.prediction_files import write_prediction_files
from sonolesion.writers.prediction_row import PredictionRow, make_row


def predict_file(
    file: InputFile,
    out: Path,
    *,
    predictor: Predictor,
    reader: InputReader,
    pictures: bool,
    dicom: bool = False,
    extras: CaseExtras = NO_EXTRAS,
) -> FileOutcome:
    """Predict one input and write its results; what goes wrong with the image alone is a failure.

    Four kinds of it: the image cannot be used (`ImageError`); it is DICOM and the extra for that
    is not installed; the memory did not suffice for it; or the code went wrong over it
    (`ImageFaultError`). Only the first is a verdict on the file, which stands; after the others,
    another run tries the file again. What would go wrong with the next image as well is raised: a
    damaged bundle, a disk that is full.

    Args:
        file: the input.
        out: output folder.
        predictor: what predicts.
        reader: what reads; the same one for all inputs of a run.
        pictures: also write pictures and overlays.
        dicom: also write DICOM results; an input that is no DICOM file gets a note instead.
        extras: also explain the answer and write reports.

    Raises:
        BundleError: the network fails or gives nan.
        OutputWriteError: a result cannot be written.
    """
    try:
        content = reader.read(file)
    except ImageError as error:
        return _no_verdict(file, error)
    try:
        row = _predict(
            file, content, out, predictor=predictor, pictures=pictures, dicom=dicom, extras=extras
        )
    except ImageError as error:
        return _outcome(file, content, failures=(FailedInput(file.name, error),))
    except MissingExtraError as error:
        return _no_verdict(file, error)
    except MemoryError:
        failure = ImageError(
            f"{file.name}: not enough memory. Use fewer --workers and run again; this image is "
            "then tried again."
        )
    except _code_faults() as error:
        failure = ImageFaultError(
            f"{file.name}: {type(error).__name__} ({error}) inside sonolesion. Please report it; "
            "other images are not affected."
        )
    else:
        return _outcome(file, content, rows=(row,))
    return _no_verdict(file, failure)


def _predict(
    file: InputFile,
    content: InputBytes,
    out: Path,
    *,
    predictor: Predictor,
    pictures: bool,
    dicom: bool,
    extras: CaseExtras,
) -> PredictionRow:
    image = file.read(content.data)
    prediction = predictor.predict(image, name=file.name)
    explanation = predictor.explain(image, prediction) if extras.explain else None
    written = write_case_reports(
        file, content.data, out, image=image, prediction=prediction, bundle=predictor.info,
        explanation=explanation, kinds=extras.reports,
    )  # fmt: skip
    if dicom:
        prediction, dicom_files = add_dicom_results(
            file, content.data, out, image=image, prediction=prediction, bundle=predictor.info
        )
        written |= dicom_files
    files = written | write_prediction_files(
        out,
        file.stem,
        image=image,
        prediction=prediction,
        pictures=pictures,
        explanation=explanation,
    )
    figures = None if explanation is None else explanation.figures
    return make_row(
        prediction, stem=file.stem, files=files, sha256=content.sha256, explanation=figures
    )


def _no_verdict(file: InputFile, error: ImageError | MissingExtraError) -> FileOutcome:
    """Say what went wrong, and without a hash that another run has to try again."""
    failures = (FailedInput(file.name, error),)
    return FileOutcome(file.text, file.stem, failures=failures, part=file.part.label)


def _outcome(
    file: InputFile,
    content: InputBytes,
    *,
    rows: tuple[PredictionRow, ...] = (),
    failures: tuple[FailedInput, ...] = (),
) -> FileOutcome:
    return FileOutcome(
        text=file.text,
        stem=file.stem,
        rows=rows,
        failures=failures,
        size_bytes=len(content.data),
        mtime_ns=content.mtime_ns,
        sha256=content.sha256,
        part=file.part.label,
    )


def _code_faults() -> tuple[type[Exception], ...]:
    """Exceptions by which code, ours or a library's, shows that it did not foresee an image.

    An `except` clause calls this only when something was raised, so OpenCV is not imported for it.
    """
    import cv2

    return (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError,
            cv2.error)  # fmt: skip
