from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tiny_bundle import make_bundle, make_graph, make_info, make_int8_bundle, make_int8_graph

from sonolesion.bundle import Precision, int8_bundle, load_bundle, write_bundle
from sonolesion.bundle.int8 import Int8Form, join_weights, probe_image
from sonolesion.bundle.schema import bundle_info_to_json, parse_bundle_info
from sonolesion.bundle.wire import WireError
from sonolesion.errors import BundleError

FORM = Int8Form(
    onnx_sha256="a" * 64,
    n_images=64,
    split_hash="0123456789ab+ba9876543210",
    class_logit_change=0.05,
    mask_change=0.001,
    probe_logits=(0.5, -1.25, 3.0),
)


def product_model(names: list[str], weights: dict[str, float]) -> bytes:
    """y = x * w1 * w2 ..."""
    nodes, value = [], "x"
    for name in names:
        nodes.append(helper.make_node("Mul", [value, name], [f"{value}{name}"]))
        value += name
    graph = helper.make_graph(
        nodes,
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info(value, TensorProto.FLOAT, [1])],
        [numpy_helper.from_array(np.array([v], np.float32), k) for k, v in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    return bytes(model.SerializeToString())


def test_only_the_weights_that_a_form_lacks_are_put_in() -> None:
    form = product_model(["a", "b"], {"b": 5.0})
    whole = product_model(["a", "b", "c"], {"a": 2.0, "b": 3.0, "c": 7.0})
    joined = onnx.load_from_string(join_weights(form, whole))
    found = {t.name: float(numpy_helper.to_array(t)[0]) for t in joined.graph.initializer}
    assert found == {"a": 2.0, "b": 5.0}
    onnx.checker.check_model(joined, full_check=True)
    # nothing lacking: nothing added
    assert len(onnx.load_from_string(join_weights(whole, whole)).graph.initializer) == 3


def test_joining_what_is_no_model_is_refused() -> None:
    with pytest.raises(WireError):
        join_weights(b"\x00<html>", make_graph())


def test_the_probe_is_made_of_whole_numbers_and_has_all_levels() -> None:
    image = probe_image(224)
    assert (image.shape, image.dtype) == ((224, 224), np.float32)
    levels = np.rint(image * 255)
    np.testing.assert_array_equal((levels / 255).astype(np.float32), image)
    assert set(levels.ravel().astype(int).tolist()) == set(range(256))
    # row 3, column 4: 3 * 4 + 3 * 9 // 7 + 5 * 4 = 35
    assert levels[3, 4] == 35


def test_the_form_comes_back_from_its_fields() -> None:
    info = make_info(onnx_sha256="0" * 64, int8=FORM)
    values = json.loads(json.dumps(bundle_info_to_json(info)))
    assert values["int8"]["probe_logits"] == [0.5, -1.25, 3.0]
    assert parse_bundle_info(values, file="b").int8 == FORM


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("onnx_sha256", "a"),
        ("n_images", 0),
        ("split_hash", ""),
        ("class_logit_change", -0.1),
        ("mask_change", 1.5),
        ("probe_logits", [0.5, 1.0]),
        ("probe_logits", [0.5, 1.0, None]),
    ],
)
def test_a_wrong_field_of_the_form_is_refused(name: str, value: object) -> None:
    values = bundle_info_to_json(make_info(onnx_sha256="0" * 64, int8=FORM))
    values["int8"] = {**values["int8"], name: value}
    with pytest.raises(BundleError, match=name):
        parse_bundle_info(values, file="b")


def test_the_int8_form_is_written_loaded_and_named(tmp_path: Path) -> None:
    written = make_int8_bundle(tmp_path / "b")
    assert sorted(p.name for p in (tmp_path / "b").iterdir()) == [
        "bundle.json", "model.onnx", "model_int8.onnx",
    ]  # fmt: skip
    bundle = load_bundle(tmp_path / "b")
    assert bundle == written
    assert (bundle.precision, bundle.info.precision) == (Precision.FP32, Precision.FP32)
    form = int8_bundle(bundle)
    assert (form.precision, form.info.precision) == (Precision.INT8, Precision.INT8)
    assert form.info.label == "tiny 0.1+int8"
    assert form.graph_file == tmp_path / "b" / "model_int8.onnx"
    # the graph that answers has a hash of its own
    assert form.info.onnx_sha256 == hashlib.sha256(form.graph).hexdigest()
    assert form.info.onnx_sha256 != bundle.info.onnx_sha256
    assert int8_bundle(form) is form
    assert len(make_int8_graph()) < len(form.graph)


def test_a_bundle_without_the_form_says_so(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"no int8 form.*export it with --int8"):
        int8_bundle(make_bundle(tmp_path / "b"))


def test_a_form_without_its_file_or_a_file_without_its_form_is_not_written(tmp_path: Path) -> None:
    only_field = write_bundle(tmp_path / "a", make_info(int8=FORM), make_graph())
    only_file = write_bundle(tmp_path / "b", make_info(), make_graph(), make_int8_graph())
    for bundle in (only_field, only_file):
        assert (bundle.int8, bundle.info.int8) == (None, None)
        assert not (bundle.folder / "model_int8.onnx").exists()


def test_a_damaged_or_missing_form_is_found(tmp_path: Path) -> None:
    path = make_int8_bundle(tmp_path / "b").folder / "model_int8.onnx"
    data = path.read_bytes()
    path.write_bytes(data[:-10] + bytes(10))
    with pytest.raises(BundleError, match=r"model_int8\.onnx: its SHA-256"):
        load_bundle(tmp_path / "b")
    path.unlink()
    with pytest.raises(BundleError, match=r"model_int8\.onnx: cannot be read"):
        load_bundle(tmp_path / "b")


def test_a_form_that_is_no_graph_is_refused_before_it_is_used(tmp_path: Path) -> None:
    folder = make_int8_bundle(tmp_path / "b").folder
    (folder / "model_int8.onnx").write_bytes(b"no graph")
    values = json.loads((folder / "bundle.json").read_text("utf-8"))
    values["int8"]["onnx_sha256"] = hashlib.sha256(b"no graph").hexdigest()
    (folder / "bundle.json").write_text(json.dumps(values), "utf-8")
    with pytest.raises(BundleError, match=r"model_int8\.onnx: not an ONNX model"):
        int8_bundle(load_bundle(folder))


def test_the_mark_of_int8_cannot_be_a_bundles_own_version(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="field 'version'"):
        write_bundle(tmp_path / "b", make_info(version="0.1+int8"), make_graph())
    marked = dataclasses.replace(make_info(), version="0.1+int8x")
    assert write_bundle(tmp_path / "b", marked, make_graph()).info.precision is Precision.FP32
