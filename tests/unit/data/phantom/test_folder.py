from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from sonolesion.data.phantom import PhantomSettings, write_phantoms
from sonolesion.data.phantom.plan import plan_cases
from sonolesion.errors import InvalidInputError, OutputExistsError
from sonolesion.types import LesionClass

SMALL = PhantomSettings(width_px=(160, 200), height_px=(140, 160), double_mask_fraction=0.4)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def read(path: Path) -> tuple[str, NDArray[np.uint8]]:
    with Image.open(path) as image:
        return image.mode, np.asarray(image.convert("L"))


def test_layout_is_that_of_busi(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    summary = write_phantoms(
        tmp_path / "out",
        count=9,
        seed=1,
        settings=SMALL,
        progress=lambda done, count: seen.append((done, count)),
    )
    assert seen == [(k, 9) for k in range(1, 10)]
    assert sum(summary.class_counts.values()) == 9
    assert summary.with_two_masks
    masks = 0
    for label, count in summary.class_counts.items():
        for number in range(1, count + 1):
            path = tmp_path / "out" / label.value / f"{label.value} ({number}).png"
            mode, pixels = read(path)
            assert mode == "L"
            truths = sorted(path.parent.glob(f"{label.value} ({number})_mask*.png"))
            assert truths[0].name == f"{label.value} ({number})_mask.png"
            for truth in truths:
                mode, mask = read(truth)
                assert mode == "1"
                assert mask.shape == pixels.shape
                assert bool(mask.any()) is (label is not LesionClass.NORMAL)
            assert (len(truths) == 2) is (path.stem in summary.with_two_masks)
            masks += len(truths)
    assert summary.mask_files == masks
    assert len(contents(tmp_path / "out")) == 9 + masks


def test_case_k_does_not_depend_on_the_count(tmp_path: Path) -> None:
    chosen = PhantomSettings(width_px=(150, 170), height_px=(140, 150), twin_fraction=0.4)
    write_phantoms(tmp_path / "few", count=4, seed=3, settings=chosen)
    write_phantoms(tmp_path / "many", count=7, seed=3, settings=chosen)
    few, many = contents(tmp_path / "few"), contents(tmp_path / "many")
    assert few.items() <= many.items()
    write_phantoms(tmp_path / "other", count=4, seed=4, settings=chosen)
    assert contents(tmp_path / "other") != few


def test_twins_and_contradictions_are_listed(tmp_path: Path) -> None:
    chosen = PhantomSettings(
        width_px=(150, 170), height_px=(140, 150), twin_fraction=0.6, contradiction_fraction=1.0
    )
    summary = write_phantoms(tmp_path, count=8, seed=0, settings=chosen)
    assert summary.twins
    for original, twin in summary.twins:
        assert (original[:4] == twin[:4]) is original.startswith("normal")


def test_a_folder_in_use_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputExistsError, match="not empty"):
        write_phantoms(tmp_path, count=1, settings=SMALL)
    assert contents(tmp_path) == {"notes.txt": b"mine"}


def test_overwriting_removes_old_phantoms_and_nothing_else(tmp_path: Path) -> None:
    write_phantoms(tmp_path, count=5, settings=SMALL)
    (tmp_path / "benign" / "notes.png").write_bytes(b"mine")
    write_phantoms(tmp_path, count=1, settings=SMALL, overwrite=True)
    assert len(list(tmp_path.rglob("* (*).png"))) == 1
    assert (tmp_path / "benign" / "notes.png").read_bytes() == b"mine"


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputExistsError, match="is a file"):
        write_phantoms(tmp_path / "out", count=1, settings=SMALL, overwrite=True)


@pytest.mark.parametrize(("count", "seed"), [(0, 0), (-3, 0), (2, -1)])
def test_count_and_seed_are_checked(tmp_path: Path, count: int, seed: int) -> None:
    with pytest.raises(InvalidInputError):
        write_phantoms(tmp_path / "out", count=count, seed=seed)
    assert not (tmp_path / "out").exists()


def test_plan_follows_the_class_fractions_at_every_length() -> None:
    chosen = PhantomSettings()
    plan = plan_cases(100, seed=0, settings=chosen)
    for length in (10, 33, 100):
        labels = [case.label for case in plan[:length]]
        for label, share in chosen.class_shares().items():
            assert abs(labels.count(label) - share * length) <= 1.0


def test_names_are_unique_and_numbered_from_one() -> None:
    chosen = PhantomSettings(twin_fraction=0.5, contradiction_fraction=0.5)
    plan = plan_cases(60, seed=2, settings=chosen)
    assert len({case.name for case in plan}) == 60
    for label in LesionClass:
        numbers = [case.number for case in plan if case.label is label]
        assert numbers == list(range(1, len(numbers) + 1))
    assert all(case.twin_of is None or plan[case.twin_of].twin_of is None for case in plan)
