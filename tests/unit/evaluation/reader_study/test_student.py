from __future__ import annotations

import math

import pytest
from scipy import stats

from sonolesion.errors import InvalidInputError
from sonolesion.evaluation.reader_study.student import t_quantile, two_sided_p

DEGREES = (0.3, 1.0, 1.5, 4.0, 15.26, 113.0, 1e5)


@pytest.mark.parametrize("df", DEGREES)
@pytest.mark.parametrize("t", [-2.5, 0.0, 0.01, 0.7, 2.0, 6.0, 40.0])
def test_tail_is_scipys(t: float, df: float) -> None:
    assert two_sided_p(t, df) == pytest.approx(2 * stats.t.sf(abs(t), df), rel=1e-8)


@pytest.mark.parametrize("df", DEGREES)
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_quantile_is_scipys(level: float, df: float) -> None:
    assert t_quantile(level, df) == pytest.approx(stats.t.ppf(0.5 + level / 2, df), rel=1e-7)


def test_infinite_degrees_are_normal() -> None:
    assert t_quantile(0.95, math.inf) == pytest.approx(1.959963984540054)
    assert two_sided_p(1.959963984540054, math.inf) == pytest.approx(0.05)
    assert two_sided_p(math.inf, 3.0) == 0.0


@pytest.mark.parametrize(("level", "df"), [(0.95, 0.0), (0.95, math.nan), (1.0, 3.0)])
def test_what_has_no_distribution_is_refused(level: float, df: float) -> None:
    with pytest.raises(InvalidInputError):
        t_quantile(level, df)
