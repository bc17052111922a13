"""Everything that an evaluation found, as one value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sonolesion.bundle import Decision
from sonolesion.bundle.schema import BundleInfo
from sonolesion.data.manifest import Manifest, SplitRecord
from sonolesion.evaluation.case_table import CaseResult, ScoredCase
from sonolesion.evaluation.classification import (
    ClassificationFigures,
    class_table,
    classification_figures,
)
from sonolesion.evaluation.decision_figures import UNFITTED_PRESENCE, decision_figures
from sonolesion.evaluation.estimate import Estimate, Estimator, figure_named
from sonolesion.evaluation.gallery import is_false_positive_normal, is_missed_malignant
from sonolesion.evaluation.segmentation import OrderSpread, lesion_figures, mission_figures
from sonolesion.evaluation.settings import Convention, EvaluationSettings
from sonolesion.evaluation.subgroups import subgroup_figures
from sonolesion.types import LesionClass

MISSION_LEAK = (
    "This split leaks: the mission's random split puts near-duplicates of about 29 % of the test "
    "images into training. The figures are too good and serve only to stand beside the "
    "published ones."
)


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """What an evaluation found.

    Attributes:
        settings: what was asked for.
        record: how the split came about.
        bundle: the model; None when the caller did not say.
        results: one row per case, in the order scored.
        lesion: figures of lesion cases and of normals, never mixed, and pixel accuracy where
            `mission` does not hold it.
        mission: the published program's three figures; empty in the honest convention.
        order: spread of the mission's batch Dice over orders; None in the honest convention.
        classification: all classification figures.
        decision: figures of the bundle's joint decision; empty without one, and in the mission
            convention, which counts the network's two answers as they are.
        subgroups: Dice by subgroup, the worst first.
        warnings: what a reader must know before the figures.
    """

    settings: EvaluationSettings
    record: SplitRecord
    bundle: BundleInfo | None
    results: tuple[CaseResult, ...]
    lesion: tuple[Estimate, ...]
    mission: tuple[Estimate, ...]
    order: OrderSpread | None
    classification: ClassificationFigures
    decision: tuple[Estimate, ...]
    subgroups: tuple[Estimate, ...]
    warnings: tuple[str, ...]

    @property
    def failures(self) -> tuple[CaseResult, ...]:
        """Cases without a prediction."""
        return tuple(r for r in self.results if r.error)

    @property
    def missed_malignant(self) -> tuple[CaseResult, ...]:
        """Malignant cases read as another class, or without a mark on the lesion."""
        return tuple(r for r in self.results if is_missed_malignant(r))

    @property
    def false_positive_normals(self) -> tuple[CaseResult, ...]:
        """Normal cases with a mark, or read as a lesion class."""
        return tuple(r for r in self.results if is_false_positive_normal(r))

    @property
    def class_counts(self) -> dict[LesionClass, int]:
        """Cases of each class."""
        counts = Counter(r.label for r in self.results)
        return {label: counts[label] for label in LesionClass}

    @property
    def bundle_label(self) -> str:
        """Name and version of the model, or "not stated"."""
        return self.bundle.label if self.bundle is not None else "not stated"

    def figure(self, key: str) -> Estimate:
        """Return the figure of a key, wherever it stands.

        Raises:
            KeyError: no such figure.
        """
        return figure_named(self.all_figures(), key)

    def all_figures(self) -> tuple[Estimate, ...]:
        """All figures, subgroups included."""
        parts = self.classification
        per_class = tuple(row for rows in parts.per_class.values() for row in rows)
        return (
            *self.lesion, *self.mission, *parts.overall, *per_class, *parts.ranking,
            *parts.calibration, *self.decision, *self.subgroups,
        )  # fmt: skip


def build_report(
    cases: Sequence[ScoredCase],
    manifest: Manifest,
    *,
    settings: EvaluationSettings,
    bundle: BundleInfo | None = None,
) -> EvaluationReport:
    """Estimate every figure of the scored cases of a part (at least one)."""
    estimator = Estimator(settings.resamples, settings.seed)
    results = tuple(case.result for case in cases)
    mission: tuple[Estimate, ...] = ()
    order: OrderSpread | None = None
    if settings.convention is Convention.MISSION:
        mission, order = mission_figures(cases, estimator)
    lesion = lesion_figures(results, estimator)
    decision = _shown_decision(settings, bundle)
    return EvaluationReport(
        settings=settings,
        record=manifest.record,
        bundle=bundle,
        results=results,
        lesion=tuple(row for row in lesion if row.key not in {m.key for m in mission}),
        mission=mission,
        order=order,
        classification=classification_figures(class_table(results), estimator),
        decision=decision_figures(results, decision, estimator) if decision is not None else (),
        subgroups=subgroup_figures(results, estimator),
        warnings=_warnings(results, manifest, settings, bundle),
    )


def _shown_decision(settings: EvaluationSettings, bundle: BundleInfo | None) -> Decision | None:
    """The decision that the scored answers were made with, if any was."""
    if bundle is None or settings.convention is Convention.MISSION:
        return None
    return bundle.decision


def _warnings(
    results: Sequence[CaseResult],
    manifest: Manifest,
    settings: EvaluationSettings,
    bundle: BundleInfo | None,
) -> tuple[str, ...]:
    found: list[str] = []
    record = manifest.record
    if record.protocol == "mission":
        found.append(MISSION_LEAK)
    trained_on = "" if bundle is None else str(bundle.training.get("split_hash", ""))
    here = {row.dataset for row in manifest.rows}
    known = set() if bundle is None else set(bundle.training.get("datasets", here))
    if trained_on and trained_on != record.split_hash and here & known:
        found.append(
            f"The bundle was trained on split {trained_on}, these cases are of split "
            f"{record.split_hash}: some of them may have been seen in training."
        )
    decision = _shown_decision(settings, bundle)
    if decision is not None and not decision.presence.is_fitted:
        found.append(UNFITTED_PRESENCE)
    if settings.part in {"train", "left_out"}:
        found.append(f"These are the cases of the part {settings.part!r}, not held-out ones.")
    failed = sum(1 for r in results if r.error)
    if failed:
        found.append(
            f"{failed} of {len(results)} cases have no prediction and are counted as the worst "
            "answer; they are listed below."
        )
    unmarked = sum(1 for r in results if r.is_lesion and not r.has_truth)
    if unmarked:
        found.append(
            f"{unmarked} cases of a lesion class have an empty true mask; lesion figures leave "
            "them out."
        )
    return tuple(found)
