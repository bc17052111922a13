"""Form of a lesion: proportions, direction, roundness and how far it is from an ellipse.

Source: circularity 4 pi A / P^2 (Cox, J. Paleontology 1, 1927); normalised radial length
(Kilday, Palmieri, Fox, IEEE Trans. Med. Imaging 12, 1993, 664-669).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.inference.measure.components import Mask
from sonolesion.inference.measure.contour import Points, Spacing, contour_area, contour_length
from sonolesion.inference.measure.diameters import find_hull


@dataclass(frozen=True, slots=True)
class LesionForm:
    """Figures without unit; taken in mm where the spacing is known, else for square pixels.

    Attributes:
        height_to_width: anteroposterior over transverse extent; above 1 taller than wide.
        axis_angle_deg: direction of the long axis in (-90, 90]: 0 along the skin, above 0 where
            the right end lies higher. Meaningless near an `axis_ratio` of 1.
        axis_ratio: short over long axis of the ellipse of equal second moments, (0, 1].
        circularity: 4 pi area / perimeter^2, at most 1, which is a disc.
        solidity: area over that of the convex hull, (0, 1].
        convexity: perimeter of the convex hull over the perimeter, (0, 1].
        ellipse_overlap: intersection over union with the ellipse of equal moments, [0, 1].
        radial_sd: standard deviation of the contour's distance from the centroid over its
            largest one; 0 for a disc, .12 for an ellipse of axes 3 : 2, more when ragged.
    """

    height_to_width: float
    axis_angle_deg: float
    axis_ratio: float
    circularity: float
    solidity: float
    convexity: float
    ellipse_overlap: float
    radial_sd: float


def measure_form(region: Mask, smooth: Points, unit: Spacing) -> LesionForm:
    """Measure the form of a region.

    Args:
        region: bool (H, W), at least one pixel.
        smooth: float64 (M, 2), its smooth contour in the unit of `unit`.
        unit: size of a pixel.
    """
    rows, cols = np.nonzero(region)
    points = np.column_stack([rows, cols]) * np.asarray(unit)
    centre = points.mean(axis=0)
    offset = points - centre
    moments = offset.T @ offset / len(points) + np.diag(np.square(unit)) / 12.0
    eigenvalues, axes = np.linalg.eigh(moments)
    up, right = -axes[0, 1], axes[1, 1]
    angle = math.degrees(math.atan2(up, right))
    area = len(points) * unit[0] * unit[1]
    perimeter, hull = contour_length(smooth), find_hull(smooth)
    distance = np.hypot(*(smooth - centre).T)
    height, width = (float(np.ptp(a) + 1) for a in (rows, cols))
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
    region: Mask, moments: NDArray[np.float64], centre: NDArray[np.float64], unit: Spacing
) -> float:
    """Intersection over union of a region and the ellipse of its moments, cut to the image."""
    row = (np.arange(region.shape[0]) * unit[0] - centre[0])[:, None]
    col = (np.arange(region.shape[1]) * unit[1] - centre[1])[None]
    inverse = np.linalg.inv(moments)
    distance = inverse[0, 0] * row**2 + 2 * inverse[0, 1] * row * col + inverse[1, 1] * col**2
    ellipse = distance <= 4.0
    union = np.count_nonzero(ellipse | region)
    return float(np.count_nonzero(ellipse & region) / union)
