"""From stored values to 8-bit levels: palette, rescale, window, MONOCHROME1."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import UnreadableImageError, UnsupportedImageError
from sonolesion.imaging.dicom.faults import explain_faults
from sonolesion.imaging.dicom.header import FrameFormat

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_COLOURS = ("Red", "Green", "Blue")


def to_grey_levels(
    stored: NDArray[np.generic], dataset: Dataset, layout: FrameFormat, *, name: str
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Bring the stored values of a grey frame to [0, 255].

    Rescale slope and intercept first; then the header's first window where there is one, else the
    whole range that the stored bits can hold; MONOCHROME1 is inverted last. An 8-bit frame without
    any of these keeps its values.

    Args:
        stored: integers (H, W), signed where the layout says so.
        dataset: the header.
        layout: the frame's format.
        name: what to call the file in messages.

    Returns:
        uint8 (H, W), and what was done.

    Raises:
        UnsupportedImageError: a lookup table in place of slope or window.
        UnreadableImageError: a slope or window that cannot be.

    Source: DICOM PS3.3 C.11.1 (rescale), C.11.2.1.2 (window), C.7.6.3.1.2 (MONOCHROME1).
    """
    notes: list[str] = []
    with explain_faults(name, "its grey scale"):
        if "ModalityLUTSequence" in dataset or (
            "VOILUTSequence" in dataset and "WindowWidth" not in dataset
        ):
            raise UnsupportedImageError(
                f"{name}: grey levels through a DICOM lookup table, which are not read. Export the "
                "image as PNG."
            )
        slope = _first_number(dataset, "RescaleSlope", 1.0)
        intercept = _first_number(dataset, "RescaleIntercept", 0.0)
        centre = _first_number(dataset, "WindowCenter", math.nan)
        width = _first_number(dataset, "WindowWidth", math.nan)
        function = str(dataset.get("VOILUTFunction") or "LINEAR").strip().upper()
    low, high = _stored_range(layout)
    if not math.isfinite(slope) or not math.isfinite(intercept) or slope == 0:
        raise UnreadableImageError(f"{name}: damaged DICOM file (rescale slope or intercept).")
    has_window = not (math.isnan(centre) and math.isnan(width))
    if has_window and not (
        math.isfinite(centre) and math.isfinite(width) and width >= _least_width(function)
    ):
        raise UnreadableImageError(f"{name}: damaged DICOM file (window centre or width).")
    if (slope, intercept, has_window, low, high) == (1.0, 0.0, False, 0, 255):
        levels = np.clip(stored, 0, 255).astype(np.uint8)
    else:
        values = np.clip(stored.astype(np.float64), low, high) * slope + intercept
        ends = sorted((low * slope + intercept, high * slope + intercept))
        if has_window:
            share = apply_window(values, centre=centre, width=width, function=function)
            notes.append(f"window of the header applied (centre {centre:g}, width {width:g})")
        else:
            share = (values - ends[0]) / (ends[1] - ends[0])
            notes.append(f"{layout.bits_stored}-bit values {low} to {high} scaled to 0 to 255")
        if (slope, intercept) != (1.0, 0.0):
            notes.append(f"rescaled by slope {slope:g}, intercept {intercept:g}")
        levels = np.round(share * 255.0).astype(np.uint8)
    if layout.photometric == "MONOCHROME1":
        levels = np.uint8(255) - levels
        notes.append("MONOCHROME1 inverted")
    return levels, tuple(notes)


def apply_window(
    values: NDArray[np.float64], *, centre: float, width: float, function: str
) -> NDArray[np.float64]:
    """Map values through a window, float64 of the same shape in [0, 1].

    Args:
        values: after rescale.
        centre: of the window.
        width: of the window; at least 1 for "LINEAR", above 0 for the others.
        function: "LINEAR_EXACT" or "SIGMOID"; anything else is "LINEAR", the default.

    Source: DICOM PS3.3 C.11.2.1.2.1 and C.11.2.1.3.

    >>> apply_window(np.array([9.0, 20.0, 31.0]), centre=20.5, width=11, function="LINEAR").tolist()
    [0.0, 0.5, 1.0]
    """
    if function == "SIGMOID":
        return np.asarray(1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - centre) / width, -50, 50))))
    if function == "LINEAR_EXACT":
        return np.clip((values - centre) / width + 0.5, 0.0, 1.0)
    if width == 1:
        return (values > centre - 0.5).astype(np.float64)
    return np.clip((values - (centre - 0.5)) / (width - 1.0) + 0.5, 0.0, 1.0)


def palette_to_rgb(
    stored: NDArray[np.generic], dataset: Dataset, *, little: bool, name: str
) -> NDArray[np.uint8]:
    """Look palette indices (H, W) up, uint8 RGB (H, W, 3); 16-bit entries keep their upper byte.

    Args:
        stored: integers (H, W).
        dataset: the header.
        little: byte order of 16-bit entries.
        name: what to call the file in messages.

    Raises:
        UnsupportedImageError: a segmented palette (a few bytes of it may stand for gigabytes).
        UnreadableImageError: no palette, or one that is too short.

    Source: DICOM PS3.3 C.7.6.3.1.5 and C.7.6.3.1.6.
    """
    if any(f"Segmented{c}PaletteColorLookupTableData" in dataset for c in _COLOURS):
        raise UnsupportedImageError(
            f"{name}: a segmented DICOM palette, which is not read. Export the image as PNG."
        )
    wide = "<u2" if little else ">u2"
    channels = []
    for colour in _COLOURS:
        with explain_faults(name, "its palette"):
            entries, first, _ = (
                int(v) for v in dataset[f"{colour}PaletteColorLookupTableDescriptor"].value
            )
            entries = entries or 65536
            data = bytes(dataset[f"{colour}PaletteColorLookupTableData"].value)
            is_wide = len(data) >= 2 * entries
            if not is_wide and len(data) < entries:
                raise UnreadableImageError(f"{name}: damaged DICOM file (its palette is short).")
            table = np.frombuffer(data, wide if is_wide else np.uint8, count=entries)
            # some writers store 8-bit entries in 16 bits
            table = (table >> 8 if is_wide and int(table.max()) > 255 else table).astype(np.uint8)
            at = np.clip(stored.astype(np.int32) - first, 0, entries - 1)
            channels.append(table[at])
    return np.stack(channels, axis=2)


def _stored_range(layout: FrameFormat) -> tuple[int, int]:
    if layout.is_signed:
        return -(2 ** (layout.bits_stored - 1)), 2 ** (layout.bits_stored - 1) - 1
    return 0, 2**layout.bits_stored - 1


def _first_number(dataset: Dataset, keyword: str, default: float) -> float:
    value = dataset.get(keyword)
    if value is None or value == "":
        return default
    if not isinstance(value, str) and hasattr(value, "__len__"):
        value = value[0]  # several windows: the first is the one to show first
    return float(value)


def _least_width(function: str) -> float:
    return 1.0 if function not in ("SIGMOID", "LINEAR_EXACT") else 1e-9
