"""The words of a report; both of its forms show the same."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from report_case import INFO, ONE, TWO, make_case, make_fullest, make_map

from sonolesion import __version__
from sonolesion.errors import InvalidInputError
from sonolesion.types import LesionClass
from sonolesion.writers.case_extras import CaseExtras, ReportKind, parse_extras
from sonolesion.writers.case_pictures import LONGEST_SIDE_PX, draw_case
from sonolesion.writers.case_report import (
    DEFAULT_TITLE,
    FINDING_CHARACTERS,
    FINDINGS_SHOWN,
    describe_case,
)


def test_the_answer_and_its_bars() -> None:
    case = describe_case(make_case()[1], bundle=INFO)
    assert (case.answer, case.confidence) == ("Benign", "87.0%")
    assert [(bar.name, bar.prob, bar.is_answer) for bar in case.bars] == [
        ("normal", 0.05, False), ("benign", 0.87, True), ("malignant", 0.08, False)
    ]  # fmt: skip
    assert case.notice == "Research use only, not a medical device."
    assert case.title == DEFAULT_TITLE


def test_a_sure_answer_says_so_and_what_is_left() -> None:
    flags = describe_case(make_case()[1], bundle=INFO).flags
    assert [flag.is_alert for flag in flags] == [False, False]
    assert flags[0].text.startswith("No flag")
    assert flags[1].text.startswith("Cannot be ruled out: benign only (sets made to hold")
    assert "95%" in flags[1].text


def test_alert_and_doubt_are_said_in_words() -> None:
    _, prediction = make_case(
        class_prob=np.array([0.1, 0.46, 0.44]),
        prediction_set=(LesionClass.BENIGN, LesionClass.MALIGNANT),
        unsure=True,
        malignant_alert=True,
        notes=("unsure, have it read: could be benign or malignant", "EXIF orientation applied"),
    )
    case = describe_case(prediction, bundle=INFO)
    assert [flag.text for flag in case.flags] == [
        "Malignant alert: the probability of malignant, 44.0%, is at or above this model's alert "
        "threshold of 30.0%.",
        "Unsure, have it read: could be benign or malignant.",
        "Cannot be ruled out: benign or malignant (sets made to hold the true class in 95% of "
        "held-out cases).",
    ]
    assert [flag.is_alert for flag in case.flags] == [True, True, False]
    assert case.findings == ("EXIF orientation applied",)


def test_a_model_without_a_decision_says_that_nothing_is_flagged() -> None:
    bundle = dataclasses.replace(INFO, decision=None)
    (flag,) = describe_case(make_case(prediction_set=())[1], bundle=bundle).flags
    assert flag.is_alert
    assert "no fitted decision" in flag.text


def test_measurements_have_units_and_ranges() -> None:
    _, prediction = make_case(ONE, spacing_mm=(0.1, 0.1))
    case = describe_case(prediction, bundle=INFO)
    size = prediction.lesions[0].size
    ends = prediction.lesions[0].size_range
    assert ends is not None
    rows = {row.name: row.cells[0] for row in case.measurements}
    assert rows["Longest diameter"] == (
        f"{size.longest_mm:.1f} mm ({ends.low.longest_mm:.1f} to {ends.high.longest_mm:.1f})",
    )
    assert rows["Area"] == (f"{size.area_mm2:.1f} mm2",)
    assert case.lesion_names == ("Lesion",)
    assert "confidence interval" in case.measurement_notes[0]


def test_without_a_scale_sizes_are_plainly_in_px() -> None:
    case = describe_case(make_case(spacing_mm=None)[1], bundle=INFO)
    assert case.image == "320 x 240 px, size of a pixel unknown"
    assert case.measurement_notes[0] == "Scale unknown: sizes are in pixels."
    assert " px (" in case.measurements[0].cells[0][0]


def test_the_draft_has_the_number_behind_each_word() -> None:
    _, prediction = make_case()
    case = describe_case(prediction, bundle=INFO)
    assert [row.name for row in case.draft] == [
        "Shape", "Orientation", "Margin", "Echo pattern", "Posterior features"
    ]  # fmt: skip
    reason = prediction.lesions[0].draft.orientation.reasons[-1]
    word, numbers = case.draft[1].cells[0]
    assert word == prediction.lesions[0].draft.orientation.word
    assert numbers == f"height to width {reason.value:.2f} (limit {reason.threshold:g})"
    assert case.draft_notice.startswith("Draft from measurements")


def test_two_lesions_have_two_columns_and_more_are_counted() -> None:
    case = describe_case(make_case(TWO)[1], bundle=INFO)
    assert case.lesion_names == ("Lesion 1", "Lesion 2")
    assert {len(row.cells) for row in (*case.measurements, *case.draft)} == {2}
    _, prediction, _, _ = make_fullest()
    notes = describe_case(prediction, bundle=INFO).measurement_notes
    assert "Lesion 1 is cut by an edge of the image (top): it may be larger." in notes
    assert notes[-1] == "1 more, smaller: not shown on this page."


def test_nothing_outlined_and_nothing_measured() -> None:
    case = describe_case(make_case(())[1], bundle=INFO)
    assert (case.measurements, case.draft) == ((), ())
    assert case.measurement_notes == ("No lesion is outlined.",)
    assert case.picture_text == "Ultrasound image; no lesion is outlined."
    unmeasured = dataclasses.replace(make_case()[1], measured=None)
    assert describe_case(unmeasured, bundle=INFO).measurement_notes == (
        "Lesions were not measured.",
    )


def test_long_and_many_remarks_are_cut_and_counted() -> None:
    _, prediction, _, title = make_fullest()
    case = describe_case(prediction, bundle=INFO, title=title)
    assert len(case.findings) == FINDINGS_SHOWN + 1
    assert max(map(len, case.findings)) == FINDING_CHARACTERS
    assert case.findings[-1] == "5 more remarks: not shown on this page."
    assert len(case.title) == 80
    assert case.title.endswith("...")


def test_where_it_comes_from() -> None:
    origin = dict(describe_case(make_case()[1], bundle=INFO).provenance)
    assert origin == {
        "Model": "tiny 0.1, made 2026-11-30",
        "Model SHA-256": "ab" * 32,
        "Program": f"sonolesion {__version__}",
    }


def test_the_input_has_no_name_on_the_page() -> None:
    _, prediction = make_case(source="clinic/Jane Doe/1970-01-01.dcm")
    assert "Jane" not in repr(
        describe_case(prediction, bundle=INFO, explanation=make_map((240, 320)))
    )


def test_the_map_is_put_into_words() -> None:
    case = describe_case(make_case()[1], bundle=INFO, explanation=make_map((240, 320)))
    assert case.why[0].startswith("50% of what speaks for benign lies inside the outline")
    assert "does not show where disease is" in case.why[1]
    assert case.why_text.startswith("Map of what speaks for (orange) and against (blue) benign")
    assert describe_case(make_case()[1], bundle=INFO).why == ()


def test_pictures_have_one_size() -> None:
    pixels, prediction = make_case()
    drawn = draw_case(pixels, prediction, make_map(pixels.shape))
    assert drawn.why is not None
    assert drawn.outline.shape == drawn.why.shape == (750, LONGEST_SIDE_PX, 3)
    assert drawn.limit == 2.0
    assert draw_case(pixels, prediction).why is None


def test_pixels_of_another_image_are_refused() -> None:
    pixels, prediction = make_case()
    with pytest.raises(InvalidInputError, match=r"report: the pixels are \(239, 320\)"):
        draw_case(pixels[1:], prediction)
    with pytest.raises(InvalidInputError, match="report: the pixels are"):
        draw_case(pixels, prediction, make_map((10, 10)))


def test_forms_are_read_from_words() -> None:
    extras = parse_extras(explain=True, reports=["pdf", "HTML", "pdf"])
    assert extras == CaseExtras(True, (ReportKind.PDF, ReportKind.HTML))
    assert extras.identity() == {"explain": True, "reports": ["html", "pdf"]}
    with pytest.raises(InvalidInputError, match="expected html or pdf, got 'docx'"):
        parse_extras(explain=False, reports=["docx"])
