"""Which part each case goes to, by either protocol, and why some are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sonolesion.data.duplicates import TwinPair, is_confirmed, is_kept_together
from sonolesion.data.grouped_split import (
    PART_SHARES,
    fold_shares,
    patient_links,
    split_grouped,
    unite_groups,
)
from sonolesion.data.manifest import LEFT_OUT
from sonolesion.data.mission_split import find_hash_duplicates, split_mission
from sonolesion.data.scan import CaseScan


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where one case goes.

    Attributes:
        part: "train", "val", "test", "fold_0", ... or "left_out".
        group: id of its group: the least case id of its twins (and its patient's cases).
        flags: "contradictory_label" or "hash_duplicate", the reason for being left out.
    """

    part: str
    group: str
    flags: tuple[str, ...] = ()


def assign_grouped(
    scans: Sequence[CaseScan],
    pairs: Sequence[TwinPair],
    *,
    seed: int,
    folds: int = 0,
    group_patients: bool = True,
) -> dict[str, Assignment]:
    """Split so that no group straddles parts; cases with a twin of another class are left out.

    Args:
        scans: all cases; those with problems are left out.
        pairs: measured pairs of usable cases (`compare_candidates`). Doubtful ones are kept
            together, too; only confirmed ones can contradict each other.
        seed: of the split.
        folds: number of folds, or 0 for train/val/test 80/10/10.
        group_patients: also keep the cases of a patient together.

    Returns:
        case id -> assignment.
    """
    links = [(pair.first, pair.second) for pair in pairs if is_kept_together(pair)]
    if group_patients:
        links += patient_links([scan.case for scan in scans])
    group_of = unite_groups([scan.case.case_id for scan in scans], links)
    contradictory = find_contradictory(scans, pairs)
    used = {
        scan.case.case_id: scan.case.label
        for scan in scans
        if not scan.problems and scan.case.case_id not in contradictory
    }
    part_of = split_grouped(
        used, group_of, shares=fold_shares(folds) if folds else PART_SHARES, seed=seed
    )
    return {
        case_id: Assignment(
            part_of.get(case_id, LEFT_OUT),
            group,
            ("contradictory_label",) if case_id in contradictory else (),
        )
        for case_id, group in group_of.items()
    }


def assign_mission(
    scans: Sequence[CaseScan], pairs: Sequence[TwinPair], *, seed: int
) -> dict[str, Assignment]:
    """The mission document's split; its groups are stated truthfully, and straddle parts.

    Args:
        scans: all cases in reading order; those with problems are left out.
        pairs: measured pairs (`compare_candidates`); the confirmed ones give the `group`.
        seed: of the split; the published one is 42.

    Returns:
        case id -> assignment; what the average hash removes has the flag "hash_duplicate".
    """
    usable = [scan.case for scan in scans if not scan.problems]
    removed = {case.case_id for case in find_hash_duplicates(usable)}
    part_of = split_mission([case for case in usable if case.case_id not in removed], seed)
    links = [(pair.first, pair.second) for pair in pairs if is_confirmed(pair)]
    group_of = unite_groups([scan.case.case_id for scan in scans], links)
    return {
        case_id: Assignment(
            part_of.get(case_id, LEFT_OUT),
            group,
            ("hash_duplicate",) if case_id in removed else (),
        )
        for case_id, group in group_of.items()
    }


def find_contradictory(scans: Sequence[CaseScan], pairs: Sequence[TwinPair]) -> set[str]:
    """Ids of the cases that have a confirmed twin of another class."""
    label_of = {scan.case.case_id: scan.case.label for scan in scans}
    mixed = (
        pair
        for pair in pairs
        if is_confirmed(pair) and label_of[pair.first] is not label_of[pair.second]
    )
    return {case_id for pair in mixed for case_id in (pair.first, pair.second)}
