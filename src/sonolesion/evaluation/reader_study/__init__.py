"""The figures of a multi-reader multi-case study: readers alone, and with the model beside them.

::

    rows.csv -> rows.read_rows -> study_table.build_table -> study_report.build_report
             -> study_files.write_study: report.json, tables, plots, one page, exchange files

Only numpy; methods and sources are in docs/explanation/reader-study.md.
"""
