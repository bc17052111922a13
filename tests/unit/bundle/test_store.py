from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from tiny_bundle import make_bundle, make_graph, make_info

from sonolesion.bundle import Bundle, load_bundle, store, write_bundle
from sonolesion.errors import BundleError, OutputWriteError


@pytest.fixture
def folder(tiny_bundle: Bundle, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_bundle.folder, tmp_path / "copy"))


def test_what_is_written_is_loaded(tmp_path: Path) -> None:
    written = write_bundle(tmp_path / "b", make_info(), make_graph())
    assert load_bundle(tmp_path / "b") == written
    assert load_bundle(str(tmp_path / "b")) == written
    assert written.info.onnx_sha256 == hashlib.sha256(make_graph()).hexdigest()
    assert sorted(p.name for p in (tmp_path / "b").iterdir()) == ["bundle.json", "model.onnx"]


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = make_bundle(tmp_path / "a").folder, make_bundle(tmp_path / "b").folder
    for name in ("bundle.json", "model.onnx"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_one_flipped_bit_is_found(folder: Path) -> None:
    path = folder / "model.onnx"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(BundleError, match=r"model\.onnx: its SHA-256 .*Copy the bundle again"):
        load_bundle(folder)


@pytest.mark.parametrize("data", [b"", b"<html>404</html>", make_graph()[:-100]])
def test_truncated_or_other_graph_is_found(folder: Path, data: bytes) -> None:
    (folder / "model.onnx").write_bytes(data)
    with pytest.raises(BundleError, match=r"model\.onnx"):
        load_bundle(folder)


def test_html_with_a_right_hash_is_still_refused(folder: Path) -> None:
    data = b"<html>404</html>"
    (folder / "model.onnx").write_bytes(data)
    values = json.loads((folder / "bundle.json").read_text())
    values["onnx_sha256"] = hashlib.sha256(data).hexdigest()
    (folder / "bundle.json").write_text(json.dumps(values))
    with pytest.raises(BundleError, match="not an ONNX model"):
        load_bundle(folder)


@pytest.mark.parametrize(
    "text", ["", "{", "\xff\xfe", '{"name": NaN}', "[" * 100_000, "<html></html>"]
)
def test_bundle_json_that_is_no_json(folder: Path, text: str) -> None:
    (folder / "bundle.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(BundleError, match=r"bundle\.json: not JSON"):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["model.onnx", "bundle.json"])
def test_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BundleError, match=rf"{name}: cannot be read"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("limit", "name"), [("MAX_GRAPH_BYTES", "model.onnx"), ("MAX_INFO_BYTES", "bundle.json")]
)
def test_oversized_file_is_not_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, limit: str, name: str
) -> None:
    monkeypatch.setattr(store, limit, 100)
    with pytest.raises(BundleError, match=rf"{name}: .* MB, expected at most"):
        load_bundle(folder)


def test_no_such_bundle_lists_the_shipped(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(store, "SHIPPED_FOLDER", folder.parent)
    with pytest.raises(BundleError, match=r"no bundle 'nowhere'.*shipped: copy"):
        load_bundle("nowhere")


def test_file_instead_of_folder_says_so(folder: Path) -> None:
    with pytest.raises(BundleError, match="is a file, expected the folder"):
        load_bundle(folder / "model.onnx")


def test_text_means_the_shipped_bundle_and_a_path_the_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SHIPPED_FOLDER", folder.parent)
    here = make_bundle(tmp_path / "cwd" / "copy", version="9").folder
    monkeypatch.chdir(here.parent)
    assert load_bundle("copy").info.version == "0.1"
    assert load_bundle("./copy").info.version == "9"
    assert load_bundle(Path("copy")).info.version == "9"
    assert store.shipped_bundles() == ("copy",)


def test_no_shipped_folder_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SHIPPED_FOLDER", tmp_path / "none")
    assert store.shipped_bundles() == ()


@pytest.mark.parametrize(
    "changes", [{"temperature": -1.0}, {"name": "Upper"}, {"figures": {"dice": float("nan")}}]
)
def test_bad_fields_are_not_written_and_the_old_bundle_stays(
    folder: Path, changes: dict[str, object]
) -> None:
    before = load_bundle(folder)
    with pytest.raises(BundleError):
        write_bundle(folder, make_info(**changes), make_graph())
    assert load_bundle(folder) == before
    assert [p.name for p in folder.parent.iterdir()] == ["copy"]


def test_bad_graph_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="not an ONNX model"):
        write_bundle(tmp_path / "b", make_info(), b"<html>")
    assert not (tmp_path / "b").exists()


def test_oversized_graph_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_GRAPH_BYTES", 100)
    with pytest.raises(BundleError, match="expected at most"):
        write_bundle(tmp_path / "b", make_info(), make_graph())


def test_unwritable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputWriteError, match="a file"):
        write_bundle(tmp_path / "file" / "b", make_info(), make_graph())
