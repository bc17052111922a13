"""Weights stored in half the space: fp16 in the file, fp32 in the computation.

The network's weights, with batch normalisation folded in (`fold_norm`), are first rounded to what
fp16 can hold, so that torch and the stored graph compute the same; a Cast node then widens each
when the graph is loaded, where ONNX Runtime folds it away. Speed and memory while running are those
of fp32.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from sonolesion.errors import TrainingError

_MIN_ELEMENTS = 256


@torch.no_grad()
def round_to_half(network: nn.Module) -> None:
    """Round the floating weights of `network`, in place, to fp16 values.

    Fold batch normalisation before (`fold_norms`), or its statistics are rounded too.

    Raises:
        TrainingError: a weight lies beyond fp16's range of 65,504.
    """
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            rounded = value.half().float()
            if not torch.isfinite(rounded).all():
                raise TrainingError(f"{name}: does not fit into fp16; export without half weights.")
            value.copy_(rounded)


def store_half(model: Any) -> Any:
    """Return the ONNX model with large fp32 initialisers that fp16 holds exactly stored so.

    Args:
        model: `onnx.ModelProto`; it is changed.

    Returns:
        The same model. An initialiser of under 256 elements, or one that rounding would change
        (folded batch-norm weights), stays as it is.
    """
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        half = values.astype(np.float16)
        if values.size < _MIN_ELEMENTS or not np.array_equal(half.astype(np.float32), values):
            continue
        name, stored = tensor.name, f"{tensor.name}.half"
        tensor.CopyFrom(numpy_helper.from_array(half, stored))
        casts.append(helper.make_node("Cast", [stored], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def strip_notes(model: Any) -> Any:
    """Take the exporter's notes (source lines, stack traces) out of an ONNX model, in place."""
    for item in (*model.graph.node, *model.graph.value_info, *model.graph.initializer):
        item.ClearField("doc_string")
        del item.metadata_props[:]
    del model.graph.value_info[:]
    return model
