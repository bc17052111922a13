"""The answer to an image and the draft of a lesion, in the sentences of the report."""

from __future__ import annotations

from sonolesion.inference.measure import LexiconDraft
from sonolesion.types import CLASS_NAMES, LesionClass, Prediction
from sonolesion.types.notice import OUTLINE_EDITED

PERCENT = 100.0
_DIGITS = 2


def malignant_percent(prediction: Prediction) -> float:
    """Probability of malignant in percent, [0, 100], to two digits."""
    index = CLASS_NAMES.index(LesionClass.MALIGNANT.value)
    return round(PERCENT * float(prediction.class_prob[index]), _DIGITS)


def describe_answer(prediction: Prediction) -> tuple[str, ...]:
    """What is said of the whole image, one sentence each.

    Name of the input and notes are left out: they come from outside.
    """
    pairs = zip(CLASS_NAMES, prediction.class_prob, strict=True)
    shares = ", ".join(f"{name} {PERCENT * float(p):.{_DIGITS}f} %" for name, p in pairs)
    sentences = [f"Class of the image: {prediction.label.value}. Probabilities: {shares}."]
    if prediction.prediction_set:
        members = ", ".join(c.value for c in prediction.prediction_set)
        sentences.append(f"Classes that cannot be ruled out: {members}.")
    if prediction.unsure:
        sentences.append("Unsure: have the image read.")
    if prediction.malignant_alert:
        sentences.append("Malignant alert: at or above the operating point of the model.")
    if prediction.disagreement:
        sentences.append("The outline alone and the class alone contradicted each other.")
    if OUTLINE_EDITED in prediction.notes:
        sentences.append("The outline was edited by a reader; it is not the model's own.")
    if not prediction.mask.any():
        sentences.append("No lesion was outlined: there is no segmentation and no measurement.")
    return tuple(sentences)


def describe_draft(draft: LexiconDraft) -> str:
    """The words of the lexicon for one lesion, marked as a draft."""
    named = (
        ("shape", draft.shape.word),
        ("orientation", draft.orientation.word),
        ("margin", draft.margin.word),
        ("echo pattern", draft.echo_pattern.word),
        ("posterior features", draft.posterior.word),
    )
    words = "; ".join(f"{name}: {'not determined' if w is None else w.value}" for name, w in named)
    return f"DRAFT description in words of the BI-RADS lexicon. {words}. {draft.notice}"
