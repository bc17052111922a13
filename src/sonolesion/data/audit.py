"""What is odd about a raw data set: near-duplicates, contradictions, masks and files.

Each file is read once. Nothing is written and nothing is fixed; `prepare` decides by the same
measurements what to leave out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sonolesion.data.duplicates import (
    TwinPair,
    compare_candidates,
    group_twins,
    is_confirmed,
    is_kept_together,
)
from sonolesion.data.readers import DatasetListing, list_dataset
from sonolesion.data.scan import CaseProblem, CaseScan, ProgressFactory, map_cases, scan_case
from sonolesion.types import LesionClass

MASK_DICE_MIN = 0.7
"""Below: two masks of one picture contradict each other."""
SAME_FRAME_MIN = 0.9
"""Correlation at or above: the same frame, so that the masks should agree."""


@dataclass(frozen=True, slots=True)
class TwinGroup:
    """Near-duplicates that hang together.

    Attributes:
        case_ids: sorted.
        pairs: the confirmed pairs inside, by falling correlation.
        labels: the classes stated, in class order; more than one is a contradiction.
        weakest: least correlation of a pair inside; low in a group held together by a chain.
        contradictory_masks: the pairs of one frame whose masks overlap too little.
    """

    case_ids: tuple[str, ...]
    pairs: tuple[TwinPair, ...]
    labels: tuple[LesionClass, ...]
    weakest: float
    contradictory_masks: tuple[TwinPair, ...]

    @property
    def is_contradictory(self) -> bool:
        """Whether one scan is stated to be of several classes."""
        return len(self.labels) > 1


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Everything found. Paths are relative to the data set, with forward slashes.

    Attributes:
        dataset: name of the folder.
        images: images per class.
        masks: mask files per class.
        groups: near-duplicates; contradictory ones first, then by size.
        contradictory_labels: confirmed pairs whose cases state different classes.
        doubtful: pairs that are perhaps another view of the same lesion; looked at by nobody.
        several_masks: case ids with more than one mask file.
        empty_masks: lesion cases whose masks are all empty.
        masks_on_normals: normal cases with a non-empty mask.
        colour: case id -> share of coloured pixels.
        notes: case id -> what the reader remarked.
        problems: what cannot be used.
        orphan_masks: masks without an image.
        odd_files: neither image nor mask.
        missing_classes: classes without a folder.
        smallest, largest: (width, height) in pixels; None without a readable image.
    """

    dataset: str
    images: dict[LesionClass, int]
    masks: dict[LesionClass, int]
    groups: tuple[TwinGroup, ...]
    contradictory_labels: tuple[TwinPair, ...]
    doubtful: tuple[TwinPair, ...]
    several_masks: tuple[str, ...]
    empty_masks: tuple[str, ...]
    masks_on_normals: tuple[str, ...]
    colour: dict[str, float]
    notes: dict[str, tuple[str, ...]]
    problems: tuple[CaseProblem, ...]
    orphan_masks: tuple[str, ...]
    odd_files: tuple[str, ...]
    missing_classes: tuple[LesionClass, ...]
    smallest: tuple[int, int] | None
    largest: tuple[int, int] | None

    @property
    def pairs(self) -> tuple[TwinPair, ...]:
        """All confirmed pairs, by falling correlation."""
        return tuple(sorted((p for g in self.groups for p in g.pairs),
                            key=lambda p: (-p.correlation, p.first, p.second)))  # fmt: skip

    @property
    def contradictory_masks(self) -> tuple[TwinPair, ...]:
        """All pairs of one frame whose masks overlap too little."""
        return tuple(pair for group in self.groups for pair in group.contradictory_masks)


@dataclass(frozen=True, slots=True)
class Audit:
    """A report and the scans that it is made from (their previews are for pictures)."""

    report: AuditReport
    scans: tuple[CaseScan, ...]


