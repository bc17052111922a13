import numpy as np
import pytest

from sonolesion.data.phantom.fields import Field
from sonolesion.data.phantom.speckle import (
    RAYLEIGH_SNR,
    PointSpread,
    compound,
    detect_envelope,
    log_compress,
)

SHAPE = (480, 480)
FLAT = np.ones(SHAPE, dtype=np.float32)
DARK = np.zeros(SHAPE, dtype=np.float32)


def snr(envelope: Field) -> float:
    return float(envelope.mean() / envelope.std())


def test_fully_developed_speckle_has_the_rayleigh_ratio() -> None:
    envelope = detect_envelope(np.random.default_rng(0), FLAT, PointSpread(), DARK)
    assert pytest.approx(1.913, abs=0.001) == RAYLEIGH_SNR
    assert snr(envelope) == pytest.approx(RAYLEIGH_SNR, rel=0.04)


def test_speckle_keeps_the_mean_power_at_every_depth() -> None:
    rng = np.random.default_rng(1)
    point_spread = PointSpread(lateral_px=1.5, lateral_far_px=4.0)
    power = np.mean(
        [detect_envelope(rng, 2.0 * FLAT, point_spread, DARK) ** 2 for _ in range(3)], axis=0
    )
    for band in np.array_split(power, 4):
        assert band.mean() == pytest.approx(4.0, rel=0.12)


def test_compounding_raises_the_ratio_by_the_root_of_the_looks() -> None:
    envelope = compound(np.random.default_rng(2), FLAT, PointSpread(), DARK, looks=4)
    assert snr(envelope) == pytest.approx(2.0 * RAYLEIGH_SNR, rel=0.05)


def test_a_mirror_makes_the_statistics_rician() -> None:
    envelope = detect_envelope(np.random.default_rng(3), FLAT, PointSpread(), 3.0 * FLAT)
    assert snr(envelope) > 2.0 * RAYLEIGH_SNR


@pytest.mark.parametrize(("rows", "wider"), [(slice(180, 200), 1.3), (slice(440, 480), 2.0)])
def test_grain_is_wider_than_deep_and_widens_off_focus(rows: slice, wider: float) -> None:
    point_spread = PointSpread(axial_px=1.2, lateral_px=2.0, lateral_far_px=4.5, focus=0.4)
    envelope = detect_envelope(np.random.default_rng(4), FLAT, point_spread, DARK)
    assert grain(envelope[rows], axis=1) > wider * grain(envelope[rows], axis=0)


def grain(envelope: Field, *, axis: int) -> float:
    """Lag at which the correlation falls to one half, by interpolation."""
    centred = envelope - envelope.mean()
    lags = np.arange(0, 12)
    length = centred.shape[axis]
    correlation = [
        float(
            np.mean(
                np.take(centred, range(lag, length), axis)
                * np.take(centred, range(length - lag), axis)
            )
        )
        for lag in lags
    ]
    return float(np.interp(-0.5 * correlation[0], -np.array(correlation), lags))


def test_log_compression_maps_the_dynamic_range() -> None:
    # -20 of 60 dB is 2/3 of 255 = 170; with contrast 2 it is 4/9 of 255 = 113.3
    envelope = np.array([[10.0, 1.0, 0.1, 10**-3, 0.0]], dtype=np.float32)
    assert log_compress(envelope, dynamic_range_db=60).tolist() == [[255, 255, 170, 0, 0]]
    assert log_compress(envelope, dynamic_range_db=60, contrast=2.0)[0, 2] == 113
