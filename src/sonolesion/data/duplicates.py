"""Near-duplicates: cheap looks propose, normalised correlation after alignment confirms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.data.alignment import WORK_SIDE_PX, Alignment, align, normalise_contrast, warp_mask
from sonolesion.data.grouped_split import unite_groups
from sonolesion.data.proposals import Proposal, propose_pairs
from sonolesion.data.scan import CaseScan, ProgressFactory, map_cases
from sonolesion.imaging.geometry import resize

CORRELATION_MIN = 0.33
"""At or above: the same scan. On BUSI true pairs end at 0.35 and chance begins at 0.29."""
KEEP_TOGETHER_MIN = 0.218
"""At or above: perhaps another view of the same lesion; right in about two of three cases."""
OVERLAP_MIN = 0.4


@dataclass(frozen=True, slots=True)
class TwinPair:
    """Two cases whose pictures show the same scan.

    Attributes:
        first, second: case ids, in the order of the list given.
        correlation: normalised correlation after alignment, [-1, 1].
        overlap: share of the smaller picture that both cover, [0, 1].
        dhash_distance, phash_distance: differing bits of 64.
        mask_dice: Dice of the two masks after alignment, [0, 1]; None if both are empty.
    """

    first: str
    second: str
    correlation: float
    overlap: float
    dhash_distance: int
    phash_distance: int
    mask_dice: float | None


def compare_candidates(
    scans: Sequence[CaseScan],
    *,
    workers: int | None = None,
    progress: ProgressFactory | None = None,
) -> list[TwinPair]:
    """Align every proposed pair and measure it; `is_confirmed` tells twins from the rest.

    Args:
        scans: the cases; those without a preview are passed over.
        workers: threads; None for one per processor.
        progress: makes a progress bar.

    Returns:
        All proposed pairs, by falling correlation.
    """
    usable = [s for s in scans if s.preview is not None]
    pictures = [s.preview for s in usable if s.preview is not None]
    textures = [normalise_contrast(picture) for picture in pictures]

    def compare(proposal: Proposal) -> TwinPair:
        i, j = proposal.first, proposal.second
        found = align(textures[i], textures[j], initial=proposal.initial)
        return TwinPair(
            first=usable[i].case.case_id,
            second=usable[j].case.case_id,
            correlation=round(found.correlation, 4),
            overlap=round(found.overlap, 4),
            dhash_distance=proposal.dhash_distance,
            phash_distance=proposal.phash_distance,
            mask_dice=_mask_dice(usable[i], usable[j], found),
        )

    proposals = propose_pairs(pictures, textures)
    pairs = map_cases(compare, proposals, description="Comparing pairs", workers=workers,
                      progress=progress)  # fmt: skip
    return sorted(pairs, key=lambda p: (-p.correlation, p.first, p.second))


def is_confirmed(pair: TwinPair) -> bool:
    """Whether a pair is taken for twins: correlation and overlap at or above their thresholds."""
    return pair.correlation >= CORRELATION_MIN and pair.overlap >= OVERLAP_MIN


def is_kept_together(pair: TwinPair) -> bool:
    """Whether a pair may not straddle parts: confirmed, or doubtful and on the safe side."""
    return pair.correlation >= KEEP_TOGETHER_MIN and pair.overlap >= OVERLAP_MIN


def group_twins(pairs: Sequence[TwinPair]) -> list[tuple[str, ...]]:
    """Connected components of confirmed pairs: ids sorted inside, largest group first."""
    ids = sorted({case_id for pair in pairs for case_id in (pair.first, pair.second)})
    members: dict[str, list[str]] = defaultdict(list)
    for case_id, group in unite_groups(ids, [(p.first, p.second) for p in pairs]).items():
        members[group].append(case_id)
    return sorted((tuple(found) for found in members.values()), key=lambda g: (-len(g), g))


def _mask_dice(first: CaseScan, second: CaseScan, found: Alignment) -> float | None:
    a, b = _square_mask(first), warp_mask(_square_mask(second), found.matrix)
    total = int(a.sum()) + int(b.sum())
    return round(2 * int((a & b).sum()) / total, 4) if total else None


def _square_mask(scan: CaseScan) -> NDArray[np.bool_]:
    if scan.preview_mask is None or not scan.preview_mask.any():
        return np.zeros((WORK_SIDE_PX, WORK_SIDE_PX), np.bool_)
    soft = resize(scan.preview_mask.astype(np.float32), height_px=WORK_SIDE_PX,
                  width_px=WORK_SIDE_PX)  # fmt: skip
    return np.asarray(soft >= 0.5)
