"""One way from an image to a result; `predict`, `evaluate` and the HTTP server all take it.

>>> predictor = load_predictor("fast")                     # doctest: +SKIP
>>> prediction = predictor.predict("benign (1).png")       # doctest: +SKIP
>>> prediction.label, round(prediction.confidence, 2)      # doctest: +SKIP
(<LesionClass.BENIGN: 'benign'>, 0.87)
>>> round(prediction.lesions[0].size.longest_px)            # doctest: +SKIP
173
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sonolesion.bundle import (
    DEFAULT_BUNDLE,
    Bundle,
    BundleInfo,
    Precision,
    PrecisionChoice,
    load_bundle,
)
from sonolesion.bundle.decision import measure_peak
from sonolesion.errors import ImageError, InvalidInputError, MissingExtraError
from sonolesion.imaging.geometry import SquareFit, image_to_square, plan_fit, prob_to_image
from sonolesion.imaging.intensity import to_unit_range
from sonolesion.imaging.quality import check_content
from sonolesion.imaging.read import image_from_array, image_from_pil, read_image
from sonolesion.imaging.scan_area import crop_to_area, paste_area
from sonolesion.imaging.spacing import set_spacing
from sonolesion.inference.postprocess import (
    answer_class,
    describe_conflict,
    measure_coverage,
    outline_lesion,
    threshold_mask,
)
from sonolesion.inference.precision import choose_form, read_choice
from sonolesion.inference.runtime import Session
from sonolesion.metrics.probability import sigmoid, softmax
from sonolesion.types import LesionClass, Prediction, UltrasoundImage
from sonolesion.types.explanation import Explanation

Source = Path | str | bytes | NDArray[np.uint8] | Image.Image | UltrasoundImage
"""A file, its bytes, pixels uint8 (H, W) or RGB (H, W, 3), a Pillow image, or one already read."""


@dataclass(frozen=True, slots=True)
class SquarePrediction:
    """What the network says, still in its square.

    Attributes:
        lesion_prob: float32 (S, S) in [0, 1].
        class_logits: float64 (3,), before the temperature.
        class_prob: float64 (3,), after it, of the class head alone; sums to 1.
        fit: the map between image and square.
        features: float32 (F,), of the encoder; None from a bundle without them.
    """

    lesion_prob: NDArray[np.float32]
    class_logits: NDArray[np.float64]
    class_prob: NDArray[np.float64]
    fit: SquareFit
    features: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class FailedInput:
    """An input that gave no prediction, and why."""

    source: str
    error: ImageError | MissingExtraError


class Predictor:
    """A bundle, ready to predict. Holds no state between images; safe in several threads.

    Args:
        bundle: a loaded bundle.
        threads: of one network run; None for as many as there are cores.
        measure: measure the lesions of each outline; an evaluation, which looks at none of the
            figures, switches it off.
        session: of the bundle's graph, where it is there already; `threads` is then not used.

    Raises:
        BundleError: the graph does not keep the bundle's contract.
    """

    def __init__(
        self,
        bundle: Bundle,
        threads: int | None = None,
        *,
        measure: bool = True,
        session: Session | None = None,
    ) -> None:
        self._info = bundle.info
        self._measure = measure
        self._session = session or Session(bundle, threads)

    @property
    def info(self) -> BundleInfo:
        """The bundle's own description."""
        return self._info

    @property
    def precision(self) -> Precision:
        """Which form of the bundle answers; int8 is named in `info.label`, too."""
        return self._info.precision

    def predict(
        self,
        source: Source,
        name: str | None = None,
        *,
        frame: int | None = None,
        view: int | None = None,
        spacing_mm: tuple[float, float] | None = None,
    ) -> Prediction:
        """Predict one image: the joint answer of outline and class, where the bundle has one.

        Without a decision in the bundle the label is the class head's own and the mask the
        thresholded map, whether they agree or not.

        Args:
            source: a file, its bytes, uint8 pixels (grey or RGB), a Pillow image, or an image
                already read. Figures are in mm where the image knows its `spacing_mm`.
            name: what to call it in result and messages; default the path, "image bytes",
                "image" or "array".
            frame: which frame of a file that holds several, from 1.
            view: which 2D image of a DICOM frame that shows several, from 1.
            spacing_mm: size of a pixel (row, col) in mm, in place of what the file says.

        Returns:
            The result on the whole frame's pixel grid; nothing is marked outside its scan area.
            Lesions are measured on the scan area alone, their places given on the frame.

        Raises:
            ImageError: the image cannot be used (a subclass says why).
            BundleError: the network gives nan.
            MissingExtraError: a DICOM file, and `sonolesion[dicom]` is not installed.
            InvalidInputError: a frame or view of what is no file, or `spacing_mm` is none.
        """
        name = name or _name_of(source)
        image = _read(source, name, frame=frame, view=view, spacing_mm=spacing_mm)
        started = time.perf_counter()
        remarks = check_content(crop_to_area(image), name=name)
        square = self.predict_square(image)
        lesion_prob = paste_area(prob_to_image(square.lesion_prob, square.fit), image)
        peak = measure_peak(square.lesion_prob)
        answer = answer_class(self._info, class_logits=square.class_logits, lesion_peak=peak)
        mask = threshold_mask(lesion_prob, self._info.mask_threshold)
        class_alone = tuple(LesionClass)[int(square.class_prob.argmax())]
        conflict = describe_conflict(class_alone, measure_coverage(mask))
        if self._info.decision is not None:
            mask = outline_lesion(
                lesion_prob,
                self._info.mask_threshold,
                has_lesion=answer.label is not LesionClass.NORMAL,
            )
        far = self._judge_features(square)
        measured = None
        if self._measure:
            # imported here: an evaluation and a text of help need not pay for it
            from sonolesion.inference.measure.image import measure_image

            measured = measure_image(image, mask=mask, lesion_prob=lesion_prob)
        return Prediction(
            source=name,
            label=answer.label,
            class_prob=answer.class_prob,
            lesion_prob=lesion_prob,
            mask=mask,
            mask_coverage=measure_coverage(mask),
            bundle=self._info.label,
            seconds=time.perf_counter() - started,
            notes=(*image.notes, *remarks, *far, *conflict, *answer.notes),
            class_logits=square.class_logits,
            lesion_peak=peak,
            prediction_set=answer.prediction_set,
            unsure=answer.unsure or bool(far),
            malignant_alert=answer.malignant_alert,
            disagreement=bool(conflict),
            measured=measured,
        )

    def explain(
        self,
        source: Source,
        prediction: Prediction | None = None,
        *,
        target: LesionClass | None = None,
        frame: int | None = None,
        view: int | None = None,
    ) -> Explanation:
        """Map what in an image speaks for and against the answer; at most 49 network runs.

        Args:
            source: see `predict`.
            prediction: what `predict` gave for it; None to predict it here, for one run more.
            target: the class to explain; None for the label. With the label normal, the map of
                malignant shows what looked suspicious nonetheless.
            frame: see `predict`.
            view: see `predict`.

        Raises:
            ImageError, BundleError, MissingExtraError: see `predict`.
            InvalidInputError: the prediction is of another image or bundle, or as in `predict`.
        """
        # imported here: only who asks why pays for it
        from sonolesion.inference.explain import explain_image

        image = _read(source, _name_of(source), frame=frame, view=view, spacing_mm=None)
        if prediction is None:
            prediction = self.predict(image)
        return explain_image(
            image, prediction, info=self._info, run=self._session.run, target=target
        )

    def predict_square(self, image: UltrasoundImage) -> SquarePrediction:
        """Run the network on one image and leave the result in the network's square.

        Only the image's scan area is given to the network; `fit` is the map of that area.
        No quality gate: an evaluation counts each case.
        """
        image = crop_to_area(image)
        height, width = image.pixels.shape
        fit = plan_fit(height, width, self._info.image_size_px, self._info.resize)
        square = to_unit_range(image_to_square(image.pixels, fit))
        output = self._session.run(square[np.newaxis, np.newaxis])
        logits = output.class_logits[0].astype(np.float64)
        return SquarePrediction(
            lesion_prob=sigmoid(output.mask_logits[0]),
            class_logits=logits,
            class_prob=softmax(logits, temperature=self._info.temperature),
            fit=fit,
            features=None if output.features is None else output.features[0],
        )

    def _judge_features(self, square: SquarePrediction) -> tuple[str, ...]:
        """Remark on an image that is far from the training data; empty for an ordinary one."""
        gate = self._info.feature_gate
        if gate is None or square.features is None:
            return ()
        found = gate.judge(square.features)
        return () if found is None else (found.reason,)

    def attempt(self, source: Source, name: str | None = None) -> Prediction | FailedInput:
        """`predict`, but an image that cannot be used is returned as `FailedInput`."""
        try:
            return self.predict(source, name)
        except (ImageError, MissingExtraError) as error:
            return FailedInput(name or _name_of(source), error)

    def predict_many(
        self, sources: Iterable[Source], on_error: Literal["collect", "raise"] = "collect"
    ) -> Iterator[Prediction | FailedInput]:
        """Predict one image after the other; as many results as sources, in their order.

        Args:
            sources: see `predict`; read lazily.
            on_error: "collect" gives a `FailedInput` for an image that cannot be used, "raise"
                raises its error. Other errors (a damaged bundle) are always raised.
        """
        if on_error not in ("collect", "raise"):
            raise InvalidInputError(f"on_error: expected 'collect' or 'raise', got {on_error!r}.")
        step = self.attempt if on_error == "collect" else self.predict
        return (step(source) for source in sources)


