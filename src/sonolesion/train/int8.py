"""Make the int8 form of an exported network: which layers, which ranges, on which images.

Static quantisation: activations are unsigned and weights signed 8-bit numbers, weights with a scale
for each channel, activations with one for the tensor, from the least and largest value on
training images. What was tried and measured is in docs/decisions/0012-precision.md.

In float stay the first three convolutions, which cause
half of the change in the class logits, the mask head and all that comes after it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.train.graph_forms import drop_pass_through

FLOAT_DEPTH = 3
"""Convolutions that stay in float, counted from the image."""

_ERRORS_ONLY = 3
_QUANTISED = (
    "Conv", "ConvTranspose", "Add", "Concat", "Resize", "Relu", "Clip", "MaxPool", "Transpose",
    "Reshape", "Slice",
)  # fmt: skip
_CONVOLUTIONS = ("Conv", "ConvTranspose")


def make_int8_form(graph: bytes, images: NDArray[np.float32], *, input_name: str) -> bytes:
    """Return the int8 form of an exported network (see `sonolesion.bundle.int8`).

    Args:
        graph: bytes of `model.onnx`, as `export_graph` gives them.
        images: float32 (N, 1, S, S) in [0, 1], of the training part; N at least 1.
        input_name: of the graph.
    """
    import onnx
    from onnxruntime.quantization import CalibrationMethod, QuantType
    from onnxruntime.quantization.calibrate import create_calibrator
    from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

    with tempfile.TemporaryDirectory() as folder:
        folded = _fold_constants(graph, Path(folder) / "folded.onnx")
        drop_pass_through(folded)
        for index, node in enumerate(folded.graph.node):
            node.name = f"node_{index}"
        path = Path(folder) / "named.onnx"
        onnx.save(folded, path)
        calibrator = create_calibrator(
            path, _QUANTISED, augmented_model_path=f"{folder}/ranges.onnx",
            calibrate_method=CalibrationMethod.MinMax,
        )  # fmt: skip
        calibrator.collect_data(_Feed(images, input_name))
        ranges = calibrator.compute_data()
        del calibrator
    quantizer = QDQQuantizer(
        folded,
        per_channel=True,
        reduce_range=False,
        weight_qType=QuantType.QInt8,
        activation_qType=QuantType.QUInt8,
        tensors_range=ranges,
        nodes_to_quantize=[],
        nodes_to_exclude=sorted(_float_nodes(folded)),
        op_types_to_quantize=list(_QUANTISED),
        extra_options={"AddQDQPairToWeight": True},
    )
    quantizer.quantize_model()
    quantizer.model.topological_sort()
    model = quantizer.model.model
    _share_weights(model, onnx.load_model_from_string(graph))
    return bytes(model.SerializeToString())


class _Feed:
    """Images one by one, as ONNX Runtime's calibration asks for them."""

    def __init__(self, images: NDArray[np.float32], input_name: str) -> None:
        self._images = images
        self._name = input_name
        self._rest = iter(self)

    def __iter__(self) -> Iterator[dict[str, NDArray[np.float32]]]:
        return ({self._name: image[np.newaxis]} for image in self._images)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self._rest, None)


def _fold_constants(graph: bytes, path: Path) -> Any:
    """Compute what follows from weights alone; widths and shapes are known afterwards."""
    import onnx
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return onnx.shape_inference.infer_shapes(onnx.load(path))


def _float_nodes(model: Any) -> set[str]:
    """Names of the nodes near the image, and of those from the mask heads on.

    Before the first convolution (depth 0) stands what turns an image round.
    """
    weights = {t.name: list(t.dims) for t in model.graph.initializer}
    depth: dict[str, int] = {}
    after_head: set[str] = set()
    kept: set[str] = set()
    for node in model.graph.node:
        is_convolution = node.op_type in _CONVOLUTIONS
        level = max((depth.get(name, 0) for name in node.input), default=0) + is_convolution
        depth.update(dict.fromkeys(node.output, level))
        is_late = any(name in after_head for name in node.input)
        if is_convolution:
            # (M, C / group, ...) of a convolution, (C, M / group, ...) of a transposed one
            is_late |= weights[node.input[1]][node.op_type == "ConvTranspose"] == 1
        if is_late:
            after_head.update(node.output)
        if is_late or level == 0 or (is_convolution and level <= FLOAT_DEPTH):
            kept.add(node.name)
    return kept


def _share_weights(model: Any, stored: Any) -> None:
    """Take the weights out of an int8 model that `stored` has, or computes from what it has.

    Folding keeps names, so a folded kernel is called as the value that `stored` computes.
    """
    weights = {tensor.name: tensor for tensor in stored.graph.initializer}
    makers = {name: node for node in stored.graph.node for name in node.output}
    nodes: list[Any] = []
    done: set[str] = set()

    def bring(name: str) -> None:
        if name and name not in weights and name not in done:
            done.add(name)
            for source in makers[name].input:
                bring(source)
            nodes.append(makers[name])

    own = []
    for tensor in model.graph.initializer:
        if tensor.name in makers:
            bring(tensor.name)
        elif tensor.name not in weights or tensor != weights[tensor.name]:
            own.append(tensor)
    _drop_zero_points(model, own)
    nodes += model.graph.node
    del model.graph.node[:], model.graph.initializer[:], model.graph.value_info[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(own)


def _drop_zero_points(model: Any, tensors: list[Any]) -> None:
    """Drop the zero points of biases: all 0, which is what a missing one means."""
    from onnx import TensorProto

    zeros = {
        tensor.name
        for tensor in tensors
        if tensor.data_type == TensorProto.INT32 and tensor.name.endswith("_zero_point")
    }
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and node.input[-1] in zeros:
            del node.input[-1]
    tensors[:] = [t for t in tensors if t.name not in zeros]
