from __future__ import annotations

from measured_image import ONE, TWO, make_measured

from sonolesion.writers.lesion_text import describe_lesions


def test_mm_with_their_range_and_the_draft_with_its_numbers() -> None:
    _, prediction = make_measured(ONE, spacing_mm=(0.1, 0.1))
    text = "\n".join(describe_lesions(prediction.measured))
    assert "Lesions measured: 1" in text
    assert "longest diameter: 12.0 mm (11.6 mm to 12.4 mm)" in text
    assert "Draft from measurements, to be checked by a reader" in text
    assert "shape: oval (form.solidity " in text
    assert "px" not in text


def test_px_are_plainly_px() -> None:
    _, prediction = make_measured(ONE)
    lines = describe_lesions(prediction.measured)
    assert "Scale unknown: sizes are in pixels." in lines
    assert "  longest diameter: 120 px (116 px to 124 px)" in lines
    assert " mm" not in "\n".join(lines)


def test_each_lesion_has_its_part_and_a_cut_one_says_so() -> None:
    _, prediction = make_measured((*TWO, (230.0, 30.0, 20.0, 15.0, 0.0)))
    lines = describe_lesions(prediction.measured)
    assert [line for line in lines if line.startswith("Lesion ")] == [
        "Lesion 1:", "Lesion 2:", "Lesion 3:"
    ]  # fmt: skip
    assert "  cut by an edge of the image (bottom): it may be larger" in lines


def test_nothing_measured_nothing_said() -> None:
    assert describe_lesions(None) == []
    _, prediction = make_measured(())
    assert describe_lesions(prediction.measured) == ["Lesions measured: 0"]
