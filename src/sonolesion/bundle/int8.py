"""The int8 form of a bundle's network: a second graph on the same weights.

`model_int8.onnx` holds nodes, scales and biases alone, a few per cent of the network. Its weights
are those of `model.onnx`, put in when it is loaded; ONNX Runtime then rounds them to int8. So the
form costs a bundle next to nothing, and the two graphs cannot drift apart.

Source: onnx/onnx.proto (field numbers); protobuf.dev/programming-guides/encoding, "Last one wins":
fields of messages that follow one another are joined.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle.fields import Check, integer, matching, number, record, rows
from sonolesion.bundle.wire import iter_fields, iter_messages, make_field
from sonolesion.types import CLASS_NAMES

MAX_PROBE_CHANGE = 0.25
"""Largest difference of the probe's class logits from the stored ones.

A difference in the last digit of the layers in float, as between two kinds of CPU, changes those of
a single network by up to .06, since rounding to 8 bits passes it on. .25 is also what an export
allows int8 to change at all (`sonolesion.train.int8_change`).
"""

_MODEL_GRAPH, _GRAPH_NODE, _GRAPH_TENSOR, _TENSOR_NAME = 7, 1, 5, 8
_NODE_INPUT, _NODE_OUTPUT = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Int8Form:
    """What `bundle.json` says of `model_int8.onnx`.

    Attributes:
        onnx_sha256: of the file.
        n_images: training images that the ranges were measured on.
        split_hash: of the split whose training part they are from; several joined by "+".
        class_logit_change: root mean square of what int8 changes in the class logits, on those
            images, >= 0.
        mask_change: mean share of the square's pixels that int8 marks otherwise, [0, 1].
        probe_logits: class logits that it gives for `probe_image`, in `LesionClass` order. A CPU
            that gives others does not compute int8 as the one of the export did.
    """

    onnx_sha256: str
    n_images: int
    split_hash: str
    class_logit_change: float
    mask_change: float
    probe_logits: tuple[float, ...]


_CHECKS: dict[str, Check] = {
    "onnx_sha256": matching(r"[0-9a-f]{64}", "64 hex digits"),
    "n_images": integer(1, 10**6),
    "split_hash": matching(r"[0-9a-f]{12}(\+[0-9a-f]{12})*", "hashes of 12 hex digits"),
    "class_logit_change": number(0.0, 100.0),
    "mask_change": number(0.0, 1.0),
    "probe_logits": rows(number(-1e4, 1e4), least=len(CLASS_NAMES), most=len(CLASS_NAMES)),
}
check_int8 = record(Int8Form, _CHECKS)
"""Check the field `int8` of `bundle.json`; gives an `Int8Form`."""


def probe_image(size_px: int) -> NDArray[np.float32]:
    """Return the image float32 (S, S) in [0, 1] that int8 arithmetic is checked on.

    It is made of whole numbers, so that it is the same everywhere: fine and coarse stripes with
    all levels from black to white, so that the largest activations occur.
    """
    rows_px, cols_px = np.ogrid[:size_px, :size_px]
    level = (rows_px * cols_px + 3 * rows_px * rows_px // 7 + 5 * cols_px) % 256
    return np.asarray(level / 255, np.float32)


def join_weights(form: bytes, whole: bytes) -> bytes:
    """Put the weights that an int8 graph reads and lacks into it.

    Args:
        form: bytes of `model_int8.onnx`.
        whole: bytes of `model.onnx`; tensors that the form does not read are left out.

    Returns:
        The bytes of a self-contained ONNX model. A weight that is in neither stays missing, and
        ONNX Runtime refuses the model.

    Raises:
        WireError: one of the two is no protobuf message.
    """
    lacking: set[bytes] = set()
    made: set[bytes] = set()
    for graph in iter_messages(memoryview(form), _MODEL_GRAPH):
        for field, value in iter_fields(graph):
            if field == _GRAPH_NODE and isinstance(value, memoryview):
                lacking.update(_texts(value, _NODE_INPUT))
                made.update(_texts(value, _NODE_OUTPUT))
            elif field == _GRAPH_TENSOR and isinstance(value, memoryview):
                made.update(_texts(value, _TENSOR_NAME))
    lacking -= made
    tensors = b"".join(
        make_field(_GRAPH_TENSOR, bytes(tensor))
        for graph in iter_messages(memoryview(whole), _MODEL_GRAPH)
        for tensor in iter_messages(graph, _GRAPH_TENSOR)
        if not lacking.isdisjoint(_texts(tensor, _TENSOR_NAME))
    )
    return form + make_field(_MODEL_GRAPH, tensors)


def _texts(message: memoryview, number: int) -> Iterator[bytes]:
    return (bytes(value) for value in iter_messages(message, number))
