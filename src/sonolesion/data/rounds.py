"""Rounds of training and testing over prepared data sets: cross-validation, or one set to another.

A round is a manifest whose parts are again train, val and test, so that training and evaluation
need to know nothing of folds or of several data sets.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sonolesion.data.manifest import LEFT_OUT, Manifest, ManifestRow, hash_split
from sonolesion.errors import DatasetError, InvalidInputError

TRAIN, VAL, TEST = "train", "val", "test"


@dataclass(frozen=True, slots=True)
class Round:
    """One training and what it is tested on.

    Attributes:
        name: "fold_0", ... or "cross_set"; the name of its folder.
        manifest: rows of all data sets in the parts train, val (perhaps empty) and test.
    """

    name: str
    manifest: Manifest


def join_manifests(manifests: Sequence[Manifest]) -> Manifest:
    """Make one manifest of several prepared data sets; a single one is returned as it is.

    Files become absolute paths, so the rows stay readable from any folder. The joined manifest
    lives in memory only; its folder and raw folder are the first one's.

    Args:
        manifests: at least one, prepared with the same size and way of resizing.

    Raises:
        InvalidInputError: none given, or two that were prepared in different ways.
        DatasetError: a case id occurs twice.
    """
    if not manifests:
        raise InvalidInputError("expected at least one prepared data set, got none.")
    if len(manifests) == 1:
        return manifests[0]
    first = manifests[0].record
    for manifest in manifests[1:]:
        record = manifest.record
        if (record.image_size_px, record.resize) != (first.image_size_px, first.resize):
            raise InvalidInputError(
                f"{manifest.folder}: prepared at {record.image_size_px} px ({record.resize.value}),"
                f" {manifests[0].folder} at {first.image_size_px} px ({first.resize.value}). "
                "Prepare both in the same way."
            )
    rows = tuple(_absolute(row, manifest) for manifest in manifests for row in manifest.rows)
    twice = [case_id for case_id, count in Counter(r.case_id for r in rows).items() if count > 1]
    if twice:
        raise DatasetError(
            f"case {twice[0]!r} is in two of the prepared data sets ({len(twice)} such cases). "
            "Give each data set once."
        )
    protocols = {manifest.record.protocol for manifest in manifests}
    record = dataclasses.replace(
        first,
        protocol=first.protocol if len(protocols) == 1 else "mixed",
        split_hash=hash_split(rows),
        fingerprint="+".join(manifest.record.fingerprint for manifest in manifests),
    )
    return Manifest(rows, record, manifests[0].folder)


def assign_parts(manifest: Manifest, part_of: Callable[[ManifestRow], str]) -> Manifest:
    """Return the manifest with each row's part replaced; left-out rows stay left out."""
    rows = tuple(
        row if row.part == LEFT_OUT else dataclasses.replace(row, part=part_of(row))
        for row in manifest.rows
    )
    record = dataclasses.replace(manifest.record, split_hash=hash_split(rows))
    return Manifest(rows, record, manifest.folder)


def fold_rounds(manifests: Sequence[Manifest], *, inner_val: bool) -> tuple[Round, ...]:
    """K rounds, each of which tests on one fold of all data sets and trains on the others.

    Args:
        manifests: prepared with `--folds K`, all with the same K.
        inner_val: take the fold after the tested one out of training, to choose the epoch on.

    Raises:
        InvalidInputError: no folds, other numbers of folds, or too few for `inner_val`.
        DatasetError: see `join_manifests`.
    """
    counts = {manifest.record.folds for manifest in manifests}
    if counts == {0} or len(counts) != 1:
        raise InvalidInputError(
            "cross-validation needs data sets prepared with the same number of folds; got "
            + ", ".join(f"{m.folder}: {m.record.folds or 'none'}" for m in manifests)
            + ". Run `sonolesion prepare DATASET -o OUT --folds 5`."
        )
    folds = counts.pop()
    if inner_val and folds < 3:
        raise InvalidInputError(
            "with two folds no fold is left to choose the epoch on: set optim.keep=last, or "
            "prepare with more folds."
        )
    joined = join_manifests(manifests)
    rounds = []
    for fold in range(folds):
        roles = {f"fold_{fold}": TEST}
        if inner_val:
            roles[f"fold_{(fold + 1) % folds}"] = VAL
        rounds.append(Round(f"fold_{fold}", assign_parts(joined, _role_in(roles))))
    return tuple(rounds)


