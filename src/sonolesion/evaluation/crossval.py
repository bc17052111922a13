"""One report over the held-out cases of several trainings.

::

    OUT/out_of_fold.csv          every held-out case once, with its data set and round
    OUT/report.html, ...         the report of `evaluate` over all of them
    OUT/DATASET/report.html, ... the same for each data set, where there are several
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sonolesion.bundle.schema import BundleInfo
from sonolesion.data.manifest import Manifest
from sonolesion.data.rounds import TEST, Round
from sonolesion.evaluation.case_table import CASE_COLUMNS, ScoredCase, case_cells
from sonolesion.evaluation.evaluator import write_report
from sonolesion.evaluation.report import EvaluationReport, build_report
from sonolesion.evaluation.scoring import score_cases
from sonolesion.evaluation.settings import CasePredictor, EvaluationSettings
from sonolesion.files import atomic_write_csv, make_folder

OUT_OF_FOLD_NAME = "out_of_fold.csv"
PART = "out-of-fold"


@dataclass(frozen=True, slots=True)
class ScoredRound:
    """The held-out cases of one round, scored by the model that has not seen them."""

    round: Round
    cases: tuple[ScoredCase, ...]


def score_round(
    predictor: CasePredictor,
    round_: Round,
    *,
    settings: EvaluationSettings,
    progress: Callable[[int, int, str], None] | None = None,
) -> ScoredRound:
    """Score the part "test" of a round.

    Raises:
        InvalidInputError: the round tests on nothing.
        DatasetError: a raw data set is not where its manifest says.
    """
    part = dataclasses.replace(settings, part=TEST)
    cases = score_cases(predictor, round_.manifest, settings=part, progress=progress)
    return ScoredRound(round_, cases)


def report_rounds(
    rounds: Sequence[ScoredRound],
    manifest: Manifest,
    out: Path,
    *,
    settings: EvaluationSettings,
    bundle: BundleInfo,
) -> Mapping[str, EvaluationReport]:
    """Write one report over all rounds, and one for each data set where there are several.

    Args:
        rounds: with at least one case.
        manifest: all rows with their own folds; its split is the one that is named.
        out: folder of the reports.
        settings: bootstrap and gallery.
        bundle: what the models have in common; its name heads the report.

    Returns:
        "all", and then each data set's name -> its report.

    Raises:
        OutputWriteError: a file cannot be written.
    """
    make_folder(out)
    settings = dataclasses.replace(settings, part=PART)
    cases = tuple(case for scored in rounds for case in scored.cases)
    _write_table(out / OUT_OF_FOLD_NAME, rounds)
    chosen = {"all": (cases, out)}
    names = sorted({case.row.dataset for case in cases})
    if len(names) > 1:
        for name in names:
            chosen[name] = (tuple(c for c in cases if c.row.dataset == name), out / name)
    reports: dict[str, EvaluationReport] = {}
    for name, (some, folder) in chosen.items():
        reports[name] = build_report(some, manifest, settings=settings, bundle=bundle)
        write_report(reports[name], some, manifest, make_folder(folder))
    return reports


def _write_table(path: Path, rounds: Sequence[ScoredRound]) -> None:
    rows = (
        {"dataset": case.row.dataset, "round": scored.round.name, **case_cells(case.result)}
        for scored in rounds
        for case in scored.cases
    )
    atomic_write_csv(path, ("dataset", "round", *CASE_COLUMNS), rows)
