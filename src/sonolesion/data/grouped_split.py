"""A split that no group straddles, stratified by class, from a seed.

Groups are near-duplicates, patients, or the union of both. The assignment is greedy: the largest
groups first, each to the part where it brings all class counts closest to their targets; single
cases come last and even out what is left. Order among groups of one size is a hash of seed and
group name, so it depends on neither the machine nor a library's random generator.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256

from sonolesion.errors import DatasetError, InvalidInputError
from sonolesion.types import CLASS_INDEX, Case, LesionClass

PART_SHARES: dict[str, float] = {"train": 0.8, "val": 0.1, "test": 0.1}


def fold_shares(folds: int) -> dict[str, float]:
    """Names and equal shares of `folds` folds, at least 2.

    >>> fold_shares(2)
    {'fold_0': 0.5, 'fold_1': 0.5}

    Raises:
        InvalidInputError: fewer than 2 folds.
    """
    if folds < 2:
        raise InvalidInputError(f"folds: expected at least 2, got {folds}.")
    return {f"fold_{i}": 1.0 / folds for i in range(folds)}


def unite_groups(members: Sequence[str], links: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Connected components: member -> name of its group, which is its least member.

    Args:
        members: all names.
        links: pairs of names that belong together.

    >>> unite_groups(["a", "b", "c"], [("c", "b")])
    {'a': 'a', 'b': 'b', 'c': 'b'}
    """
    root = {name: name for name in members}

    def find(name: str) -> str:
        while root[name] != name:
            root[name] = root[root[name]]
            name = root[name]
        return name

    for first, second in links:
        low, high = sorted((find(first), find(second)))
        root[high] = low
    return {name: find(name) for name in members}


def patient_links(cases: Sequence[Case]) -> list[tuple[str, str]]:
    """Pairs that tie the cases of one patient together; cases without a patient id have none."""
    first: dict[str, str] = {}
    return [
        (first.setdefault(case.patient_id, case.case_id), case.case_id)
        for case in cases
        if case.patient_id is not None
    ]


def split_grouped(
    label_of: Mapping[str, LesionClass],
    group_of: Mapping[str, str],
    *,
    shares: Mapping[str, float],
    seed: int,
) -> dict[str, str]:
    """Assign each case to a part; the cases of a group go together.

    Args:
        label_of: case id -> class, for the cases to split.
        group_of: case id -> group name.
        shares: part name -> share of the cases; the shares sum to 1.
        seed: orders groups of the same size.

    Returns:
        case id -> part name, sorted by case id.

    Raises:
        DatasetError: fewer groups than parts.
    """
    members: dict[str, list[str]] = defaultdict(list)
    for case_id in sorted(label_of):
        members[group_of[case_id]].append(case_id)
    if len(members) < len(shares):
        raise DatasetError(
            f"{len(members)} independent groups cannot fill {len(shares)} parts "
            f"({', '.join(shares)}). Give more cases or fewer folds."
        )
    counts = {g: _count(ids, label_of) for g, ids in members.items()}
    totals = [sum(c[i] for c in counts.values()) for i in range(len(LesionClass))]
    filled = {part: [0] * len(totals) for part in shares}
    part_of: dict[str, str] = {}
    order = sorted(members, key=lambda g: (-len(members[g]), _shuffle_key(seed, g)))
    for group in order:
        best = min(shares, key=lambda p: _cost_added(filled[p], counts[group], totals, shares[p]))
        filled[best] = [a + b for a, b in zip(filled[best], counts[group], strict=True)]
        part_of |= dict.fromkeys(members[group], best)
    return dict(sorted(part_of.items()))


def _count(case_ids: Sequence[str], label_of: Mapping[str, LesionClass]) -> list[int]:
    count = [0] * len(LesionClass)
    for case_id in case_ids:
        count[CLASS_INDEX[label_of[case_id]]] += 1
    return count


def _shuffle_key(seed: int, group: str) -> str:
    return sha256(f"{seed}:{group}".encode()).hexdigest()


def _cost_added(
    filled: Sequence[int], group: Sequence[int], totals: Sequence[int], share: float
) -> float:
    """How much worse (or better, if negative) the part's relative deviation gets, squared."""
    cost = 0.0
    for have, more, total in zip(filled, group, totals, strict=True):
        if more:
            target = share * total
            cost += ((have + more - target) ** 2 - (have - target) ** 2) / target
    return cost
