"""What is measured of the lesions of one image; how, is in `sonolesion.inference.measure`.

Every figure is defined in docs/explanation/measurements.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from sonolesion.types.lexicon import NO_DRAFT, LexiconDraft

Point = tuple[float, float]
"""(row, col) in px; a pixel's centre has whole coordinates."""

Spacing = tuple[float, float]
"""Size of a pixel, (row, col)."""


@dataclass(frozen=True, slots=True)
class LesionSize:
    """Sizes of one lesion; everything in mm is None where the spacing is unknown.

    With a known spacing the diameters are found in mm, and `*_px` is the same line in pixels.

    Attributes:
        longest_px, longest_mm: longest diameter.
        perpendicular_px, perpendicular_mm: longest line at right angles to it.
        height_px, height_mm: anteroposterior extent, along the columns of the image.
        width_px, width_mm: transverse extent, along the rows.
        perimeter_px, perimeter_mm: length of the smooth contour.
        area_px, area_mm2: pixels inside, holes filled.
    """

    longest_px: float
    perpendicular_px: float
    height_px: float
    width_px: float
    perimeter_px: float
    area_px: float
    longest_mm: float | None = None
    perpendicular_mm: float | None = None
    height_mm: float | None = None
    width_mm: float | None = None
    perimeter_mm: float | None = None
    area_mm2: float | None = None


@dataclass(frozen=True, slots=True)
class SizeRange:
    """Smallest and largest of each size figure over several cuts of the soft border.

    It says how soft the border is, not how likely the true size lies inside.

    Attributes:
        low, high: the ends; the measured size lies between them. `low` is 0 throughout where
            the lesion vanishes at a threshold.
    """

    low: LesionSize
    high: LesionSize


@dataclass(frozen=True, slots=True)
class LesionPlace:
    """Place of one lesion; mm is None where the spacing is unknown.

    Attributes:
        centroid_px: mean (row, col) of its pixels.
        depth_top_px, depth_top_mm: from the skin side to the lesion's upper edge.
        depth_centroid_px, depth_centroid_mm: from the skin side to its centroid.
        cut_edges: edges of the image that it touches, of "top", "bottom", "left", "right". Where
            there is any, the lesion may go on outside, and every size is a lower bound.
    """

    centroid_px: tuple[float, float]
    depth_top_px: float
    depth_centroid_px: float
    depth_top_mm: float | None
    depth_centroid_mm: float | None
    cut_edges: tuple[str, ...]


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


@dataclass(frozen=True, slots=True)
class LesionMargin:
    """The margin of one lesion.

    Attributes:
        n_bays: inward bends of the contour that turn by 20 degrees or more; a lobulated contour
            has as many lobes as bays from two on. None below a contour of 120 px.
        n_corners: places where the contour turns outward by 75 degrees or more within 4 % of its
            length. None below 120 px.
        sharp_share: share of 24 sectors of the contour, [0, 1], that are sharp: the grey levels
            just outside and just inside differ by at least half of what they differ by farther
            away, and by at least 6. None where fewer than half of the sectors can be read.
        step_grey: mean grey level just outside less that just inside; None likewise.
    """

    n_bays: int | None
    n_corners: int | None
    sharp_share: float | None
    step_grey: float | None


@dataclass(frozen=True, slots=True)
class LesionEcho:
    """Grey levels in [0, 255] inside and beside one lesion.

    Attributes:
        inside_grey: mean inside.
        core_grey: mean of the core, the inside without its outer rim (6 % of the diameter).
        tissue_grey: mean of the flanks at the same depth; None where less than a quarter of the
            lesion has flanks beside it.
        difference_grey: inside less flanks, row by row; below 0 darker; None likewise.
        ratio: inside over flanks; None likewise, and where the flanks are black.
        heterogeneity_grey: standard deviation of the core after speckle is averaged out.
        empty_share: share of the core, [0, 1], speckle averaged out, that is nearly without
            echoes: at most 30 grey levels, or 30 % of the flanks' level if that is less.
    """

    inside_grey: float
    core_grey: float
    tissue_grey: float | None
    difference_grey: float | None
    ratio: float | None
    heterogeneity_grey: float
    empty_share: float


@dataclass(frozen=True, slots=True)
class LesionPosterior:
    """Grey levels in [0, 255] behind one lesion against tissue beside, at the same depth.

    Everything is None where fewer than 5 rows lie below the lesion, or no flank is in the image.

    Attributes:
        beneath_grey: mean behind the middle 70 % of the lesion's width.
        flank_grey: mean of the flanks in the same rows.
        change: (beneath - flank) / flank, the flank taken as 10 at least; above 0 enhancement.
        third_changes: the same for the left, middle and right third of the middle 70 %.
    """

    beneath_grey: float | None = None
    flank_grey: float | None = None
    change: float | None = None
    third_changes: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class LesionMeasurement:
    """What is measured of one lesion.

    Attributes:
        size: diameters, area, perimeter, extents.
        size_range: the same with the border at probabilities .3 to .7; None without a soft map.
        longest_ends_px, perpendicular_ends_px: the ends of the two diameters, (row, col), whole
            numbers at pixel centres.
        place: depth and the edges of the image that cut the lesion.
        is_lower_bound: an edge of the image cuts the lesion, so it may be larger.
        form, margin, echo, posterior: what the draft in the words of the lexicon rests on.
        hole_area_px: pixels that the mask left open inside, counted as lesion.
        draft: the figures in the words of the BI-RADS lexicon, as a draft; without a word where
            nobody worded them.
    """

    size: LesionSize
    size_range: SizeRange | None
    longest_ends_px: tuple[Point, Point]
    perpendicular_ends_px: tuple[Point, Point]
    place: LesionPlace
    is_lower_bound: bool
    form: LesionForm
    margin: LesionMargin
    echo: LesionEcho
    posterior: LesionPosterior
    hole_area_px: int
    draft: LexiconDraft = NO_DRAFT


@dataclass(frozen=True, slots=True)
class MeasuredLesions:
    """The lesions of one image.

    Attributes:
        lesions: the largest first; empty for an empty mask.
        n_specks, speck_area_px: parts of the mask too small to be taken for lesions, and their
            pixels together.
        spacing_mm: size of a pixel (row, col) that the mm figures rest on; None for none.
    """

    lesions: tuple[LesionMeasurement, ...]
    n_specks: int = 0
    speck_area_px: int = 0
    spacing_mm: Spacing | None = None
