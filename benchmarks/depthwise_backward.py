"""Gradients of depthwise convolutions in bfloat16: oneDNN's own against `DepthwiseConv`'s float32.

Shapes are those of EfficientNet-Lite0 at 256 px, batch 16. The two take turns, and the ratio of
each pair counts.

    python benchmarks/depthwise_backward.py [--pairs 7] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from sonolesion.train.allocator import keep_freed_memory
from sonolesion.train.depthwise import DepthwiseConv

# channels, side of the input, side of the kernel, stride
SHAPES = (
    (96, 128, 3, 2), (144, 64, 5, 2), (240, 32, 5, 1), (240, 32, 3, 2),
    (672, 16, 5, 1), (672, 16, 5, 2), (1152, 8, 5, 1),
)  # fmt: skip


def time_backward(layer: nn.Module, images: Tensor) -> float:
    """Seconds of one backward pass under bfloat16 autocast."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = layer(images)
    start = time.perf_counter()
    out.backward(torch.ones_like(out))
    return time.perf_counter() - start


def main() -> None:
    """Time each shape and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    keep_freed_memory()
    rows = []
    for channels, side, size, stride in SHAPES:
        plain = nn.Conv2d(
            channels, channels, size, stride=stride, padding=size // 2, groups=channels, bias=False
        )
        ours = DepthwiseConv(plain)
        images = torch.randn(16, channels, side, side).to(memory_format=torch.channels_last)
        images.requires_grad_()
        pairs = [
            (time_backward(plain, images), time_backward(ours, images))
            for _ in range(arguments.pairs + 2)
        ][2:]
        ratios = [a / b for a, b in pairs]
        rows.append(
            {
                "channels": channels, "side_px": side, "kernel": size, "stride": stride,
                "n_pairs": len(ratios), "ratio_median": round(float(np.median(ratios)), 2),
                "ratio_min": round(min(ratios), 2), "ratio_max": round(max(ratios), 2),
            }
        )  # fmt: skip
    text = json.dumps({"torch": torch.__version__, "rows": rows}, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
