"""What an ONNX file holds, checked from its bytes before a runtime sees it.

A graph may name other files on the disk for its weights ("external data") and operators that
only a plug-in library provides; a bundle may do neither.

Source: onnx/onnx.proto (field numbers).
"""

from __future__ import annotations

from sonolesion.bundle.wire import WireError, iter_fields
from sonolesion.errors import BundleError

OPSET_RANGE = (13, 26)
STANDARD_DOMAINS = ("", "ai.onnx")
_MAX_DEPTH = 32

# Message type -> field number -> type of the message in that field. Only what leads to nodes,
# tensors and opsets; all else is skipped by its length.
_CHILDREN: dict[str, dict[int, str]] = {
    "Model": {7: "Graph", 8: "Opset", 20: "Training", 25: "Function"},
    "Training": {1: "Graph", 2: "Graph"},
    "Graph": {1: "Node", 5: "Tensor", 15: "SparseTensor"},
    "Function": {7: "Node", 9: "Opset", 11: "Attribute"},
    "Node": {5: "Attribute"},
    "Attribute": {
        5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph", 22: "SparseTensor", 23: "SparseTensor",
    },
    "SparseTensor": {1: "Tensor", 2: "Tensor"},
    "Tensor": {},
    "Opset": {},
}  # fmt: skip


def check_graph(graph: bytes, *, file: str) -> None:
    """Refuse an ONNX file that is not self-contained and standard.

    Args:
        graph: the file's bytes.
        file: what to call it in messages.

    Raises:
        BundleError: not an ONNX model (truncated, HTML, empty); external data; an operator that
            is not ONNX's own; an opset outside `OPSET_RANGE`.
    """
    opset: list[int] = []
    try:
        graphs = _walk("Model", memoryview(graph), opset, depth=0)
    except WireError as error:
        raise BundleError(
            f"{file}: not an ONNX model, or a truncated one ({error}; {len(graph):,} bytes, "
            f"starts with {graph[:12]!r}). Copy the file again."
        ) from error
    except _RefusedError as error:
        raise BundleError(f"{file}: {error}.") from error
    if graphs == 0 or not opset:
        raise BundleError(f"{file}: not an ONNX model (no graph in it). Copy the file again.")


class _RefusedError(Exception):
    """A well-formed model that a bundle may not hold."""


def _walk(kind: str, view: memoryview, opset: list[int], *, depth: int) -> int:
    """Check one message and those in it; add the standard opset's version; count graphs."""
    if depth > _MAX_DEPTH:
        raise _RefusedError(f"its messages are nested over {_MAX_DEPTH} deep")
    graphs = 1 if kind == "Graph" else 0
    domain, version = "", 0
    for number, value in iter_fields(view):
        child = _CHILDREN[kind].get(number)
        if child is not None and isinstance(value, memoryview):
            graphs += _walk(child, value, opset, depth=depth + 1)
        elif kind == "Tensor" and (number == 13 or (number == 14 and value == 1)):
            raise _RefusedError(
                "its weights lie in another file (external data); a bundle must be "
                "self-contained. Export it with the weights inside"
            )
        elif kind == "Node" and number == 7 and isinstance(value, memoryview):
            _check_domain(_text(value))
        elif kind == "Opset" and number == 1 and isinstance(value, memoryview):
            domain = _text(value)
        elif kind == "Opset" and number == 2 and isinstance(value, int):
            version = value
    if kind == "Opset" and domain in STANDARD_DOMAINS:
        _check_opset(version)
        opset.append(version)
    return graphs


def _check_domain(domain: str) -> None:
    if domain not in STANDARD_DOMAINS:
        raise _RefusedError(
            f"it uses an operator of the domain {domain!r}; only ONNX's own operators are run. "
            "Export it without custom operators"
        )


def _check_opset(version: int) -> None:
    low, high = OPSET_RANGE
    if not low <= version <= high:
        raise _RefusedError(f"it needs opset {version}, expected {low} to {high}. Export it again")


def _text(value: memoryview) -> str:
    return bytes(value).decode("utf-8", "backslashreplace")
