"""What an ONNX file holds, checked from its bytes before a runtime sees it.

A graph may name other files on the disk for its weights ("external data") and operators that
only a plug-in library provides; a bundle may do neither. The protobuf wire format is simple
enough to walk without the `onnx` package, which inference does not need.

Source: onnx/onnx.proto (field numbers); protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Iterator

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
    except _WireError as error:
        raise BundleError(
            f"{file}: not an ONNX model, or a truncated one ({error}; {len(graph):,} bytes, "
            f"starts with {graph[:12]!r}). Copy the file again."
        ) from error
    except _RefusedError as error:
        raise BundleError(f"{file}: {error}.") from error
    if graphs == 0 or not opset:
        raise BundleError(f"{file}: not an ONNX model (no graph in it). Copy the file again.")


class _WireError(Exception):
    """The bytes are no protobuf message."""


class _RefusedError(Exception):
    """A well-formed model that a bundle may not hold."""


def _walk(kind: str, view: memoryview, opset: list[int], *, depth: int) -> int:
    """Check one message and those in it; add the standard opset's version; count graphs."""
    if depth > _MAX_DEPTH:
        raise _RefusedError(f"its messages are nested over {_MAX_DEPTH} deep")
    graphs = 1 if kind == "Graph" else 0
    domain, version = "", 0
    for number, value in _fields(view):
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


def _fields(view: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Give (field number, value) of each field of one message; fixed-width values as bytes."""
    at = 0
    while at < len(view):
        tag, at = _varint(view, at)
        number, wire = tag >> 3, tag & 7
        if number == 0:
            raise _WireError(f"field number 0 at byte {at}")
        if wire == 0:
            value, at = _varint(view, at)
            yield number, value
            continue
        if wire == 2:
            length, at = _varint(view, at)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise _WireError(f"wire type {wire} at byte {at}")
        if at + length > len(view):
            raise _WireError(f"{length:,} bytes announced at byte {at}, {len(view) - at:,} there")
        yield number, view[at : at + length]
        at += length


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(view):
            raise _WireError("ends inside a number")
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise _WireError(f"a number over 10 bytes long at byte {at}")
