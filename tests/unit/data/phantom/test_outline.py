import cv2
import numpy as np
import pytest

from sonolesion.data.phantom.outline import Margin, Placement, draw_outline, fill_outline

PLACE = Placement((150.0, 200.0), area_px=20000.0, aspect=1.6, tilt_deg=10.0)


@pytest.mark.parametrize("margin", list(Margin))
def test_area_is_the_one_asked_for(margin: Margin) -> None:
    mask = fill_outline(draw_outline(np.random.default_rng(0), margin), PLACE, (300, 400))
    assert mask.sum() == pytest.approx(20000.0, rel=0.03)


def solidity(margin: Margin, seed: int) -> float:
    mask = fill_outline(draw_outline(np.random.default_rng(seed), margin), PLACE, (300, 400))
    outlines, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    whole = max(outlines, key=cv2.contourArea)
    return float(cv2.contourArea(whole) / cv2.contourArea(cv2.convexHull(whole)))


def test_circumscribed_is_more_convex_than_spiculated() -> None:
    smooth = np.mean([solidity(Margin.CIRCUMSCRIBED, s) for s in range(12)])
    rough = np.mean([solidity(Margin.SPICULATED, s) for s in range(12)])
    assert smooth > 0.95
    assert rough < 0.88


def test_radii_follow_aspect() -> None:
    ry, rx = PLACE.radii_yx
    assert rx / ry == pytest.approx(1.6)
    assert np.pi * rx * ry == pytest.approx(20000.0)


def test_what_lies_outside_the_image_is_cut_off() -> None:
    place = Placement((0.0, 0.0), area_px=5000.0, aspect=1.0, tilt_deg=0.0)
    mask = fill_outline(np.ones(480), place, (100, 100))
    assert mask.sum() == pytest.approx(1250, rel=0.08)
