from __future__ import annotations

import dataclasses

from measured_image import ONE, TWO, make_measured

from sonolesion.imaging.captions import caption_lesions, format_diameters


def test_px_are_plainly_px() -> None:
    _, prediction = make_measured(ONE)
    text = caption_lesions(prediction.lesions)
    assert text == f"Diameters {format_diameters(prediction.lesions[0])} (scale unknown)"
    assert format_diameters(prediction.lesions[0]) == "120 x 80 px"


def test_mm_where_the_scale_is_known() -> None:
    _, prediction = make_measured(ONE, spacing_mm=(0.1, 0.1))
    assert caption_lesions(prediction.lesions) == "Diameters 12.0 x 8.0 mm"


def test_several_are_numbered_and_a_cut_one_is_at_least() -> None:
    _, prediction = make_measured(TWO, spacing_mm=(0.1, 0.1))
    cut = dataclasses.replace(prediction.lesions[1], is_lower_bound=True)
    text = caption_lesions([prediction.lesions[0], cut])
    assert text == "Diameters 1: 12.0 x 8.0 mm, 2: at least 5.0 x 3.6 mm"


def test_many_are_not_all_written_out() -> None:
    _, prediction = make_measured(ONE)
    text = caption_lesions(prediction.lesions * 7)
    assert text.count("120 x 80 px") == 4
    assert "and 3 more" in text


def test_no_lesion_no_caption() -> None:
    assert caption_lesions(()) == ""
