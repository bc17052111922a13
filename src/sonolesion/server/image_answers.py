"""Answers to one image, made by the same functions as on the command line; runs in a worker."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sonolesion.bundle import Precision
from sonolesion.errors import InvalidInputError, NotOfferedError
from sonolesion.imaging.dicom import HEAD_BYTES, is_dicom
from sonolesion.imaging.quality import check_content
from sonolesion.imaging.read import read_image, read_mask
from sonolesion.imaging.scan_area import crop_to_area
from sonolesion.inference import Predictor, load_predictor
from sonolesion.inference.measure.image import measure_image
from sonolesion.inference.postprocess import measure_coverage
from sonolesion.server.tasks import ImageInput, Task, TaskKind, TaskResult
from sonolesion.types.notice import OUTLINE_EDITED
from sonolesion.writers.comparison_files import (
    PredictedVisit,
    compare_predictions,
    comparison_to_json,
    describe_change,
)
from sonolesion.writers.lesion_record import lesion_to_json
from sonolesion.writers.prediction_files import encode_png
from sonolesion.writers.prediction_row import make_row, row_to_json

if TYPE_CHECKING:
    from sonolesion.types import Prediction, UltrasoundImage
    from sonolesion.types.explanation import Explanation

_MAX_PREDICTORS = 3


class ImageAnswers:
    """Makes answers; keeps the few predictors that were used last.

    Args:
        bundle: the model to load at once.
        threads: of one network run.
        precision: the form of it to load.
    """

    def __init__(self, bundle: str, *, threads: int, precision: Precision = Precision.FP32) -> None:
        self._threads = threads
        self._predictors: OrderedDict[tuple[str, Precision], Predictor] = OrderedDict()
        self._predictor(bundle, precision)

    def run(self, task: Task) -> TaskResult:
        """Do what a task asks.

        Raises:
            ImageError: the image or mask cannot be used.
            MissingExtraError: DICOM, and the extra is not installed.
            InvalidInputError: a frame, view or spacing that is none.
            NotOfferedError: this image has no such answer.
            BundleError: the bundle cannot be loaded, or gives nan.
        """
        image = _read(task.image)
        if task.kind is TaskKind.MEASURE:
            return _measure(image, task.image)
        predictor = self._predictor(task.bundle, task.precision)
        prediction = _predict(predictor, image, task.image)
        if task.kind is TaskKind.ROW:
            return TaskResult(_row(prediction, task.image))
        if task.kind is TaskKind.CASE:
            return _case(image, prediction, task.image)
        if task.kind in (TaskKind.CHANGE, TaskKind.CHANGE_PICTURE):
            return self._compare(task, image, prediction)
        return _FILES[task.kind](image, prediction, task, predictor)

    def _predictor(self, bundle: str, precision: Precision) -> Predictor:
        key = (bundle, precision)
        if key not in self._predictors:
            self._predictors[key] = load_predictor(
                bundle, threads=self._threads, precision=precision.value, fall_back=False
            )
            while len(self._predictors) > _MAX_PREDICTORS:
                self._predictors.popitem(last=False)
        self._predictors.move_to_end(key)
        return self._predictors[key]

    def _compare(self, task: Task, image: UltrasoundImage, prediction: Prediction) -> TaskResult:
        if task.earlier is None:
            raise InvalidInputError("a comparison needs an earlier image.")
        before = _read(task.earlier)
        earlier = _predict(self._predictor(task.bundle, task.precision), before, task.earlier)
        comparison = compare_predictions(
            PredictedVisit(before, earlier), PredictedVisit(image, prediction)
        )
        if task.kind is TaskKind.CHANGE:
            return TaskResult(comparison_to_json(comparison))
        from sonolesion.imaging.comparison import VisitImage, draw_comparison

        picture = draw_comparison(
            VisitImage(_visit("Earlier", earlier), before.pixels, earlier),
            VisitImage(_visit("Later", prediction), image.pixels, prediction),
            describe_change(comparison.change),
        )
        return TaskResult({}, (encode_png(picture),))


def _visit(name: str, prediction: Prediction) -> str:
    return f"{name}, edited" if OUTLINE_EDITED in prediction.notes else name


def _read(given: ImageInput) -> UltrasoundImage:
    return read_image(
        given.data,
        name=given.name,
        frame=given.frame,
        view=given.view,
        spacing_mm=given.spacing_mm,
    )


def _predict(predictor: Predictor, image: UltrasoundImage, given: ImageInput) -> Prediction:
    """Predict, and put a reader's outline with its measurements in place of the model's."""
    prediction = predictor.predict(image, name=given.name)
    if given.mask_png is None:
        return prediction
    mask = read_mask(given.mask_png, shape=prediction.mask.shape, name="outline")
    return replace(
        prediction,
        mask=mask,
        mask_coverage=measure_coverage(mask),
        measured=measure_image(image, mask=mask),
        notes=(OUTLINE_EDITED, *prediction.notes),
    )


def _row(prediction: Prediction, given: ImageInput) -> dict[str, Any]:
    sha256 = hashlib.sha256(given.data).hexdigest()
    return row_to_json(make_row(prediction, stem=given.name, files={}, sha256=sha256))


def _case(image: UltrasoundImage, prediction: Prediction, given: ImageInput) -> TaskResult:
    warnings = check_content(crop_to_area(image), name=given.name)
    values = {
        "row": _row(prediction, given),
        "notes": [*image.notes, *warnings],
        "n_warnings": len(warnings),
    }
    return TaskResult(values, (_levels_png(prediction.mask), encode_png(image.pixels)))


def _measure(image: UltrasoundImage, given: ImageInput) -> TaskResult:
    if given.mask_png is None:
        raise InvalidInputError("a measurement needs a mask.")
    height, width = image.pixels.shape
    mask = read_mask(given.mask_png, shape=(height, width), name="outline")
    measured = measure_image(image, mask=mask)
    values = {
        "lesions": [lesion_to_json(lesion) for lesion in measured.lesions],
        "n_specks": measured.n_specks,
        "mask_px": int(np.count_nonzero(mask)),
        "mask_coverage": round(measure_coverage(mask), 6),
        "spacing_mm": None if measured.spacing_mm is None else list(measured.spacing_mm),
    }
    return TaskResult(values, (_levels_png(mask),))


def _levels_png(mask: np.ndarray[Any, np.dtype[np.bool_]]) -> bytes:
    return encode_png(mask.astype(np.uint8) * np.uint8(255))


def _make_mask(
    _image: UltrasoundImage, prediction: Prediction, _task: Task, _predictor: Predictor
) -> TaskResult:
    return TaskResult({}, (_levels_png(prediction.mask),))


def _make_overlay(
    image: UltrasoundImage, prediction: Prediction, _task: Task, _predictor: Predictor
) -> TaskResult:
    from sonolesion.imaging.panels import add_margin, draw_prediction

    picture = add_margin(draw_prediction(image.pixels, prediction), prediction)
    return TaskResult({}, (encode_png(picture),))


def _make_explanation(
    image: UltrasoundImage, prediction: Prediction, _task: Task, predictor: Predictor
) -> TaskResult:
    from sonolesion.imaging.evidence import draw_evidence
    from sonolesion.imaging.evidence_caption import caption_evidence

    explanation = predictor.explain(image, prediction)
    picture = draw_evidence(image.pixels, prediction, explanation)
    caption = f"{caption_evidence(explanation.figures)} {explanation.notice}"
    return TaskResult({"caption": caption}, (encode_png(picture),))


def _make_html(
    image: UltrasoundImage, prediction: Prediction, task: Task, predictor: Predictor
) -> TaskResult:
    from sonolesion.writers.case_report_html import case_report_html

    page = case_report_html(
        prediction,
        image.pixels,
        bundle=predictor.info,
        explanation=_explain(image, prediction, task, predictor),
        title=_title(task, prediction),
    )
    return TaskResult({}, (page.encode("utf-8"),))


def _make_pdf(
    image: UltrasoundImage, prediction: Prediction, task: Task, predictor: Predictor
) -> TaskResult:
    from sonolesion.writers.case_report_pdf import case_report_pdf

    page = case_report_pdf(
        prediction,
        image.pixels,
        bundle=predictor.info,
        explanation=_explain(image, prediction, task, predictor),
        title=_title(task, prediction),
    )
    return TaskResult({}, (page,))


def _explain(
    image: UltrasoundImage, prediction: Prediction, task: Task, predictor: Predictor
) -> Explanation | None:
    return predictor.explain(image, prediction) if task.options.get("why") else None


def _title(task: Task, prediction: Prediction) -> str:
    label = str(task.options.get("label") or "")
    edited = OUTLINE_EDITED if OUTLINE_EDITED in prediction.notes else ""
    return ", ".join(part for part in (label, edited) if part)


def _make_dicom(
    image: UltrasoundImage, prediction: Prediction, task: Task, predictor: Predictor
) -> TaskResult:
    given, measured = task.image, prediction.measured
    if not is_dicom(given.data[:HEAD_BYTES]) or measured is None:
        raise NotOfferedError("the image is no DICOM object, and only such have DICOM results.")
    from sonolesion.writers.dicom import ImageFindings, make_dicom_results

    findings = ImageFindings(
        image=image,
        prediction=prediction,
        lesions=measured,
        bundle=predictor.info,
        frame=given.frame,
    )
    made = make_dicom_results(given.data, findings)
    objects = {TaskKind.SEG: made.segmentation, TaskKind.SR: made.report, TaskKind.SC: made.capture}
    found = objects[task.kind]
    if found is None:
        raise NotOfferedError("no lesion is outlined, so there is no segmentation.")
    return TaskResult({}, (found,))


_FILES = {
    TaskKind.MASK: _make_mask,
    TaskKind.OVERLAY: _make_overlay,
    TaskKind.EXPLANATION: _make_explanation,
    TaskKind.HTML_REPORT: _make_html,
    TaskKind.PDF_REPORT: _make_pdf,
    TaskKind.SEG: _make_dicom,
    TaskKind.SR: _make_dicom,
    TaskKind.SC: _make_dicom,
}
