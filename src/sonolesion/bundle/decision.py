"""One answer from outline and class: the numbers that were fitted, and how they are applied.

A network gives a lesion map and class logits that may contradict each other. With z the logits
after the temperature, the log-odds of a lesion are

    u = intercept + class_weight * (log(exp(z_benign) + exp(z_malignant)) - z_normal)
        + peak_weight * logit(peak) - logit(threshold)

and P(lesion) = sigmoid(u), which benign and malignant share in the ratio of their calibrated
conditional probabilities, exp(z_benign) : exp(z_malignant). The label is the most probable of the
three, always, so label, mask and probabilities cannot disagree. A threshold of 0.5 leaves the
fitted probabilities as they are; another one is folded into u, and whoever asks for it pays in
calibration. Why the label is the argmax and not "P(lesion) at or above the threshold":
docs/decisions/0003-joint-decision.md.

Everything here was fitted on held-out outputs by `sonolesion.calibration`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.metrics.probability import softmax
from sonolesion.types import CLASS_INDEX, LesionClass

PEAK_SHARE = 0.001
"""Share of the square's pixels whose mean is the lesion peak."""

PEAK_RANGE = (1e-4, 1.0 - 1e-4)
"""A peak is moved into this range before its logit is taken."""

_NORMAL = CLASS_INDEX[LesionClass.NORMAL]
_BENIGN = CLASS_INDEX[LesionClass.BENIGN]
_MALIGNANT = CLASS_INDEX[LesionClass.MALIGNANT]


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Whether there is a lesion: a logistic regression on class logits and lesion peak.

    Attributes:
        intercept: w0.
        class_weight: w1 >= 0, of the class head's log-odds of a lesion, after the temperature.
        peak_weight: w2 >= 0, of the logit of the lesion peak.
        threshold: P(lesion) of the regression that becomes 0.5; 0.5 changes nothing.
        n_lesion, n_normal: held-out cases behind the fit. Without normals there is no fit: then
            the class head's own probabilities are taken (weights 0, 1, 0).
    """

    intercept: float
    class_weight: float
    peak_weight: float
    threshold: float = 0.5
    n_lesion: int
    n_normal: int

    @property
    def is_fitted(self) -> bool:
        """Whether the weights were fitted; False where no normal was held out."""
        return self.n_normal > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MalignantPoint:
    """The frozen operating point of the malignant alert.

    Attributes:
        threshold: alert where p_malignant is at or above it.
        sensitivity, specificity: on the held-out outputs that it was chosen on, malignant
            against the rest.
        n_malignant, n_other: cases behind the two.
    """

    threshold: float
    sensitivity: float
    specificity: float
    n_malignant: int
    n_other: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSets:
    """Which classes cannot be ruled out: class-conditional split-conformal sets.

    A class is in an image's set where its probability is at least `min_prob`. Of new cases of a
    class, at least the share `guaranteed(class)` then have it in their set, provided they come as
    the held-out ones came.

    Attributes:
        coverage: the share aimed at, (0, 1).
        min_prob: per class; a class is in the set at or above it.
        n: held-out cases per class. A class without any is in a set only as the label.
    """

    coverage: float
    min_prob: tuple[float, float, float]
    n: tuple[int, int, int]

    def rank(self, label: LesionClass) -> int:
        """Which of the class's held-out probabilities, from the lowest, is its `min_prob`."""
        return conformal_rank(self.n[CLASS_INDEX[label]], self.coverage)

    def guaranteed(self, label: LesionClass) -> float:
        """Coverage that holds for a class, [0, 1]: `coverage`, or n / (n + 1) where n is small."""
        n = self.n[CLASS_INDEX[label]]
        return 1.0 - self.rank(label) / (n + 1) if n else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskPoint:
    """One point of the held-out coverage-risk curve.

    Attributes:
        min_confidence: answers at least this confident are kept.
        coverage: share of all answers kept.
        risk: share of wrong ones among the kept.
    """

    min_confidence: float
    coverage: float
    risk: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsureRule:
    """When an answer is "unsure, have it read".

    Sure is an answer whose set held its label and nothing else, with a confidence at or above
    `min_confidence`.

    Attributes:
        min_confidence: [0.5, 1].
        max_risk: share of wrong answers among the sure held-out ones that was allowed.
        sure_share: share of the held-out answers that are sure.
        sure_risk: share of wrong ones among these; 0 where none is sure.
        curve: risk by confidence alone, the strictest point first.
    """

    min_confidence: float
    max_risk: float
    sure_share: float
    sure_risk: float
    curve: tuple[RiskPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """All that turns a network's two answers into one.

    Attributes:
        presence: whether there is a lesion.
        malignant: operating point of the malignant alert.
        sets: which classes cannot be ruled out.
        unsure: when to have an image read.
    """

    presence: Presence
    malignant: MalignantPoint
    sets: ClassSets
    unsure: UnsureRule


@dataclass(frozen=True, slots=True)
class JointAnswers:
    """The joint answers of N images.

    Attributes:
        class_prob: float64 (N, 3), rows sum to 1.
        predicted: int64 (N,), class indices: the argmax of `class_prob`.
        in_set: bool (N, 3), the classes that cannot be ruled out, the label always among them.
        is_untypical: bool (N,), where no class reached its `min_prob` and the set holds the label
            only so as not to be empty.
        unsure: bool (N,), have it read.
        malignant_alert: bool (N,), p_malignant at or above the operating point.
    """

    class_prob: NDArray[np.float64]
    predicted: NDArray[np.int64]
    in_set: NDArray[np.bool_]
    is_untypical: NDArray[np.bool_]
    unsure: NDArray[np.bool_]
    malignant_alert: NDArray[np.bool_]


def conformal_rank(n: int, coverage: float) -> int:
    """Rank, from the lowest, of the held-out probability that a set asks of a class.

    It is the k-th of n with k the largest number for which k / (n + 1) <= 1 - coverage, but at
    least 1: below 19 cases no set but "always" keeps 0.95, which would make every answer unsure.

    >>> [conformal_rank(n, 0.95) for n in (1, 18, 19, 39, 133)]
    [1, 1, 1, 2, 6]
    """
    return max(1, int((n + 1) * (1.0 - coverage) + 1e-9))


def measure_peak(lesion_prob: NDArray[np.floating]) -> float:
    """Robust maximum of a lesion map: the mean of its highest 0.1 % of pixels, at least one.

    Args:
        lesion_prob: float (S, S) in [0, 1], in the network's square.

    Returns:
        The peak in [0, 1]; 0 for an array without pixels.

    >>> measure_peak(np.array([[0.25, 0.0], [0.75, 0.5]]))
    0.75
    """
    if lesion_prob.size == 0:
        return 0.0
    count = max(1, int(lesion_prob.size * PEAK_SHARE))
    highest = np.partition(lesion_prob, lesion_prob.size - count, axis=None)[-count:]
    return float(highest.mean(dtype=np.float64))


def presence_features(
    class_logits: NDArray[np.float64],
    *,
    temperature: float,
    lesion_peak: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The two numbers that say whether there is a lesion, float64 (N, 2).

    Args:
        class_logits: float64 (N, 3), before the temperature.
        temperature: they are divided by it.
        lesion_peak: float64 (N,) in [0, 1], from `measure_peak`.
    """
    z = class_logits / temperature
    of_class = np.logaddexp(z[:, _BENIGN], z[:, _MALIGNANT]) - z[:, _NORMAL]
    peak = np.clip(lesion_peak, *PEAK_RANGE)
    return np.stack([of_class, np.log(peak) - np.log1p(-peak)], axis=1)


def joint_probabilities(
    presence: Presence,
    class_logits: NDArray[np.float64],
    *,
    temperature: float,
    lesion_peak: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Joint class probabilities of N images, float64 (N, 3); rows sum to 1.

    Args:
        presence: the fitted numbers.
        class_logits: float64 (N, 3), before the temperature.
        temperature: of the bundle.
        lesion_peak: float64 (N,) in [0, 1].
    """
    features = presence_features(class_logits, temperature=temperature, lesion_peak=lesion_peak)
    weights = np.array([presence.class_weight, presence.peak_weight])
    log_odds = presence.intercept + features @ weights
    log_odds -= np.log(presence.threshold) - np.log1p(-presence.threshold)
    types = class_logits[:, [_BENIGN, _MALIGNANT]] / temperature
    log_share = types - np.logaddexp(types[:, 0], types[:, 1])[:, None]
    scores = np.zeros((len(class_logits), len(LesionClass)))
    scores[:, [_BENIGN, _MALIGNANT]] = log_odds[:, None] + log_share
    return softmax(scores)


def find_sets(sets: ClassSets, class_prob: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark the classes that reach their `min_prob`, bool (N, 3); a row may be empty."""
    return np.asarray((class_prob >= np.array(sets.min_prob)) & (np.array(sets.n) > 0))


def is_only_label(in_set: NDArray[np.bool_], predicted: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell where a set bool (N, 3) holds the label int64 (N,) and nothing else; bool (N,)."""
    holds_label = in_set[np.arange(len(predicted)), predicted]
    return np.asarray(holds_label & (in_set.sum(axis=1) == 1))


def apply_decision(decision: Decision, class_prob: NDArray[np.float64]) -> JointAnswers:
    """Turn joint probabilities float64 (N, 3) into answers."""
    predicted = class_prob.argmax(axis=1).astype(np.int64)
    found = find_sets(decision.sets, class_prob)
    sure = is_only_label(found, predicted)
    sure &= class_prob.max(axis=1) >= decision.unsure.min_confidence
    in_set = found.copy()
    in_set[np.arange(len(predicted)), predicted] = True
    return JointAnswers(
        class_prob=class_prob,
        predicted=predicted,
        in_set=in_set,
        is_untypical=np.asarray(~found.any(axis=1)),
        unsure=~sure,
        malignant_alert=class_prob[:, _MALIGNANT] >= decision.malignant.threshold,
    )
