"""Whether 8-bit products are added without overflow here, asked with sums that are known.

x86 without VNNI adds products in pairs, in 16 bits: 2 x 255 x 127 = 64,770 becomes 32,767, and a
network in int8 answers otherwise than it should, without an error. A graph of one matrix product
and one convolution, all of their factors as large as they can be, shows it: each sum is exact or
half of what it should be. Nothing is rounded on the way, so no tolerance is needed.

Source: ONNX Runtime, "Quantize ONNX models": U8S8 saturates on AVX2 and AVX-512 without VNNI.
"""

from __future__ import annotations

import base64
import functools

import numpy as np

SUM = 144 * 255 * 127
"""Of the products of one output, in both: 144 inputs of 255 and weights of 127."""

SCALED_SUM = 200
"""What the convolution gives for it in 8 bits; its graph scales by `SUM` / 200."""

_GRAPH = base64.b64decode(
    "CAgSADqBBAo8CgxtYXRyaXhfc2hhcGUSBm1hdHJpeCIPQ29uc3RhbnRPZlNoYXBlKhMKBXZhbHVlKgcIARADSgF/"
    "oAEECjwKDGtlcm5lbF9zaGFwZRIGa2VybmVsIg9Db25zdGFudE9mU2hhcGUqEwoFdmFsdWUqBwgBEANKAX+gAQQK"
    "EQoBeBIDcm93IgdGbGF0dGVuCiUKA3JvdwoGbWF0cml4Egdwcm9kdWN0Ig1NYXRNdWxJbnRlZ2VyCkwKAXgKA29u"
    "ZQoGemVyb191CgZrZXJuZWwKA29uZQoGemVyb19zCgVzY2FsZQoGemVyb191Egljb252b2x2ZWQiC1FMaW5lYXJD"
    "b252EgRzdW1zKiQIAhAHQgxtYXRyaXhfc2hhcGVKEJAAAAAAAAAAEAAAAAAAAAAqNAgEEAdCDGtlcm5lbF9zaGFw"
    "ZUogEAAAAAAAAAAQAAAAAAAAAAMAAAAAAAAAAwAAAAAAAAAqDRABQgNvbmVKBAAAgD8qDxABQgVzY2FsZUoEZiq2"
    "RioNEAJCBnplcm9fdUoBACoNEANCBnplcm9fc0oBAFobCgF4EhYKFAgCEhAKAggBCgIIEAoCCAMKAggDYhkKB3By"
    "b2R1Y3QSDgoMCAYSCAoCCAEKAggQYiMKCWNvbnZvbHZlZBIWChQIAhIQCgIIAQoCCBAKAggBCgIIAUIECgAQEg=="
)  # x uint8 (1, 16, 3, 3) -> product int32 (1, 16), convolved uint8 (1, 16, 1, 1)


@functools.cache
def adds_exactly() -> bool:
    """Whether ONNX Runtime adds 8-bit products exactly on this CPU; asked once a process."""
    import onnxruntime

    session = onnxruntime.InferenceSession(_GRAPH, providers=["CPUExecutionProvider"])
    feed = {"x": np.full((1, 16, 3, 3), 255, np.uint8)}
    product, convolved = session.run(None, feed)
    return bool((product == SUM).all() and (convolved == SCALED_SUM).all())
