import shutil
from pathlib import Path

import pytest

from sonolesion.data.citations import DATASETS
from sonolesion.data.readers import LAYOUTS, list_dataset
from sonolesion.errors import DatasetError


@pytest.fixture
def busi(tree) -> Path:
    tree.add("benign", 1)
    return tree.root


@pytest.mark.parametrize("name", ["busi", "bus_bra", "breast", "bus_uclm"])
def test_each_layout_is_recognised_and_cited(name: str, request: pytest.FixtureRequest) -> None:
    root = request.getfixturevalue(name)
    listing = list_dataset(root)
    assert (listing.dataset, listing.root) == (name, root)
    assert {case.dataset for case in listing.cases} == {name}
    assert all(case.image_path.is_relative_to(root) for case in listing.cases)
    assert name in {citation.name for citation in DATASETS}


@pytest.mark.parametrize("name", ["bus_bra", "breast", "bus_uclm"])
def test_the_order_is_that_of_the_ids(name: str, request: pytest.FixtureRequest) -> None:
    root = request.getfixturevalue(name)
    (table,) = (p for p in root.glob("*.csv") if "fold" not in p.name)
    head, *rows = table.read_text().splitlines()
    table.write_text("\n".join([head, *reversed(rows)]))
    ids = [case.case_id for case in list_dataset(root).cases]
    assert ids == sorted(ids)


def test_an_unknown_layout_names_all_known_ones(tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    with pytest.raises(DatasetError, match="folders found: holiday") as caught:
        list_dataset(tmp_path)
    assert [layout.title for layout in LAYOUTS] == ["BUSI", "BUS-BRA", "BrEaST", "BUS-UCLM"]
    for layout in LAYOUTS:
        assert f"{layout.title}: {layout.contents}" in caught.value.message


def test_one_folder_too_high_is_noticed(bus_bra: Path) -> None:
    with pytest.raises(DatasetError, match=f"Perhaps you mean {bus_bra.parent.name}/BUSBRA"):
        list_dataset(bus_bra.parent)


def test_two_layouts_in_one_folder(bus_bra: Path, busi: Path) -> None:
    shutil.copytree(busi, bus_bra, dirs_exist_ok=True)
    with pytest.raises(DatasetError, match="layouts of BUSI and BUS-BRA"):
        list_dataset(bus_bra)


def test_other_tables_do_not_disturb_busi(busi: Path) -> None:
    (busi / "info.csv").write_text("mine")
    listing = list_dataset(busi)
    assert listing.dataset == "busi"
    assert [p.name for p in listing.odd_files] == ["info.csv"]


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        list_dataset(tmp_path / "nothing")


def test_a_folder_that_may_not_be_read(bus_bra: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(DatasetError, match=r"BUSBRA: Permission denied\. Check"):
        list_dataset(bus_bra)
