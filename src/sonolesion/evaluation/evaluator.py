"""Score a bundle on a part of a prepared data set and write the whole report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sonolesion.bundle.schema import BundleInfo
from sonolesion.data.manifest import Manifest
from sonolesion.evaluation.case_table import ScoredCase, write_case_table
from sonolesion.evaluation.class_plots import draw_classification
from sonolesion.evaluation.classification import class_table
from sonolesion.evaluation.estimate import Estimator
from sonolesion.evaluation.gallery import choose_gallery
from sonolesion.evaluation.json_report import report_to_json
from sonolesion.evaluation.lesion_plots import draw_dice_by_size
from sonolesion.evaluation.page import render_page
from sonolesion.evaluation.plot import write_plot
from sonolesion.evaluation.report import EvaluationReport, build_report
from sonolesion.evaluation.scoring import Progress, find_dataset_root, score_cases
from sonolesion.evaluation.settings import CasePredictor, EvaluationSettings
from sonolesion.evaluation.text_report import report_to_text
from sonolesion.files import atomic_write_json, atomic_write_text, make_folder

PLOTS_FOLDER = "plots"


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """Names of what an evaluation writes into its folder."""

    cases: str = "cases.csv"
    text: str = "evaluation_results.txt"
    page: str = "report.html"
    json: str = "report.json"


FILES = ReportFiles()


def evaluate(
    predictor: CasePredictor,
    manifest: Manifest,
    out: Path,
    *,
    settings: EvaluationSettings,
    bundle: BundleInfo | None = None,
    progress: Progress | None = None,
) -> EvaluationReport:
    """Predict and score every case of a part, then write the report.

    Nothing is written before the last case is scored; `report.json` comes last, so that a folder
    with one is complete.

    Args:
        predictor: anything with `predict` and `predict_square`, e.g. a `Predictor`.
        manifest: the prepared data set.
        out: folder of the report; files of an earlier one are replaced.
        settings: part, convention, bootstrap, gallery.
        bundle: what the model says of itself, for the report's head; `predictor.info`.
        progress: called after each case with (done, total, case id).

    Returns:
        Everything that was found; `failures` lists the cases without a prediction.

    Raises:
        InvalidInputError: the manifest has no such part.
        DatasetError: the raw data set is not where the manifest says.
        OutputWriteError: the folder cannot be written (checked before the first case).
    """
    make_folder(out)
    cases = score_cases(predictor, manifest, settings=settings, progress=progress)
    report = build_report(cases, manifest, settings=settings, bundle=bundle)
    write_report(report, cases, manifest, out)
    return report


def write_report(
    report: EvaluationReport, cases: tuple[ScoredCase, ...], manifest: Manifest, out: Path
) -> None:
    """Write cases.csv, plots/, evaluation_results.txt, report.html and report.json into `out`.

    Raises:
        OutputWriteError: a file cannot be written.
    """
    settings = report.settings
    table = class_table(report.results)
    estimator = Estimator(settings.resamples, settings.seed)
    plots = (
        *draw_classification(table, report.classification, estimator),
        draw_dice_by_size(report.results),
    )
    write_case_table(out / FILES.cases, report.results)
    for plot in plots:
        write_plot(plot, out / PLOTS_FOLDER)
    atomic_write_text(out / FILES.text, report_to_text(report))
    page = render_page(
        report,
        gallery=choose_gallery(cases, count=settings.gallery),
        plots=plots,
        root=find_dataset_root(manifest, settings),
    )
    atomic_write_text(out / FILES.page, page)
    atomic_write_json(out / FILES.json, report_to_json(report))
