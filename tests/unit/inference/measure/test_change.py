from __future__ import annotations

import dataclasses
import math

import pytest
from measured_image import ONE, SHAPE, TWO, Ellipse, make_measured

from sonolesion.inference.measure import compare_visits
from sonolesion.types.change import Visit, VisitChange

MM = (0.1, 0.1)


def visit(
    *ellipses: Ellipse, spacing: tuple[float, float] | None = MM, shape: tuple[int, int] = SHAPE
) -> Visit:
    _, prediction = make_measured(ellipses, spacing_mm=spacing, shape=shape)
    assert prediction.measured is not None
    return Visit(prediction.measured, shape)


def test_growth_of_one_lesion_by_hand() -> None:
    # half axes 40 x 30 px become 50 x 33: 8 mm to 10 mm, 12 pi to 16.5 pi square mm
    found = compare_visits(visit((120, 160, 40, 30, 0)), visit((100, 150, 50, 33, 10)))
    (lesion,) = found.lesions
    assert found.in_mm
    assert found.warnings == ()
    assert lesion.longest.earlier == pytest.approx(8.0, rel=0.02)
    assert lesion.longest.later == pytest.approx(10.0, rel=0.02)
    assert lesion.longest.difference == lesion.longest.later - lesion.longest.earlier
    assert lesion.longest.share == pytest.approx(0.25, abs=0.02)
    assert lesion.area.difference == pytest.approx(4.5 * math.pi, rel=0.03)
    # each border moves by 2 px on both sides: .4 mm each, together sqrt(2) times that
    assert lesion.longest.error == pytest.approx(0.4 * math.sqrt(2), rel=0.05)
    assert lesion.longest.exceeds_error is True
    # an ellipse wider by 2 px all around: pi (42 x 32 - 40 x 30) px, pi (52 x 35 - 50 x 33)
    expected = math.hypot(1.44 * math.pi, 1.70 * math.pi)
    assert lesion.area.error == pytest.approx(expected, rel=0.05)
    assert lesion.area.exceeds_error is True


def test_a_small_change_is_within_the_error() -> None:
    found = compare_visits(visit((120, 160, 40, 30, 0)), visit((120, 160, 42, 31, 0)))
    assert found.lesions[0].longest.exceeds_error is False


def test_nothing_changes_against_itself() -> None:
    here = visit(*TWO)
    found = compare_visits(here, here)
    assert [(x.earlier_number, x.later_number) for x in found.lesions] == [(1, 1), (2, 2)]
    for lesion in found.lesions:
        assert lesion.longest.difference == lesion.area.difference == lesion.longest.share == 0.0
        assert lesion.longest.exceeds_error is False


def test_direction_turns_the_sign_only() -> None:
    one, other = visit((120, 160, 40, 30, 0)), visit((100, 150, 50, 33, 10))
    there, back = (
        compare_visits(*pair).lesions[0].longest for pair in ((one, other), (other, one))
    )
    assert there.difference == -back.difference
    assert there.error == pytest.approx(back.error)


def test_without_a_soft_map_the_pixel_grid_remains() -> None:
    bare = visit((120, 160, 40, 30, 0))
    (lesion,) = bare.measured.lesions
    hard = dataclasses.replace(
        bare.measured, lesions=(dataclasses.replace(lesion, size_range=None),)
    )
    found = compare_visits(Visit(hard, SHAPE), Visit(hard, SHAPE)).lesions[0]
    assert found.longest.error == pytest.approx(0.1 * math.sqrt(2))
    assert lesion.size.perimeter_mm is not None
    assert found.area.error == pytest.approx(0.05 * lesion.size.perimeter_mm * math.sqrt(2))


@pytest.mark.parametrize(("first", "second"), [(None, MM), (MM, None), (None, None)])
def test_one_unknown_scale_gives_px_and_a_warning(
    first: tuple[float, float] | None, second: tuple[float, float] | None
) -> None:
    found = compare_visits(visit(*ONE, spacing=first), visit(*ONE, spacing=second))
    assert not found.in_mm
    assert found.lesions[0].longest.earlier == pytest.approx(120, rel=0.02)
    assert "px of two visits compare only" in found.warnings[0]
    assert len(found.warnings) == 1


def test_another_image_size_is_a_second_warning() -> None:
    found = compare_visits(visit(*ONE, spacing=None), visit(*ONE, spacing=None, shape=(300, 400)))
    assert "320 x 240 and 400 x 300 px" in found.warnings[1]


def numbers(found: VisitChange) -> list[tuple[int, int]]:
    return [(x.earlier_number, x.later_number) for x in found.lesions]


def test_lesions_are_matched_by_place_when_their_order_changes() -> None:
    # the left one shrinks, the right one grows: the largest is another one later
    earlier = visit((120, 80, 40, 30, 0), (120, 240, 30, 24, 0))
    later = visit((120, 82, 28, 22, 0), (118, 236, 38, 30, 0))
    found = compare_visits(earlier, later)
    assert numbers(found) == [(1, 2), (2, 1)]
    assert found.lesions[0].longest.difference < 0 < found.lesions[1].longest.difference
    assert "Check the pairs" in found.warnings[-1]


def test_a_new_lesion_is_named() -> None:
    found = compare_visits(visit(TWO[0]), visit(*TWO))
    assert numbers(found) == [(1, 1)]
    assert (found.only_earlier, found.only_later) == ((), (2,))


def test_what_is_far_and_of_another_size_is_not_matched() -> None:
    found = compare_visits(
        visit((60, 60, 40, 30, 0), (60, 250, 30, 20, 0)), visit((200, 300, 6, 5, 0))
    )
    assert numbers(found) == []
    assert (found.only_earlier, found.only_later) == ((1, 2), (1,))


def test_no_lesion_at_one_visit() -> None:
    found = compare_visits(visit(*ONE), visit())
    assert (found.lesions, found.only_earlier) == ((), (1,))
    assert found.warnings == ("No lesion was outlined in the later image.",)


def test_a_cut_lesion_gives_no_verdict() -> None:
    found = compare_visits(visit((120, 300, 40, 30, 0)), visit((120, 160, 60, 50, 0)))
    assert found.lesions[0].longest.exceeds_error is None
    assert "An edge of the earlier image cuts a lesion" in found.warnings[0]
