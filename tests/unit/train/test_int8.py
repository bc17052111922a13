from __future__ import annotations

import dataclasses
import hashlib

import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from tiny_bundle import make_bundle, make_int8_graph  # noqa: E402

from sonolesion.bundle.int8 import join_weights  # noqa: E402
from sonolesion.data.manifest import ManifestRow  # noqa: E402
from sonolesion.errors import InvalidInputError, TrainingError  # noqa: E402
from sonolesion.train import int8_change  # noqa: E402
from sonolesion.train.graph_forms import drop_pass_through, rewrite_graph  # noqa: E402
from sonolesion.train.int8 import FLOAT_DEPTH, make_int8_form  # noqa: E402
from sonolesion.train.int8_change import describe_int8, pick_rows  # noqa: E402

pytestmark = pytest.mark.torch
N_DEEP = 4
SIDE = 16


def make_network() -> onnx.ModelProto:
    """Convolutions in a row, the last to one channel; the mean of the deepest is an output, too."""
    rng = np.random.default_rng(0)
    nodes, weights, value, inputs = [], [], "image", 1
    for index in range(FLOAT_DEPTH + N_DEEP):
        name = f"w{index}"
        kernel = rng.normal(0, 0.25, (8, inputs, 3, 3)).astype(np.float32)
        weights.append(numpy_helper.from_array(kernel, name))
        nodes.append(helper.make_node("Conv", [value, name], [f"c{index}"], pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Relu", [f"c{index}"], [f"r{index}"]))
        value, inputs = f"r{index}", 8
    weights.append(
        numpy_helper.from_array(rng.normal(0, 0.25, (1, 8, 3, 3)).astype(np.float32), "head")
    )
    nodes.append(helper.make_node("Conv", [value, "head"], ["mask"], pads=[1, 1, 1, 1]))
    nodes.append(helper.make_node("GlobalAveragePool", [value], ["pooled"]))
    nodes.append(helper.make_node("Flatten", ["pooled"], ["features"]))
    shape = ["N", 1, SIDE, SIDE]
    graph = helper.make_graph(
        nodes,
        "row",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info("mask", TensorProto.FLOAT, shape),
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", 8]),
        ],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def run(graph: bytes, images: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return session.run(["mask", "features"], {"image": images})


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(1).random((6, 1, SIDE, SIDE), np.float32)


def test_the_form_computes_nearly_the_same_on_the_weights_of_the_network(images):
    model = make_network()
    rewrite_graph(model)
    whole = model.SerializeToString()
    form = make_int8_form(whole, images, input_name="image")
    with pytest.raises(Exception, match="is not a graph input"):  # alone it lacks the weights
        run(form, images)
    joined = join_weights(form, whole)
    assert len(joined) < 1.4 * len(whole)
    for ours, theirs in zip(run(joined, images), run(whole, images), strict=True):
        assert ours.shape == theirs.shape
        assert 0 < np.abs(ours - theirs).max() < 0.05 * np.abs(theirs).max()


def test_the_first_layers_and_the_mask_head_stay_in_float(images):
    model = make_network()
    rewrite_graph(model)  # the head becomes a transposed convolution
    form = onnx.load_from_string(
        make_int8_form(model.SerializeToString(), images, input_name="image")
    )
    makers = {name: node.op_type for node in form.graph.node for name in node.output}
    layers = [n for n in form.graph.node if n.op_type in ("Conv", "ConvTranspose")]
    is_int8 = [makers.get(n.input[1]) == "DequantizeLinear" for n in layers]
    assert is_int8 == [False] * FLOAT_DEPTH + [True] * N_DEEP + [False]
    assert [o.name for o in form.graph.output] == ["mask", "features"]


def test_the_form_does_not_depend_on_how_often_it_is_made(images):
    whole = make_network().SerializeToString()
    first, again = (make_int8_form(whole, images, input_name="image") for _ in range(2))
    assert first == again


def test_poolings_of_one_pixel_are_dropped_and_real_ones_kept():
    nodes = [
        helper.make_node("MaxPool", ["x"], ["a"], kernel_shape=[1, 1]),
        helper.make_node("MaxPool", ["a"], ["b"], kernel_shape=[2, 2]),
        helper.make_node("Relu", ["b"], ["y"]),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "pools",
        [value("x", TensorProto.FLOAT, [1, 1, 4, 4])], [value("y", TensorProto.FLOAT, None)],
    )  # fmt: skip
    model = helper.make_model(graph)
    drop_pass_through(model)
    assert [(n.op_type, list(n.input)) for n in model.graph.node] == [
        ("MaxPool", ["x"]), ("Relu", ["b"]),
    ]  # fmt: skip


def make_row(case_id: str) -> ManifestRow:
    return ManifestRow(
        case_id, "test", "benign", "train", case_id, "", (), 1, 1, 0, "", "", "", "", ""
    )


def test_rows_are_picked_by_the_hash_of_their_names():
    rows = tuple(make_row(f"case {n}") for n in range(20))
    expected = sorted(
        (row.case_id for row in rows), key=lambda name: hashlib.sha256(name.encode()).hexdigest()
    )[:5]
    assert [row.case_id for row in pick_rows(rows, 5)] == expected
    assert pick_rows(rows[::-1], 5) == pick_rows(rows, 5)
    assert len(pick_rows(rows, 64)) == 20
    with pytest.raises(InvalidInputError, match="at least one training case"):
        pick_rows(())


def test_what_int8_changes_is_measured(tmp_path):
    bundle = make_bundle(tmp_path / "b")
    size = bundle.info.image_size_px
    images = np.random.default_rng(0).random((3, 1, size, size), np.float32)
    form = describe_int8(bundle, make_int8_graph(), images, split_hash="0" * 12)
    # one of three logits changes by .01: root mean square .01 / sqrt(3)
    assert form.class_logit_change == pytest.approx(0.01 / 3**0.5, abs=1e-4)
    assert (form.mask_change, form.n_images) == (0.0, 3)
    assert len(form.probe_logits) == 3


def test_a_form_that_changes_too_much_is_refused(tmp_path, monkeypatch):
    bundle = make_bundle(tmp_path / "b")
    size = bundle.info.image_size_px
    images = np.random.default_rng(0).random((3, 1, size, size), np.float32)
    monkeypatch.setattr(int8_change, "MAX_CLASS_LOGIT_CHANGE", 0.005)
    with pytest.raises(
        TrainingError, match=r"int8 refused: it changes 0\.00% of the mask .*0\.0058"
    ):
        describe_int8(bundle, make_int8_graph(), images, split_hash="0" * 12)
    other = dataclasses.replace(bundle, int8=make_int8_graph())
    assert other.precision.value == "fp32"
