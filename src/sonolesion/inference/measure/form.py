"""Form of a lesion: proportions, direction, roundness and how far it is from an ellipse.

Source: circularity 4 pi A / P^2 (Cox, J. Paleontology 1, 1927); normalised radial length
(Kilday, Palmieri, Fox, IEEE Trans. Med. Imaging 12, 1993, 664-669).
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.inference.measure.contour import contour_area, contour_length
from sonolesion.inference.measure.region import Region, Window
from sonolesion.inference.measure.size import SizedRegion
from sonolesion.types.lesion import LesionForm, Spacing


def measure_form(region: Region, sized: SizedRegion) -> LesionForm:
    """Measure the form of a region from its pixels and from its contour."""
    unit, smooth = sized.unit, sized.smooth
    sums = cv2.moments(region.inside.view(np.uint8), binaryImage=True)
    count = sums["m00"]
    row, col = region.top_px + sums["m01"] / count, region.left_px + sums["m10"] / count
    centre = np.array([row * unit[0], col * unit[1]])
    spread = np.array([[sums["mu02"], sums["mu11"]], [sums["mu11"], sums["mu20"]]]) / count
    # a pixel is a square, not a point: 1/12 of its side squared along each axis
    moments = np.outer(unit, unit) * (spread + np.eye(2) / 12.0)
    eigenvalues, axes = np.linalg.eigh(moments)
    up, right = -axes[0, 1], axes[1, 1]
    angle = math.degrees(math.atan2(up, right))
    area = count * unit[0] * unit[1]
    perimeter, hull = contour_length(smooth), sized.hull
    distance = np.hypot(*(smooth - centre).T)
    height, width = region.inside.shape
    return LesionForm(
        height_to_width=height * unit[0] / (width * unit[1]),
        axis_angle_deg=_fold(angle),
        axis_ratio=math.sqrt(float(eigenvalues[0] / eigenvalues[1])),
        circularity=min(1.0, 4.0 * math.pi * area / perimeter**2),
        solidity=min(1.0, contour_area(smooth) / contour_area(hull)),
        convexity=min(1.0, contour_length(hull) / perimeter),
        ellipse_overlap=_overlap_ellipse(region, moments, centre, unit),
        radial_sd=float(distance.std() / distance.max()),
    )


def _fold(angle_deg: float) -> float:
    """The same axis in (-90, 90]; what rounds to -90 is 90."""
    folded = (angle_deg + 90.0) % 180.0 - 90.0
    return 90.0 if folded < -90.0 + 1e-6 else folded


def _overlap_ellipse(
    region: Region, moments: NDArray[np.float64], centre: NDArray[np.float64], unit: Spacing
) -> float:
    """Intersection over union of a region and the ellipse of its moments, cut to the image."""
    reach = 2.0 * np.sqrt(np.diag(moments))  # of the ellipse, along each axis
    low, high = ((centre + side * reach) / unit for side in (-1.0, 1.0))
    window = Window(
        max(0, min(region.top_px, math.floor(low[0]))),
        min(region.image_shape[0], max(region.bottom_px, math.ceil(high[0]) + 1)),
        max(0, min(region.left_px, math.floor(low[1]))),
        min(region.image_shape[1], max(region.right_px, math.ceil(high[1]) + 1)),
    )
    row = (np.arange(window.top_px, window.bottom_px) * unit[0] - centre[0])[:, None]
    col = (np.arange(window.left_px, window.right_px) * unit[1] - centre[1])[None]
    inverse = np.linalg.inv(moments)
    distance = (2.0 * inverse[0, 1] * row) * col
    distance += inverse[0, 0] * row**2
    distance += inverse[1, 1] * col**2
    ellipse = distance <= 4.0
    row_px, col_px = region.top_px - window.top_px, region.left_px - window.left_px
    height, width = region.inside.shape
    shared = ellipse[row_px : row_px + height, col_px : col_px + width] & region.inside
    both = int(np.count_nonzero(shared))
    return both / (int(np.count_nonzero(ellipse)) + region.area_px - both)