def cross_set_round(
    train_on: Sequence[Manifest], test_on: Sequence[Manifest], *, fit_on: str = ""
) -> Round:
    """One round that trains on whole data sets and tests on whole others.

    Args:
        train_on: data sets that train.
        test_on: data sets that are tested on; nothing of them is fitted on.
        fit_on: fold of `train_on` that is kept from training, as part "val", so that temperature
            and decision can be fitted on it, e.g. "fold_4"; "" for none.

    Raises:
        InvalidInputError: a data set is on both sides, no case in `fit_on`, or see
            `join_manifests`.
        DatasetError: see `join_manifests`.
    """
    roles = {str(manifest.folder.resolve()): TRAIN for manifest in train_on}
    for manifest in test_on:
        if str(manifest.folder.resolve()) in roles:
            raise InvalidInputError(f"{manifest.folder}: is trained and tested on. Give another.")
    folds = sorted({row.part for m in train_on for row in m.rows} - {LEFT_OUT})
    if fit_on and fit_on not in folds:
        raise InvalidInputError(f"no fold {fit_on!r} to fit on; there are: {', '.join(folds)}.")
    parts = [assign_parts(manifest, _role_in({fit_on: VAL})) for manifest in train_on]
    parts += [assign_parts(manifest, lambda _: TEST) for manifest in test_on]
    return Round("cross_set", join_manifests(parts))


def whole_round(manifests: Sequence[Manifest]) -> Round:
    """Everything in training, nothing held out: for the model that ships.

    Raises:
        InvalidInputError, DatasetError: see `join_manifests`.
    """
    return Round("whole", assign_parts(join_manifests(manifests), lambda _: TRAIN))


def training_rows(
    manifests: Sequence[Manifest], split_hashes: Sequence[str]
) -> tuple[Manifest, tuple[ManifestRow, ...]]:
    """Rows that every one of some trainings learned from, found again by their splits' hashes.

    Args:
        manifests: the prepared data sets of all the trainings: with parts, or with the folds of a
            cross-validation.
        split_hashes: of the manifests trained on, as their checkpoints name them.

    Returns:
        The joined manifest and its rows in the training part of all of them; derived rows are
        left out.

    Raises:
        InvalidInputError: no hash, or one that these data sets do not give; no row in common.
        DatasetError: see `join_manifests`.
    """
    joined = join_manifests(manifests)
    known = {joined.record.split_hash: joined}
    rounds = [whole_round(manifests)]
    if joined.record.folds:
        rounds += fold_rounds(manifests, inner_val=False)
        if joined.record.folds > 2:
            rounds += fold_rounds(manifests, inner_val=True)
    known |= {item.manifest.record.split_hash: item.manifest for item in rounds}
    unknown = sorted(set(split_hashes) - set(known))
    if unknown or not split_hashes:
        raise InvalidInputError(
            "the checkpoint was trained on split "
            f"{', '.join(unknown) or '(it names none)'}, which "
            f"{', '.join(str(m.folder) for m in manifests)} does not give. Give all prepared "
            "folders that it was trained on, and no other."
        )
    learned = [{row.case_id for row in known[name].part(TRAIN)} for name in split_hashes]
    common = set.intersection(*learned)
    rows = tuple(row for row in joined.rows if row.case_id in common)
    if not rows:
        raise InvalidInputError("the checkpoints have no training case in common.")
    return joined, rows


def _role_in(roles: Mapping[str, str]) -> Callable[[ManifestRow], str]:
    return lambda row: roles.get(row.part, TRAIN)


def _absolute(row: ManifestRow, manifest: Manifest) -> ManifestRow:
    """Make all paths of a row absolute; a left-out row has no processed files."""
    root = manifest.record.dataset_root.rstrip("/")
    processed = [row.processed_image, row.processed_mask]
    absolute = [(manifest.folder.resolve() / name).as_posix() if name else "" for name in processed]
    return dataclasses.replace(
        row,
        image=f"{root}/{row.image}",
        masks=tuple(f"{root}/{mask}" for mask in row.masks),
        processed_image=absolute[0],
        processed_mask=absolute[1],
    )
