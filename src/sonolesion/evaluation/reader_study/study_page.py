"""`report.html` of a study: one page with everything inside, no address outside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sonolesion import __version__
from sonolesion.evaluation.plot import Plot, inline_svg
from sonolesion.evaluation.reader_study.measures import ARM_LABELS, MEASURE_LABELS, Measure
from sonolesion.evaluation.reader_study.read_times import ArmSeconds
from sonolesion.evaluation.reader_study.study_figure import StudyFigure
from sonolesion.evaluation.reader_study.study_report import StudyReport
from sonolesion.types import CLASS_NAMES, RESEARCH_USE_ONLY

_METHOD = (
    "AUC is the area under the empirical ROC curve, ties counting half. Sensitivity is the share "
    "of malignant cases that were called malignant, specificity the share of the others that were "
    "not; each is averaged over readers.",
    "Where every reader has read every case in every arm, intervals and p-values count readers "
    "and cases as random (Obuchowski and Rockette's analysis of variance with Hillis's degrees of "
    "freedom): they say what other readers like these would do on other cases like these. Beside "
    "them stand those of a bootstrap that draws readers and cases with replacement, which needs no "
    "such model and is rather too wide. In any other design the bootstrap stands alone.",
    "A comparison uses pairs only: a read whose partner in the other arm is missing is left out. "
    "One reader's own figures hold for that reader: only cases are random.",
    "Kappa is agreement beyond chance: over BI-RADS categories with quadratic weights, over calls "
    "without. Its intervals draw cases; the readers are these readers. No p-value is corrected "
    "for the number of figures on this page: name the main one before the study.",
)


@dataclass(frozen=True, slots=True)
class _PlotOnPage:
    title: str
    svg: str


def render_study_page(report: StudyReport, plots: Sequence[Plot]) -> str:
    """Render the page: a complete HTML document, names escaped, no script, nothing loaded."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("sonolesion.evaluation", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
    )
    # matplotlib has escaped every text of the drawing
    shown = {p.name: _PlotOnPage(p.title, Markup(inline_svg(p))) for p in plots}  # noqa: S704 drawn by us
    counts = Counter(label.value for label in report.table.truth)
    return environment.get_template("reader_study.html.j2").render(
        report=report,
        notice=RESEARCH_USE_ONLY,
        version=__version__,
        plots=shown,
        counts=[(name, counts[name]) for name in CLASS_NAMES if counts[name]],
        n_reads=int(report.table.was_read.sum()),
        headline=_headline(report),
        measure_labels=MEASURE_LABELS,
        arm_labels=ARM_LABELS,
        seconds=_seconds_of_all(report),
        method=(*_METHOD, report.settings.rule.text()),
        provenance=_provenance(report),
    )


def _headline(report: StudyReport) -> list[StudyFigure]:
    """AUC per arm and difference first; then the differences of the calls, and of the time."""
    auc = report.measure(Measure.AUC)
    figures = [*auc.arms, auc.difference] if auc else []
    for measure in (Measure.SENSITIVITY, Measure.SPECIFICITY):
        found = report.measure(measure)
        if found:
            figures.append(found.difference or found.arms[0])
    if report.times and report.times.ratio:
        figures.append(report.times.ratio)
    return [figure for figure in figures if figure is not None]


def _seconds_of_all(report: StudyReport) -> list[ArmSeconds]:
    return [row for row in report.times.seconds if not row.reader] if report.times else []


def _provenance(report: StudyReport) -> list[tuple[str, str]]:
    settings = report.settings
    rows = [
        ("Study", report.name or "without a name"),
        ("Covariances of AUCs", settings.covariance.value),
        ("Bootstrap", f"{settings.resamples} resamples, seed {settings.seed}"),
    ]
    if report.model is not None:
        threshold = f"malignant from {settings.model_threshold_prob:g}"
        rows.append(("Model's scores", f"{report.model.name}, {threshold}"))
    if settings.command:
        rows.append(("Command", settings.command))
    return rows
