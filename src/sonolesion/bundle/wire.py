"""The protobuf wire format: enough of it to walk an ONNX file without the `onnx` package.

Source: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Iterator


class WireError(Exception):
    """The bytes are no protobuf message."""


def iter_fields(view: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Give (field number, value) of each field of one message; fixed-width values as bytes.

    Raises:
        WireError: the bytes end too early, or hold what is no field.
    """
    at = 0
    while at < len(view):
        tag, at = _varint(view, at)
        number, wire = tag >> 3, tag & 7
        if number == 0:
            raise WireError(f"field number 0 at byte {at}")
        if wire == 0:
            value, at = _varint(view, at)
            yield number, value
            continue
        if wire == 2:
            length, at = _varint(view, at)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise WireError(f"wire type {wire} at byte {at}")
        if at + length > len(view):
            raise WireError(f"{length:,} bytes announced at byte {at}, {len(view) - at:,} there")
        yield number, view[at : at + length]
        at += length


def iter_messages(view: memoryview, number: int) -> Iterator[memoryview]:
    """Give the bytes of each text or message in one field of a message.

    Raises:
        WireError: see `iter_fields`.
    """
    return (v for n, v in iter_fields(view) if n == number and isinstance(v, memoryview))


def make_field(number: int, content: bytes) -> bytes:
    """Return a field that holds a text or a message.

    >>> make_field(7, b"ab").hex()
    '3a026162'
    """
    return _to_varint(number << 3 | 2) + _to_varint(len(content)) + content


def _to_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(view):
            raise WireError("ends inside a number")
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise WireError(f"a number over 10 bytes long at byte {at}")
