"""One image through the network: a bundle on ONNX Runtime against the mission's in plain PyTorch.

The network alone, batch 1, as many threads as there are cores: the classic U-Net as the mission
document has it (fp32, contiguous, 256 px, no gradient), and the bundle's graph at its own size.

    python benchmarks/network_speed.py [--bundle fast] [--pairs 20] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
from functools import partial
from pathlib import Path

import numpy as np
from turns import Step, ratio_figures, time_turns

from sonolesion.bundle import DEFAULT_BUNDLE, load_bundle
from sonolesion.inference.runtime import Session


def make_plain_run() -> tuple[Step, str]:
    """The mission's network in plain PyTorch."""
    import torch

    from sonolesion.config import load_train_settings
    from sonolesion.train.models import build_model

    torch.manual_seed(0)
    network = build_model(load_train_settings("mission").model).eval()
    image = torch.rand(1, 1, 256, 256)

    def step() -> None:
        with torch.no_grad():
            network(image)

    return step, f"torch {torch.__version__}, {torch.get_num_threads()} threads"


def make_bundle_run(name: str) -> tuple[Step, str]:
    """A bundle's graph on ONNX Runtime."""
    import onnxruntime

    bundle = load_bundle(name)
    session = Session(bundle, None)
    size = bundle.info.image_size_px
    image = np.random.default_rng(0).random((1, 1, size, size), dtype=np.float32)

    def step() -> None:
        session.run(image)

    return step, f"{bundle.info.label} at {size} px, ONNX Runtime {onnxruntime.__version__}"


def main() -> None:
    """Run the pairs and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", default=DEFAULT_BUNDLE)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    seconds, kinds = time_turns(
        {"mission": make_plain_run, "bundle": partial(make_bundle_run, arguments.bundle)},
        pairs=arguments.pairs,
    )
    result = {
        "command": f"python benchmarks/network_speed.py --bundle {arguments.bundle} "
        f"--pairs {arguments.pairs}",
        "cores": os.cpu_count(),
        **kinds,
        "milliseconds_mission": round(1e3 * float(np.median(seconds["mission"])), 1),
        "milliseconds_bundle": round(1e3 * float(np.median(seconds["bundle"])), 2),
        **ratio_figures(seconds["mission"], seconds["bundle"]),
    }
    text = json.dumps(result, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