def load_predictor(
    bundle: str | Path | None = None,
    *,
    threads: int | None = None,
    measure: bool = True,
    precision: PrecisionChoice | str | None = None,
    fall_back: bool = True,
) -> Predictor:
    """Load a bundle, by default the one that is shipped, and make it ready to predict.

    Args:
        bundle: folder or name of a shipped bundle; None for `DEFAULT_BUNDLE`.
        threads: of one network run; None for as many as there are cores.
        measure: measure the lesions of each outline.
        precision: "fp32", "int8", or "auto" for the quicker one on this computer; None for what
            the environment variable SONOLESION_PRECISION says, else fp32. Results of the int8
            form name it: "fast 0.1+int8".
        fall_back: where this computer computes int8 wrongly, log a warning and take fp32; False
            to raise, for results that have to come from one form.

    Raises:
        BundleError: no such bundle, it is damaged, or it has no int8 form; without `fall_back`
            also where this computer computes int8 wrongly.
        InvalidInputError: `threads` is below 1, or the precision is none.
    """
    choice = read_choice(precision)
    loaded = load_bundle(DEFAULT_BUNDLE if bundle is None else bundle)
    chosen = choose_form(loaded, choice, threads=threads, fall_back=fall_back)
    return Predictor(chosen.bundle, measure=measure, session=chosen.session)


def _name_of(source: Source) -> str:
    if isinstance(source, bytes):
        return "image bytes"
    if isinstance(source, Image.Image):
        return "image"
    return str(source) if isinstance(source, Path | str) else "array"


def _read(
    source: Source,
    name: str,
    *,
    frame: int | None,
    view: int | None,
    spacing_mm: tuple[float, float] | None,
) -> UltrasoundImage:
    if isinstance(source, Path | str | bytes):
        return read_image(source, name=name, frame=frame, view=view, spacing_mm=spacing_mm)
    if frame is not None or view is not None:
        raise InvalidInputError(f"{name}: a frame or view can be chosen of a file only.")
    if isinstance(source, Image.Image):
        source = image_from_pil(source, name=name)
    elif not isinstance(source, UltrasoundImage):
        source = image_from_array(source, name=name)
    return source if spacing_mm is None else set_spacing(source, spacing_mm)
