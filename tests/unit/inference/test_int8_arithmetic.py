from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from sonolesion.inference import int8_arithmetic
from sonolesion.inference.int8_arithmetic import SCALED_SUM, SUM, adds_exactly


def make_graph() -> onnx.ModelProto:
    """The graph as it was made: all weights 127, folded when it is loaded."""
    full = numpy_helper.from_array(np.array([127], np.int8))
    nodes = [
        helper.make_node("ConstantOfShape", ["matrix_shape"], ["matrix"], value=full),
        helper.make_node("ConstantOfShape", ["kernel_shape"], ["kernel"], value=full),
        helper.make_node("Flatten", ["x"], ["row"]),
        helper.make_node("MatMulInteger", ["row", "matrix"], ["product"]),
        helper.make_node(
            "QLinearConv",
            ["x", "one", "zero_u", "kernel", "one", "zero_s", "scale", "zero_u"],
            ["convolved"],
        ),
    ]
    constants = {
        "matrix_shape": np.array([144, 16], np.int64),
        "kernel_shape": np.array([16, 16, 3, 3], np.int64),
        "one": np.array(1, np.float32),
        "scale": np.array(SUM / SCALED_SUM, np.float32),
        "zero_u": np.array(0, np.uint8),
        "zero_s": np.array(0, np.int8),
    }
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "sums",
        [value("x", TensorProto.UINT8, [1, 16, 3, 3])],
        [
            value("product", TensorProto.INT32, [1, 16]),
            value("convolved", TensorProto.UINT8, [1, 16, 1, 1]),
        ],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8, producer_name=""
    )


def test_the_stored_graph_is_the_one_that_is_described() -> None:
    assert onnx.load_from_string(int8_arithmetic._GRAPH) == make_graph()
    onnx.checker.check_model(onnx.load_from_string(int8_arithmetic._GRAPH), full_check=True)


def test_the_sums_are_those_of_numpy() -> None:
    weights = np.full((144, 16), 127, np.int64)
    session = onnxruntime.InferenceSession(
        int8_arithmetic._GRAPH, providers=["CPUExecutionProvider"]
    )
    levels = np.random.default_rng(0).integers(0, 40, (1, 16, 3, 3)).astype(np.uint8)
    product, convolved = session.run(None, {"x": levels})  # small ones overflow nowhere
    expected = levels.reshape(1, 144).astype(np.int64) @ weights
    np.testing.assert_array_equal(product, expected)
    np.testing.assert_array_equal(
        convolved.ravel(), np.rint(expected.ravel() * SCALED_SUM / SUM).astype(np.uint8)
    )


class Saturating:
    """ONNX Runtime on a CPU that adds pairs in 16 bits: half of the sum."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def run(self, *_: object) -> list[np.ndarray]:
        halved = 72 * 32767  # min(2 * 255 * 127, 2^15 - 1), 72 times
        scaled = round(halved * SCALED_SUM / SUM)
        return [np.full((1, 16), halved, np.int32), np.full((1, 16, 1, 1), scaled, np.uint8)]


def test_sums_that_overflow_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "InferenceSession", Saturating)
    adds_exactly.cache_clear()
    assert not adds_exactly()
    adds_exactly.cache_clear()
