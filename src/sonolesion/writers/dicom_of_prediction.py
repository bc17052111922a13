"""DICOM results of one input of `predict --dicom`: OUT/dicom/<stem>_{seg,sr,sc}.dcm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sonolesion.bundle import BundleInfo
from sonolesion.errors import ImageError, InvalidInputError
from sonolesion.imaging.dicom import HEAD_BYTES, is_dicom
from sonolesion.inference.inputs import InputFile
from sonolesion.types import Prediction, UltrasoundImage

DICOM_FOLDER = "dicom"


def add_dicom_results(
    file: InputFile,
    data: bytes,
    out: Path,
    *,
    image: UltrasoundImage,
    prediction: Prediction,
    bundle: BundleInfo,
) -> tuple[Prediction, dict[str, str]]:
    """Write the DICOM results of a prediction, or note on it why there are none.

    An input that is no DICOM file, or lacks what its results must refer to, keeps its prediction.

    Args:
        file: the input.
        data: its bytes.
        out: output folder of the run.
        image: what was read of it.
        prediction: the answer.
        bundle: what gave it.

    Returns:
        The prediction, with a note where nothing could be written, and kind ("seg", "sr", "sc")
        -> path relative to `out`.

    Raises:
        MissingExtraError: `sonolesion[dicom]` is not installed.
        OutputWriteError: a file cannot be written.
    """
    if not is_dicom(data[:HEAD_BYTES]):
        return _note(prediction, "the input is not DICOM"), {}
    # imported here: only who wants DICOM results pays for them
    from sonolesion.inference.measure.image import measure_image
    from sonolesion.writers.dicom import ImageFindings, write_dicom_results

    lesions = prediction.measured or measure_image(
        image, mask=prediction.mask, lesion_prob=prediction.lesion_prob
    )
    findings = ImageFindings(
        image=image, prediction=prediction, lesions=lesions, bundle=bundle, frame=file.part.frame
    )
    try:
        written = write_dicom_results(
            file.path, findings, out / DICOM_FOLDER, stem=file.stem, stem_names_frame=True
        )
    except (ImageError, InvalidInputError) as error:
        return _note(prediction, error.message), {}
    kinds = {"seg": written.segmentation, "sr": written.report, "sc": written.capture}
    return prediction, {
        kind: f"{DICOM_FOLDER}/{path.name}" for kind, path in kinds.items() if path is not None
    }


def _note(prediction: Prediction, why: str) -> Prediction:
    return replace(prediction, notes=(*prediction.notes, f"no DICOM results: {why}"))
