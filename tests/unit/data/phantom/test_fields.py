import numpy as np
import pytest

from sonolesion.data.phantom.fields import cells, curve, filaments, smooth_field


@pytest.mark.parametrize("scale", [(2.0, 2.0), (4.0, 30.0), (25.0, 6.0)])
def test_smooth_field_is_standardised(scale: tuple[float, float]) -> None:
    fields = [smooth_field(np.random.default_rng(s), (300, 300), scale_px=scale) for s in range(6)]
    assert abs(np.mean(fields)) < 0.15
    assert np.std(fields) == pytest.approx(1.0, abs=0.2)
    assert fields[0].dtype == np.float32


def test_smooth_field_stretches_along_the_larger_scale() -> None:
    field = smooth_field(np.random.default_rng(0), (200, 200), scale_px=(4.0, 40.0))
    assert np.abs(np.diff(field, axis=0)).mean() > 4 * np.abs(np.diff(field, axis=1)).mean()


def test_smooth_field_repeats() -> None:
    one, two = (smooth_field(np.random.default_rng(3), (40, 50), scale_px=(5, 9)) for _ in "ab")
    np.testing.assert_array_equal(one, two)


def test_curve_has_the_length_asked_for() -> None:
    line = curve(np.random.default_rng(0), 123, scale_px=30.0)
    assert line.shape == (123,)
    assert np.isfinite(line).all()


def test_filaments_are_thin_and_lie_along_the_transducer() -> None:
    lines = filaments(np.random.default_rng(1), (300, 400), scale_px=(12, 80), width_px=1.0)
    assert lines.min() >= 0.0
    assert 0.3 < lines.max() < 2.0
    assert (lines > 0.1).mean() < 0.15
    assert np.abs(np.diff(lines, axis=0)).sum() > 2 * np.abs(np.diff(lines, axis=1)).sum()


def test_cells_have_walls_between_levels() -> None:
    level, wall = cells(np.random.default_rng(2), (201, 303), cell_px=(50, 120))
    assert level.shape == wall.shape == (201, 303)
    assert -1.0 <= level.min() < level.max() <= 1.0
    assert wall.min() < 0.1 < 0.4 < wall.max()
