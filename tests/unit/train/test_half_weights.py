from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from sonolesion.errors import TrainingError  # noqa: E402
from sonolesion.train.half_weights import round_to_half, store_half  # noqa: E402

pytestmark = pytest.mark.torch
RNG = np.random.default_rng(0)


def _model(weight: np.ndarray) -> onnx.ModelProto:
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, len(weight)])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, weight.shape[1]])],
        [numpy_helper.from_array(weight, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def _run(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"x": x})[0]


def test_rounded_weights_take_half_the_space_and_compute_the_same():
    weight = RNG.normal(size=(64, 64)).astype(np.float16).astype(np.float32)
    x = RNG.normal(size=(1, 64)).astype(np.float32)
    model = _model(weight)
    whole, expected = len(model.SerializeToString()), _run(model, x)
    halved = store_half(model)
    onnx.checker.check_model(halved)
    assert len(halved.SerializeToString()) < 0.55 * whole
    np.testing.assert_array_equal(_run(halved, x), expected)


def test_weights_that_rounding_would_change_stay_whole():
    model = _model(RNG.normal(size=(64, 64)).astype(np.float32))
    before = model.SerializeToString()
    assert store_half(model).SerializeToString() == before


def test_rounding_keeps_integers_and_refuses_what_does_not_fit():
    network = torch.nn.BatchNorm1d(2)
    network.running_mean.fill_(1 / 3)
    round_to_half(network)
    assert network.running_mean[0].item() == float(np.float16(1 / 3))
    assert network.num_batches_tracked.dtype == torch.int64
    network.running_var.fill_(1e6)
    with pytest.raises(TrainingError, match="running_var"):
        round_to_half(network)
