from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from sonolesion.train.graph_forms import phase_matrix, rewrite_graph  # noqa: E402

pytestmark = pytest.mark.torch
RNG = np.random.default_rng(0)
SIDE = 5


def make_decoder(
    *,
    mode: str = "nearest",
    rounding: str = "floor",
    reverse: bool = False,
    read_twice: bool = False,
    scale: float = 2.0,
) -> onnx.ModelProto:
    """Doubled values beside a skip, a 3x3 convolution, and one to a single channel."""

    def constant(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(RNG.normal(size=shape).astype(np.float32), name)

    joined = ["skip", "up"] if reverse else ["up", "skip"]
    outputs = [helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["N", 1, None, None])]
    if read_twice:
        outputs.append(helper.make_tensor_value_info("up", TensorProto.FLOAT, ["N", 4, None, None]))
    nodes = [
        helper.make_node(
            "Resize", ["x", "", "scales"], ["up"], mode=mode,
            coordinate_transformation_mode="asymmetric", nearest_mode=rounding,
        ),
        helper.make_node("Concat", joined, ["both"], axis=1),
        helper.make_node("Conv", ["both", "w", "b"], ["mixed"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["mixed"], ["active"]),
        helper.make_node("Conv", ["active", "head", "bias"], ["mask"], pads=[1, 1, 1, 1]),
    ]  # fmt: skip
    large = int(SIDE * scale)
    graph = helper.make_graph(
        nodes,
        "decoder",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4, SIDE, SIDE + 1]),
            helper.make_tensor_value_info(
                "skip", TensorProto.FLOAT, ["N", 3, large, int((SIDE + 1) * scale)]
            ),
        ],
        outputs,
        [
            numpy_helper.from_array(np.array([1, 1, scale, scale], np.float32), "scales"),
            constant("w", 6, 7, 3, 3), constant("b", 6), constant("head", 1, 6, 3, 3),
            constant("bias", 1),
        ],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def run(model: onnx.ModelProto, *, scale: int = 2) -> np.ndarray:
    rng = np.random.default_rng(1)
    feed = {
        "x": rng.normal(size=(2, 4, SIDE, SIDE + 1)).astype(np.float32),
        "skip": rng.normal(size=(2, 3, SIDE * scale, (SIDE + 1) * scale)).astype(np.float32),
    }
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(["mask"], feed)[0]


def test_the_rewritten_decoder_computes_the_same_in_fewer_products():
    model = make_decoder()
    expected = run(model)
    assert rewrite_graph(model) == 2
    onnx.checker.check_model(model)
    kinds = [node.op_type for node in model.graph.node]
    assert "Resize" not in kinds
    assert "ConvTranspose" in kinds
    np.testing.assert_allclose(run(model), expected, atol=1e-4)


@pytest.mark.parametrize(
    "choices",
    [
        {"mode": "linear"},
        {"rounding": "ceil"},
        {"reverse": True},
        {"read_twice": True},
        {"scale": 3.0},
    ],
)
def test_other_decoders_keep_their_form(choices):
    model = make_decoder(**choices)
    expected = run(model, scale=int(choices.get("scale", 2)))
    assert rewrite_graph(model) == 1  # the convolution to one channel
    assert "Resize" in [node.op_type for node in model.graph.node]
    np.testing.assert_allclose(run(model, scale=int(choices.get("scale", 2))), expected, atol=1e-4)


def test_the_phases_hold_each_entry_of_the_old_kernel_once():
    matrix = phase_matrix()
    assert matrix.shape == (9, 16)
    # the sixteen new entries of the four phases: 1, 2, 2 and 4 old ones, nine old ones a phase
    assert sorted(matrix.sum(axis=0)) == [1] * 4 + [2] * 8 + [4] * 4
    np.testing.assert_array_equal(matrix.reshape(9, 4, 4).sum(axis=2), np.ones((9, 4)))
    # upper left pixel of a doubled one (the last phase): its upper left neighbour is another pixel
    np.testing.assert_array_equal(matrix[0].reshape(4, 2, 2)[3], [[1, 0], [0, 0]])
    # its middle is itself
    np.testing.assert_array_equal(matrix[4].reshape(4, 2, 2)[3], [[0, 0], [0, 1]])
