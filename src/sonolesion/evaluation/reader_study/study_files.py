"""Write everything that a study gives into one folder.

::

    OUT/report.html, report.json                 start with the page
    OUT/figures.csv, readers.csv, agreement.csv, changes.csv, times.csv, missing.csv
    OUT/plots/NAME.png and NAME.csv
    OUT/exchange/imrmc.csv, study.imrmc, imrmc_names.csv, wide.csv       for other software
"""

from __future__ import annotations

from pathlib import Path

from sonolesion.evaluation.plot import write_plot
from sonolesion.evaluation.reader_study.exchange import write_exchange
from sonolesion.evaluation.reader_study.study_json import study_to_json
from sonolesion.evaluation.reader_study.study_page import render_study_page
from sonolesion.evaluation.reader_study.study_plots import draw_study
from sonolesion.evaluation.reader_study.study_report import StudyReport
from sonolesion.evaluation.reader_study.study_tables import write_tables
from sonolesion.files import atomic_write_json, atomic_write_text, make_folder

JSON_NAME, PAGE_NAME, PLOTS_FOLDER, EXCHANGE_FOLDER = (
    "report.json", "report.html", "plots", "exchange"
)  # fmt: skip


def write_study(report: StudyReport, out: Path) -> None:
    """Write the report, tables, plots and exchange files; `report.json` comes last.

    Raises:
        OutputWriteError: a file cannot be written.
    """
    make_folder(out)
    plots = draw_study(report)
    for plot in plots:
        write_plot(plot, out / PLOTS_FOLDER)
    write_tables(report, out)
    title = f"Reader study {report.name}".strip()
    write_exchange(report.table, out / EXCHANGE_FOLDER, title=" ".join(title.split()))
    atomic_write_text(out / PAGE_NAME, render_study_page(report, plots))
    atomic_write_json(out / JSON_NAME, study_to_json(report))
