from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.data.grouped_split import (
    PART_SHARES,
    fold_shares,
    patient_links,
    split_grouped,
    unite_groups,
)
from sonolesion.errors import DatasetError, InvalidInputError
from sonolesion.types import Case, LesionClass

B, M, N = LesionClass.BENIGN, LesionClass.MALIGNANT, LesionClass.NORMAL


def singles(counts: dict[LesionClass, int]) -> dict[str, LesionClass]:
    return {f"{c.value} {i}": c for c, n in counts.items() for i in range(n)}


def test_single_cases_reach_the_shares_to_the_image() -> None:
    labels = singles({B: 50, M: 30, N: 20})
    part_of = split_grouped(labels, {i: i for i in labels}, shares=PART_SHARES, seed=1)
    counts = Counter((part_of[i], labels[i]) for i in labels)
    assert [counts["train", c] for c in (B, M, N)] == [40, 24, 16]
    assert [counts["val", c] for c in (B, M, N)] == [5, 3, 2]
    assert [counts["test", c] for c in (B, M, N)] == [5, 3, 2]


@given(
    sizes=st.lists(st.integers(1, 6), min_size=10, max_size=60),
    seed=st.integers(0, 5),
    folds=st.sampled_from([0, 2, 5]),
)
def test_no_group_straddles_and_no_case_is_lost(sizes: list[int], seed: int, folds: int) -> None:
    labels: dict[str, LesionClass] = {}
    group_of: dict[str, str] = {}
    for g, size in enumerate(sizes):
        for i in range(size):
            labels[f"{g}-{i}"] = tuple(LesionClass)[g % 3]
            group_of[f"{g}-{i}"] = f"{g}-0"
    shares = fold_shares(folds) if folds else PART_SHARES
    part_of = split_grouped(labels, group_of, shares=shares, seed=seed)
    assert part_of.keys() == labels.keys()
    for g in set(group_of.values()):
        assert len({part_of[i] for i in labels if group_of[i] == g}) == 1


def test_equal_seeds_give_equal_splits_whatever_the_order_and_others_do_not() -> None:
    labels = singles({B: 30, M: 20})
    groups = {i: i for i in labels}
    once = split_grouped(labels, groups, shares=PART_SHARES, seed=3)
    backwards = dict(reversed(labels.items()))
    assert split_grouped(backwards, groups, shares=PART_SHARES, seed=3) == once
    assert split_grouped(labels, groups, shares=PART_SHARES, seed=4) != once


def test_the_split_does_not_change_from_release_to_release() -> None:
    labels = singles({B: 10})
    part_of = split_grouped(labels, {i: i for i in labels}, shares=PART_SHARES, seed=42)
    # by hand: the fifth and sixth in the order of sha256("42:NAME"), when train holds 4 of 8
    assert {i: part for i, part in part_of.items() if part != "train"} == {
        "benign 1": "val",
        "benign 7": "test",
    }


def test_folds_are_even() -> None:
    labels = singles({B: 20, M: 10, N: 5})
    part_of = split_grouped(labels, {i: i for i in labels}, shares=fold_shares(5), seed=0)
    counts = Counter((part_of[i], labels[i]) for i in labels)
    assert {counts[f"fold_{k}", B] for k in range(5)} == {4}
    assert {counts[f"fold_{k}", M] for k in range(5)} == {2}
    assert {counts[f"fold_{k}", N] for k in range(5)} == {1}


def test_too_few_groups_is_an_error() -> None:
    labels = singles({B: 4})
    with pytest.raises(DatasetError, match="2 independent groups cannot fill 3 parts"):
        split_grouped(labels, dict(zip(labels, "aabb", strict=True)), shares=PART_SHARES, seed=0)
    with pytest.raises(InvalidInputError, match="at least 2"):
        fold_shares(1)


def test_patients_and_twins_unite() -> None:
    cases = [
        Case("a", "d", B, Path("a"), patient_id="p"),
        Case("b", "d", B, Path("b"), patient_id="p"),
        Case("c", "d", B, Path("c")),
        Case("d", "d", B, Path("d")),
    ]
    links = [*patient_links(cases), ("b", "c")]
    assert unite_groups(["a", "b", "c", "d"], links) == {"a": "a", "b": "a", "c": "a", "d": "d"}
