"""What a worker of Ray does, without Ray; the run through one lies in tests/e2e/test_cluster.py."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from PIL import Image
from tiny_bundle import make_int8_bundle, speckle_image

from sonolesion.bundle import Bundle
from sonolesion.errors import BundleError, InvalidInputError, MissingExtraError, OutputWriteError
from sonolesion.imaging.parts import ImagePart
from sonolesion.inference.inputs import InputFile, list_inputs
from sonolesion.writers import cluster
from sonolesion.writers.cluster import RayPredictor, run_on_ray

ONE = '[null, null, "", null]'
"""The only image of a file, its pixels as large as the file says."""


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(8):
        image = speckle_image(128, 140, radius_px=8 * number)
        Image.fromarray(image).save(folder / f"{number}.png")
    (folder / "broken.png").write_text("no image")
    return folder


def test_the_worker_alone(
    scans: Path, tmp_path: Path, tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    worker = RayPredictor(
        str(tmp_path / "out"), str(tiny_bundle.folder), pictures=False, folder=str(tmp_path)
    )
    batch = {"index": [4, 0], "path": [b"scans/2.png", b"scans/broken.png"], "stem": ["a", "b"],
             "choice": [ONE, ONE]}  # fmt: skip
    done = worker(batch)
    first, second = map(json.loads, done["outcome"])
    assert done["index"] == [4, 0]
    assert (first["path"], first["rows"][0]["stem"]) == ("scans/2.png", "a")
    assert second["failures"][0]["code"] == "E-IMG-002"
    assert (tmp_path / "out" / "masks" / "a_mask.png").is_file()


def test_a_worker_answers_in_the_form_that_the_run_chose(
    scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bundle = make_int8_bundle(tmp_path / "b")
    worker = RayPredictor(
        str(tmp_path / "out"), str(bundle.folder), pictures=False, folder=str(tmp_path),
        precision="int8",
    )  # fmt: skip
    done = worker({"index": [0], "path": [b"scans/2.png"], "stem": ["a"], "choice": [ONE]})
    assert json.loads(done["outcome"][0])["rows"][0]["bundle"] == "tiny 0.1+int8"
    off = make_int8_bundle(tmp_path / "off", probe_error=1.0)
    with pytest.raises(BundleError, match="the answer to the probe image"):
        RayPredictor(
            str(tmp_path / "out"), str(off.folder), pictures=False, folder=str(tmp_path),
            precision="int8",
        )  # fmt: skip


@pytest.mark.parametrize(
    "file",
    [
        InputFile("a.png", "a"),
        InputFile(os.fsdecode(b"\xff.dcm"), "b", ImagePart(3, 1, "_frame03_view1"), (0.1, 0.2)),
    ],
)
def test_frame_view_and_spacing_reach_the_worker(file: InputFile) -> None:
    path, choice = os.fsencode(file.text), cluster._describe_choice(file)
    assert cluster._make_file(path, file.stem, choice) == file


def test_without_ray_the_extra_is_named(
    scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"sonolesion\[cluster\]"):
        run_on_ray(list_inputs([str(scans)]), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("address", ["ray://head:10001", "head", "", "head:port", "http://a:1"])
def test_an_address_that_ray_data_cannot_use_is_refused(
    scans: Path, tmp_path: Path, address: str
) -> None:
    with pytest.raises(InvalidInputError, match="expected local, auto or HOST:PORT") as refused:
        run_on_ray(list_inputs([str(scans)]), tmp_path / "out", address=address)
    assert ("Ray's client" in str(refused.value)) == address.startswith("ray://")
    assert not (tmp_path / "out").exists()


def test_an_error_that_ends_the_run_comes_back_as_itself(
    scans: Path, tmp_path: Path, tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "masks").write_text("in the way")
    worker = RayPredictor(
        str(tmp_path / "out"), str(tiny_bundle.folder), pictures=False, folder=str(tmp_path)
    )
    done = worker({"index": [0], "path": [b"scans/2.png"], "stem": ["a"], "choice": [ONE]})
    with pytest.raises(OutputWriteError, match="a file of that name is in the way"):
        cluster._unpack(json.loads(done["outcome"][0]))
