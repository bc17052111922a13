from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from prepared_folder import make_prepared_folder

from sonolesion.data.manifest import LEFT_OUT, Manifest, hash_split
from sonolesion.data.rounds import (
    assign_parts,
    cross_set_round,
    fold_rounds,
    join_manifests,
    training_rows,
    whole_round,
)
from sonolesion.errors import DatasetError, InvalidInputError
from sonolesion.imaging.read import read_image


@pytest.fixture
def folds(tmp_path: Path) -> Manifest:
    """Fifteen cases in three folds, one of them left out."""
    return _as_folds(make_prepared_folder(tmp_path / "first"))


def _as_folds(manifest: Manifest, *, prefix: str = "", count: int = 3) -> Manifest:
    rows = tuple(
        dataclasses.replace(row, case_id=prefix + row.case_id, part=f"fold_{i % count}")
        for i, row in enumerate(manifest.rows)
    )
    rows = (*rows[:-1], dataclasses.replace(rows[-1], part=LEFT_OUT))
    record = dataclasses.replace(manifest.record, folds=count, split_hash=hash_split(rows))
    return Manifest(rows, record, manifest.folder)


def _ids(manifest: Manifest, part: str) -> set[str]:
    return {row.case_id for row in manifest.part(part)}


def test_each_case_is_tested_once_and_never_trained_on_in_that_round(folds):
    rounds = fold_rounds([folds], inner_val=False)
    assert [r.name for r in rounds] == ["fold_0", "fold_1", "fold_2"]
    tested = [case for r in rounds for case in _ids(r.manifest, "test")]
    assert sorted(tested) == sorted(row.case_id for row in folds.rows if row.part != LEFT_OUT)
    for k, round_ in enumerate(rounds):
        assert _ids(round_.manifest, "test") == _ids(folds, f"fold_{k}")
        assert not _ids(round_.manifest, "test") & _ids(round_.manifest, "train")
        assert not _ids(round_.manifest, "val")
        assert _ids(round_.manifest, LEFT_OUT) == _ids(folds, LEFT_OUT)


def test_an_inner_fold_chooses_the_epoch(folds):
    last = fold_rounds([folds], inner_val=True)[2].manifest
    assert _ids(last, "val") == _ids(folds, "fold_0")
    assert _ids(last, "train") == _ids(folds, "fold_1")


def test_rounds_have_split_hashes_of_their_own(folds):
    hashes = {r.manifest.record.split_hash for r in fold_rounds([folds], inner_val=False)}
    assert len(hashes | {folds.record.split_hash}) == 4


def test_joined_rows_can_be_read_from_anywhere(folds, tmp_path):
    other = _as_folds(make_prepared_folder(tmp_path / "second", seed=1), prefix="other ")
    joined = join_manifests([folds, other])
    assert len(joined.rows) == 30
    for row, source in zip(joined.rows, [folds] * 15 + [other] * 15, strict=True):
        pixels = read_image(joined.folder / row.processed_image).pixels
        name = Path(row.processed_image).relative_to(source.folder.resolve())
        assert (pixels == read_image(source.folder / name).pixels).all()
    rounds = fold_rounds([folds, other], inner_val=False)
    assert _ids(rounds[1].manifest, "test") == _ids(folds, "fold_1") | _ids(other, "fold_1")


def test_one_set_to_another(folds, tmp_path):
    other = _as_folds(make_prepared_folder(tmp_path / "second", seed=1), prefix="other ")
    manifest = cross_set_round([folds], [other]).manifest
    assert all(not case.startswith("other ") for case in _ids(manifest, "train"))
    assert len(_ids(manifest, "train")) == len(_ids(manifest, "test")) == 14
    assert len(_ids(whole_round([folds, other]).manifest, "train")) == 28


def test_what_does_not_go_together_is_refused(folds, tmp_path):
    small = make_prepared_folder(tmp_path / "small", size=16)
    with pytest.raises(InvalidInputError, match="16 px"):
        join_manifests([folds, small])
    with pytest.raises(DatasetError, match="two of the prepared data sets"):
        join_manifests([folds, make_prepared_folder(tmp_path / "again")])
    with pytest.raises(InvalidInputError, match="at least one"):
        join_manifests([])
    with pytest.raises(InvalidInputError, match="--folds 5"):
        fold_rounds([make_prepared_folder(tmp_path / "parts")], inner_val=False)
    two = _as_folds(make_prepared_folder(tmp_path / "two"), count=2)
    with pytest.raises(InvalidInputError, match=r"optim\.keep=last"):
        fold_rounds([two], inner_val=True)
    with pytest.raises(InvalidInputError, match="trained and tested on"):
        cross_set_round([folds], [folds])


def test_left_out_rows_are_never_given_a_part(folds):
    assert _ids(assign_parts(folds, lambda _: "train"), LEFT_OUT) == _ids(folds, LEFT_OUT)


def test_a_fold_of_the_training_sets_can_be_kept_to_fit_on(folds, tmp_path):
    other = _as_folds(make_prepared_folder(tmp_path / "second", seed=1), prefix="other ")
    manifest = cross_set_round([folds], [other], fit_on="fold_1").manifest
    part = {row.case_id: row.part for row in manifest.rows}
    for row in folds.rows:
        kept = {"fold_1": "val", LEFT_OUT: LEFT_OUT}.get(row.part, "train")
        assert part[row.case_id] == kept
    assert {part[row.case_id] for row in other.rows} == {"test", LEFT_OUT}
    with pytest.raises(InvalidInputError, match=r"no fold 'fold_9'.*fold_0"):
        cross_set_round([folds], [other], fit_on="fold_9")


def test_the_training_cases_of_networks_are_found_again_by_their_splits(folds):
    rounds = fold_rounds([folds], inner_val=False)
    hashes = [r.manifest.record.split_hash for r in rounds]
    manifest, rows = training_rows([folds], hashes[:1])
    assert {row.case_id for row in rows} == _ids(rounds[0].manifest, "train")
    assert all(Path(manifest.folder / row.processed_image).is_file() for row in rows)
    # of two networks: what both learned from, so no case that one of them holds out
    _, common = training_rows([folds], hashes[:2])
    assert {row.case_id for row in common} == _ids(folds, "fold_2")
    with pytest.raises(InvalidInputError, match="no training case in common"):
        training_rows([folds], hashes)


def test_the_inner_fold_and_the_whole_are_known_too(folds):
    inner = fold_rounds([folds], inner_val=True)[2].manifest
    _, rows = training_rows([folds], [inner.record.split_hash])
    assert {row.case_id for row in rows} == _ids(folds, "fold_1")
    whole = whole_round([folds]).manifest
    _, rows = training_rows([folds], [whole.record.split_hash])
    assert {row.case_id for row in rows} == _ids(whole, "train")


def test_training_cases_of_other_data_are_not_made_up(folds, tmp_path):
    with pytest.raises(InvalidInputError, match=r"trained on split abc, which .* does not give"):
        training_rows([folds], ["abc"])
    with pytest.raises(InvalidInputError, match="it names none"):
        training_rows([folds], [])
    other = _as_folds(make_prepared_folder(tmp_path / "second", seed=1), prefix="b ")
    hashes = [fold_rounds([folds], inner_val=False)[0].manifest.record.split_hash]
    with pytest.raises(InvalidInputError, match="Give all prepared folders"):
        training_rows([folds, other], hashes)
