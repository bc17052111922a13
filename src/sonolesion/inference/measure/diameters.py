"""The longest diameter of a contour and the longest one at right angles to it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.inference.measure.contour import Points
from sonolesion.types.lesion import Point, Spacing

_LINES_PER_DIAMETER = 2000
_BRUTE_CORNERS = 24
_NEAR = np.arange(-3, 4)
_NEAR_A, _NEAR_B = np.repeat(_NEAR, len(_NEAR)), np.tile(_NEAR, len(_NEAR))


@dataclass(frozen=True, slots=True)
class Diameter:
    """A straight line between two points of a contour.

    Attributes:
        ends_px: its two ends, (row, col) in px, fractions of a pixel included.
    """

    ends_px: tuple[Point, Point]

    def length(self, spacing: Spacing = (1.0, 1.0)) -> float:
        """Length in the unit of `spacing`, in px without one.

        >>> Diameter(((0.0, 0.0), (3.0, 4.0))).length(), Diameter(((0, 0), (3, 4))).length((2, 2))
        (5.0, 10.0)
        """
        (row_a, col_a), (row_b, col_b) = self.ends_px
        return math.hypot((row_b - row_a) * spacing[0], (col_b - col_a) * spacing[1])


def find_hull(points: Points) -> Points:
    """Corners of the convex hull, (K, 2); the points themselves where there are fewer than 4."""
    if len(points) < 4:
        return points
    keep = cv2.convexHull(points.astype(np.float32, order="C"), returnPoints=False)
    return np.asarray(points[keep[:, 0]])


def find_longest(contour_px: Points, spacing: Spacing) -> Diameter:
    """Find the longest diameter (maximum Feret diameter): the two points farthest apart.

    Args:
        contour_px: float64 (N, 2), N of at least 2.
        spacing: size of a pixel; distances are taken in its unit. Of several equal ones the
            first in the order of the hull is taken.

    >>> find_longest(np.array([[0.0, 0.0], [0.0, 2.0], [3.0, 0.0]]), (1.0, 10.0)).ends_px
    ((0.0, 2.0), (3.0, 0.0))
    """
    return find_longest_of_hull(find_hull(contour_px), spacing)


def find_longest_of_hull(hull_px: Points, spacing: Spacing) -> Diameter:
    """`find_longest` for the corners of a hull, in their order around it."""
    scaled = hull_px * spacing
    count = len(hull_px)
    numbers = np.arange(count)
    if count > _BRUTE_CORNERS:
        first, second = _farthest(scaled, numbers, _find_opposite(scaled))
        first, second = _farthest(scaled, (first + _NEAR_A) % count, (second + _NEAR_B) % count)
    else:
        first, second = _farthest(scaled, np.repeat(numbers, count), np.tile(numbers, count))
    ends = sorted([_point(hull_px[first]), _point(hull_px[second])])
    return Diameter((ends[0], ends[1]))


def _farthest(
    points: Points, first: NDArray[np.int64], second: NDArray[np.int64]
) -> tuple[int, int]:
    """The pair of numbers whose points lie farthest apart; of equal ones the lowest numbers."""
    low, high = np.minimum(first, second), np.maximum(first, second)
    away = points[low] - points[high]
    distance = away[:, 0] * away[:, 0] + away[:, 1] * away[:, 1]
    best = np.flatnonzero(distance == distance.max())
    return min(zip(low[best].tolist(), high[best].tolist(), strict=True))


def _find_opposite(hull: Points) -> NDArray[np.int64]:
    """For the edge from each corner to the next, the corner farthest from its line, (K,).

    The two ends of a longest diameter lie on parallel lines that touch the hull on both sides;
    turned until one of them lies along an edge, the other still touches the opposite corner. It is
    where the direction of the edges passes the reverse of this edge's. Where rounding makes a
    hull not quite convex, the corner may be a neighbour of the right one.

    Source: Shamos, Computational Geometry, PhD thesis, Yale (1978).
    """
    edge = np.empty_like(hull)
    edge[:-1], edge[-1] = hull[1:] - hull[:-1], hull[0] - hull[-1]
    angle = np.arctan2(edge[:, 0], edge[:, 1])
    turn = angle[1:] - angle[:-1]
    turn -= 2.0 * np.pi * np.round(turn / (2.0 * np.pi))
    if turn.sum() < 0.0:
        turn = -turn
    direction = np.zeros(len(hull))
    np.cumsum(np.maximum(turn, 0.0), out=direction[1:])
    twice = np.concatenate([direction, direction + 2.0 * np.pi])
    return np.asarray(np.searchsorted(twice, direction + np.pi) % len(hull))


def find_perpendicular(contour_px: Points, longest: Diameter, spacing: Spacing) -> Diameter:
    """Find the longest line at right angles to the longest diameter, from border to border.

    2,000 parallel lines are laid across the contour; on each the outermost two crossings count,
    as a reader sets calipers, so a line may leave the region in a bay between them.

    Args:
        contour_px: float64 (N, 2), closed.
        longest: from `find_longest`.
        spacing: what right angles and lengths refer to.

    Returns:
        The line; of length 0 for a contour without width.
    """
    scale = np.asarray(spacing)
    start, end = (np.asarray(p) * scale for p in longest.ends_px)
    along = (end - start) / max(float(np.hypot(*(end - start))), 1e-12)
    across = np.array([-along[1], along[0]])
    points = contour_px * scale - start
    t, v = points @ along, points @ across
    step = longest.length(spacing) / _LINES_PER_DIAMETER
    if step == 0.0:
        return Diameter((longest.ends_px[0], longest.ends_px[0]))
    line, height = _cross(t / step, v)
    low, high = np.full((2, _LINES_PER_DIAMETER + 1), [[np.inf], [-np.inf]])
    np.minimum.at(low, line, height)
    np.maximum.at(high, line, height)
    span = np.where(high >= low, high - low, 0.0)
    best = int(span.argmax())
    ends = sorted(
        _point((start + best * step * along + side[best] * across) / scale) for side in (low, high)
    )
    return Diameter((ends[0], ends[1]))


def _cross(
    t: NDArray[np.float64], v: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Where a closed polygon crosses the lines t = 0, 1, 2, ...: number of the line, and v."""
    t_next, v_next = np.concatenate([t[1:], t[:1]]), np.concatenate([v[1:], v[:1]])
    first = np.ceil(np.minimum(t, t_next)).clip(0, _LINES_PER_DIAMETER).astype(np.int64)
    last = np.floor(np.maximum(t, t_next)).clip(0, _LINES_PER_DIAMETER).astype(np.int64)
    count = np.maximum(last - first + 1, 0)
    edge = np.repeat(np.arange(len(t)), count)
    line = np.arange(len(edge)) + (first + count - np.cumsum(count))[edge]
    rise = t_next - t
    flat = np.abs(rise) < 1e-12
    slope = np.where(flat, 0.0, (v_next - v) / np.where(flat, 1.0, rise))
    return line, v[edge] + (line - t[edge]) * slope[edge]


def _point(values: NDArray[np.float64]) -> Point:
    return float(values[0]), float(values[1])