def audit(
    dataset: Path, *, workers: int | None = None, progress: ProgressFactory | None = None
) -> Audit:
    """Look at a raw data set in any known layout.

    Args:
        dataset: folder in a layout that `list_dataset` knows; only read. Of BUSI's class folders
            one is enough.
        workers: threads; None for one per processor.
        progress: makes a progress bar.

    Raises:
        DatasetError: no known layout, no image in it, or a table that contradicts the files.
        MissingExtraError: its table needs a package that is not installed.
    """
    listing = list_dataset(dataset, allow_missing_classes=True)
    scans = map_cases(scan_case, listing.cases, description="Reading images", workers=workers,
                      progress=progress)  # fmt: skip
    pairs = compare_candidates(scans, workers=workers, progress=progress)
    return Audit(sum_up_audit(listing, scans, pairs), tuple(scans))


def sum_up_audit(
    listing: DatasetListing, scans: Sequence[CaseScan], pairs: Sequence[TwinPair]
) -> AuditReport:
    """Sort what was seen into the report.

    Args:
        listing: of the data set.
        scans: one per case of the listing.
        pairs: measured pairs (`compare_candidates`).
    """
    label_of = {scan.case.case_id: scan.case.label for scan in scans}
    confirmed = [pair for pair in pairs if is_confirmed(pair)]
    masks: Counter[LesionClass] = Counter()
    for scan in scans:
        masks[scan.case.label] += len(scan.case.mask_paths)
    images = Counter(label_of.values())
    sizes = [(s.width_px, s.height_px) for s in scans if s.preview is not None]
    return AuditReport(
        dataset=listing.root.resolve().name,
        images={label: images[label] for label in LesionClass},
        masks={label: masks[label] for label in LesionClass},
        groups=_make_groups(confirmed, label_of),
        contradictory_labels=tuple(
            p for p in confirmed if label_of[p.first] is not label_of[p.second]
        ),
        doubtful=tuple(p for p in pairs if is_kept_together(p) and not is_confirmed(p)),
        several_masks=_ids(s for s in scans if len(s.case.mask_paths) > 1),
        empty_masks=_ids(
            s for s in scans
            if s.case.label is not LesionClass.NORMAL and s.masks_px and not any(s.masks_px)
        ),
        masks_on_normals=_ids(
            s for s in scans if s.case.label is LesionClass.NORMAL and any(s.masks_px)
        ),
        colour={s.case.case_id: s.colour_fraction for s in scans if s.colour_fraction > 0},
        notes={s.case.case_id: s.notes for s in scans if s.notes},
        problems=tuple(problem for scan in scans for problem in scan.problems),
        orphan_masks=tuple(p.relative_to(listing.root).as_posix() for p in listing.orphan_masks),
        odd_files=tuple(p.relative_to(listing.root).as_posix() for p in listing.odd_files),
        missing_classes=listing.missing_classes,
        smallest=min(sizes, key=lambda s: s[0] * s[1], default=None),
        largest=max(sizes, key=lambda s: s[0] * s[1], default=None),
    )  # fmt: skip


def _make_groups(
    confirmed: Sequence[TwinPair], label_of: dict[str, LesionClass]
) -> tuple[TwinGroup, ...]:
    groups = []
    for case_ids in group_twins(confirmed):
        inside = tuple(pair for pair in confirmed if pair.first in case_ids)
        stated = {label_of[case_id] for case_id in case_ids}
        disputed = tuple(
            pair
            for pair in inside
            if pair.correlation >= SAME_FRAME_MIN
            and pair.mask_dice is not None
            and pair.mask_dice < MASK_DICE_MIN
        )
        labels = tuple(label for label in LesionClass if label in stated)
        weakest = min(pair.correlation for pair in inside)
        groups.append(TwinGroup(case_ids, inside, labels, weakest, disputed))
    return tuple(sorted(groups, key=lambda g: (not g.is_contradictory, -len(g.case_ids))))


def _ids(scans: Iterable[CaseScan]) -> tuple[str, ...]:
    return tuple(scan.case.case_id for scan in scans)
