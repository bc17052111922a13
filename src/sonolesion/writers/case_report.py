"""What a one-page report of one case says, before it is laid out as HTML or PDF.

Both forms show the same words; they are put together here, so that they cannot drift apart. No
file name, path or metadata of an input is taken: a title is what the caller gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sonolesion import __version__
from sonolesion.bundle import BundleInfo
from sonolesion.imaging.captions import SCALE_UNKNOWN, caption_lesions, format_area, format_length
from sonolesion.imaging.evidence_caption import AXIS_LABEL, caption_evidence, describe_method
from sonolesion.imaging.lettering import printable
from sonolesion.inference.postprocess import UNSURE_NOTE
from sonolesion.types import CLASS_NAMES, RESEARCH_USE_ONLY, LesionClass, Prediction
from sonolesion.types.explanation import Explanation
from sonolesion.types.lesion import LesionMeasurement, LesionSize
from sonolesion.types.lexicon import DRAFT_NOTICE, Descriptor
from sonolesion.writers.lesion_text import DESCRIPTOR_NAMES

DEFAULT_TITLE = "Breast ultrasound, one image"
LESIONS_SHOWN = 2
FINDINGS_SHOWN = 4
FINDING_CHARACTERS = 110
TITLE_CHARACTERS = 80
_REASONS_SHOWN = {1: 2, 2: 1}
RANGE_NOTE = (
    "In brackets: smallest and largest with the border cut at probabilities .3 to .7. It says how "
    "soft the border is; it is no confidence interval."
)


@dataclass(frozen=True, slots=True)
class ClassBar:
    """One class with its calibrated probability.

    Attributes:
        name: of the class.
        prob: [0, 1].
        is_answer: the most probable one.
    """

    name: str
    prob: float
    is_answer: bool


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing that a reader must not miss, in words.

    Attributes:
        text: a sentence or two.
        is_alert: to be drawn as a warning, not as a remark.
    """

    text: str
    is_alert: bool


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: a name and one cell for each lesion, each cell one or two lines."""

    name: str
    cells: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class CaseReport:
    """The words of one page.

    Attributes:
        title: what the caller calls the case.
        image: size of the image and of its pixels.
        answer: "Benign", and `confidence`: "93.1%".
        bars: one per class, in `LesionClass` order.
        flags: what must not be missed; never empty.
        lesion_names: heads of the columns of both tables; empty where nothing is measured.
        measurements, draft: rows of the tables.
        measurement_notes: what stands under the first table.
        draft_notice: what stands under the second.
        findings: remarks of reader and input gate.
        why: words of the explanation, the first one its main sentence; empty for none.
        provenance: name and value of model, program, hash.
        picture_text, why_text: what a picture shows, for who cannot see it.
        notice: that it is for research.
    """

    title: str
    image: str
    answer: str
    confidence: str
    bars: tuple[ClassBar, ...]
    flags: tuple[Flag, ...]
    lesion_names: tuple[str, ...]
    measurements: tuple[TableRow, ...]
    measurement_notes: tuple[str, ...]
    draft: tuple[TableRow, ...]
    draft_notice: str
    findings: tuple[str, ...]
    why: tuple[str, ...]
    provenance: tuple[tuple[str, str], ...]
    picture_text: str
    why_text: str
    notice: str = RESEARCH_USE_ONLY


def describe_case(
    prediction: Prediction,
    *,
    bundle: BundleInfo,
    explanation: Explanation | None = None,
    title: str = "",
) -> CaseReport:
    """Put the words of a report together.

    Args:
        prediction: the result; its `source` is not used.
        bundle: what gave it.
        explanation: why, where it was asked for.
        title: what to call the case; cut at 80 characters.
    """
    height, width = prediction.mask.shape
    measured = prediction.measured
    lesions = prediction.lesions[:LESIONS_SHOWN]
    spacing = None if measured is None else measured.spacing_mm
    pixel = "size of a pixel unknown" if spacing is None else _describe_spacing(spacing)
    return CaseReport(
        title=_clip(printable(title), TITLE_CHARACTERS) or DEFAULT_TITLE,
        image=f"{width} x {height} px, {pixel}",
        answer=prediction.label.value.capitalize(),
        confidence=f"{prediction.confidence:.1%}",
        bars=tuple(
            ClassBar(name, float(prob), name == prediction.label.value)
            for name, prob in zip(CLASS_NAMES, prediction.class_prob, strict=True)
        ),
        flags=_describe_flags(prediction, bundle),
        lesion_names=tuple(
            f"Lesion {n}" if len(prediction.lesions) > 1 else "Lesion"
            for n in range(1, len(lesions) + 1)
        ),
        measurements=_measurement_rows(lesions),
        measurement_notes=_describe_measuring(prediction),
        draft=_draft_rows(lesions),
        draft_notice=DRAFT_NOTICE,
        findings=_describe_findings(prediction),
        why=_describe_why(explanation),
        provenance=_describe_provenance(bundle),
        picture_text=_describe_picture(prediction),
        why_text=_describe_map(explanation),
    )


def _describe_spacing(spacing: tuple[float, float]) -> str:
    return f"a pixel is {spacing[0]:.4g} x {spacing[1]:.4g} mm (row x column)"


def _describe_flags(prediction: Prediction, bundle: BundleInfo) -> tuple[Flag, ...]:
    decision = bundle.decision
    if decision is None or not prediction.prediction_set:
        return (
            Flag(
                "This model has no fitted decision: the probabilities are those of its class head "
                "alone, and nothing says when it is unsure.",
                is_alert=True,
            ),
        )
    flags = []
    malignant = prediction.class_prob[tuple(LesionClass).index(LesionClass.MALIGNANT)]
    if prediction.malignant_alert:
        flags.append(
            Flag(
                f"Malignant alert: the probability of malignant, {malignant:.1%}, is at or above "
                f"this model's alert threshold of {decision.malignant.threshold:.1%}.",
                is_alert=True,
            )
        )
    if prediction.unsure:
        why = next(iter(_unsure_notes(prediction)), "unsure, have it read")
        flags.append(Flag(f"{why[:1].upper()}{why[1:]}.", is_alert=True))
    if not flags:
        flags.append(
            Flag("No flag: the model is sure by its own rule, and no malignant alert.", False)
        )
    members = " or ".join(c.value for c in prediction.prediction_set)
    only = " only" if len(prediction.prediction_set) == 1 else ""
    flags.append(
        Flag(
            f"Cannot be ruled out: {members}{only} (sets made to hold the true class in "
            f"{decision.sets.coverage:.0%} of held-out cases).",
            is_alert=False,
        )
    )
    return tuple(flags)


def _unsure_notes(prediction: Prediction) -> tuple[str, ...]:
    """What the decision says of its doubt: a flag of the page, not a finding in the image."""
    return tuple(note for note in prediction.notes if note.startswith(UNSURE_NOTE))


def _measurement_rows(lesions: tuple[LesionMeasurement, ...]) -> tuple[TableRow, ...]:
    if not lesions:
        return ()

    def row(name: str, values: list[str]) -> TableRow:
        return TableRow(name, tuple((value,) for value in values))

    return (
        row("Longest diameter", [_describe_length(x, "longest") for x in lesions]),
        row("At right angles", [_describe_length(x, "perpendicular") for x in lesions]),
        row("Height", [_describe_length(x, "height") for x in lesions]),
        row("Width", [_describe_length(x, "width") for x in lesions]),
        row("Height to width", [f"{x.form.height_to_width:.2f}" for x in lesions]),
        row("Area", [format_area(x.size.area_px, x.size.area_mm2) for x in lesions]),
        row(
            "Depth, upper edge",
            [format_length(x.place.depth_top_px, x.place.depth_top_mm) for x in lesions],
        ),
        row("Echo against tissue", [_number(x.echo.ratio) for x in lesions]),
        row("Change behind it", [_number(x.posterior.change, sign="+") for x in lesions]),
    )


def _describe_length(lesion: LesionMeasurement, name: str) -> str:
    """E.g. "17.0 mm (16.7 to 17.3)"; the range is that of the soft border."""

    def show(size: LesionSize) -> str:
        return format_length(getattr(size, f"{name}_px"), getattr(size, f"{name}_mm"))

    text = show(lesion.size)
    if lesion.size_range is None:
        return text
    low, high = (show(s).split()[0] for s in (lesion.size_range.low, lesion.size_range.high))
    return f"{text} ({low} to {high})"


def _number(value: float | None, *, sign: str = "") -> str:
    return "not measurable" if value is None else f"{value:{sign}.2f}"


def _describe_measuring(prediction: Prediction) -> tuple[str, ...]:
    measured = prediction.measured
    if measured is None:
        return ("Lesions were not measured.",)
    if not measured.lesions:
        return ("No lesion is outlined.",)
    notes = []
    if measured.spacing_mm is None:
        notes.append(SCALE_UNKNOWN)
    if any(lesion.size_range is not None for lesion in measured.lesions):
        notes.append(RANGE_NOTE)
    for number, lesion in enumerate(measured.lesions[:LESIONS_SHOWN], 1):
        if lesion.is_lower_bound:
            edges = ", ".join(lesion.place.cut_edges)
            which = f"Lesion {number}" if len(measured.lesions) > 1 else "The lesion"
            notes.append(f"{which} is cut by an edge of the image ({edges}): it may be larger.")
    more = len(measured.lesions) - LESIONS_SHOWN
    if more > 0:
        notes.append(f"{more} more, smaller: not shown on this page.")
    return tuple(notes)


def _draft_rows(lesions: tuple[LesionMeasurement, ...]) -> tuple[TableRow, ...]:
    if not lesions:
        return ()
    return tuple(
        TableRow(
            name.capitalize(),
            tuple(
                _describe_word(getattr(lesion.draft, field), reasons=_REASONS_SHOWN[len(lesions)])
                for lesion in lesions
            ),
        )
        for field, name in DESCRIPTOR_NAMES.items()
    )


def _describe_word(descriptor: Descriptor[Any], *, reasons: int) -> tuple[str, ...]:
    """The word, and the numbers that decided on it: the last `reasons` that were compared."""
    word = "cannot be said" if descriptor.word is None else str(descriptor.word)
    numbers = ", ".join(
        f"{_name_figure(r.figure)} {_short(r.value)} (limit {r.threshold:g})"
        for r in descriptor.reasons[-reasons:]
    )
    return (word, numbers) if numbers else (word,)


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 10 else f"{value:.0f}"


def _name_figure(figure: str) -> str:
    name = figure.rpartition(".")[2].removeprefix("n_").removesuffix("_grey")
    return name.replace("_", " ")


def _describe_findings(prediction: Prediction) -> tuple[str, ...]:
    doubts = _unsure_notes(prediction)
    notes = [note for note in prediction.notes if note not in doubts]
    shown = [_clip(printable(note), FINDING_CHARACTERS) for note in notes[:FINDINGS_SHOWN]]
    more = len(notes) - FINDINGS_SHOWN
    if more > 0:
        shown.append(f"{more} more remarks: not shown on this page.")
    return tuple(shown) or ("None: nothing odd was found in the image.",)


def _describe_why(explanation: Explanation | None) -> tuple[str, ...]:
    if explanation is None:
        return ()
    figures = explanation.figures
    return (
        caption_evidence(figures),
        explanation.notice,
        f"{describe_method(figures)} Colour bar: {AXIS_LABEL}.",
    )


def _describe_map(explanation: Explanation | None) -> str:
    if explanation is None:
        return ""
    return (
        f"Map of what speaks for (orange) and against (blue) {explanation.figures.target}, over "
        f"the image. {caption_evidence(explanation.figures)}"
    )


def _describe_provenance(bundle: BundleInfo) -> tuple[tuple[str, str], ...]:
    return (
        ("Model", f"{bundle.label}, made {bundle.created}"),
        ("Model SHA-256", bundle.onnx_sha256 or "not stated"),
        ("Program", f"sonolesion {__version__}"),
    )


def _describe_picture(prediction: Prediction) -> str:
    sizes = caption_lesions(prediction.lesions)
    if not prediction.mask.any():
        return "Ultrasound image; no lesion is outlined."
    return (
        f"Ultrasound image with the outline of the lesion in orange, {prediction.mask_coverage:.1%}"
        f" of the image{', and its diameters in blue' if sizes else ''}. {sizes}"
    ).strip()


def _clip(text: str, characters: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= characters else f"{text[: characters - 3]}..."
