"""One image through the network: a bundle on ONNX Runtime against the mission's in plain PyTorch.

The network alone, batch 1, as many threads as there are cores: the classic U-Net as the mission
document has it (fp32, contiguous, 256 px, no gradient), and the bundle's graph at its own size, in
fp32 and, where the bundle has the form, in int8. Each in a process of its own, taking turns.

    python benchmarks/network_speed.py [--bundle fast] [--pairs 20] [--loss FILE] [--json FILE]

`--loss` takes what benchmarks/int8_loss.py wrote, so that the speed of int8 stands beside its cost.
"""

from __future__ import annotations

import argparse
import json
import os
from functools import partial
from pathlib import Path

import numpy as np
from turns import Step, ratio_figures, time_turns

from sonolesion.bundle import DEFAULT_BUNDLE, PrecisionChoice, load_bundle
from sonolesion.inference.precision import choose_form
from sonolesion.inference.speed_record import describe_cpu


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


def make_bundle_run(name: str, precision: PrecisionChoice) -> tuple[Step, str]:
    """One form of a bundle's graph on ONNX Runtime."""
    import onnxruntime

    chosen = choose_form(load_bundle(name), precision, fall_back=False)
    size = chosen.bundle.info.image_size_px
    image = np.random.default_rng(0).random((1, 1, size, size), dtype=np.float32)

    def step() -> None:
        chosen.session.run(image)

    return step, f"{chosen.bundle.info.label} at {size} px, ONNX Runtime {onnxruntime.__version__}"


def main() -> None:
    """Run the pairs and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", default=DEFAULT_BUNDLE)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--loss", type=Path, help="what int8_loss.py wrote")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    name = arguments.bundle
    forms = [PrecisionChoice.FP32]
    if load_bundle(name).int8 is not None:
        forms.append(PrecisionChoice.INT8)
    sides = {form.value: partial(make_bundle_run, name, form) for form in forms}
    seconds, kinds = time_turns({"mission": make_plain_run, **sides}, pairs=arguments.pairs)
    result = {
        "command": f"python benchmarks/network_speed.py --bundle {name} --pairs {arguments.pairs}"
        + (f" --loss {arguments.loss.name}" if arguments.loss else ""),
        "cores": os.cpu_count(),
        "cpu": describe_cpu(),
        **kinds,
        **{
            f"milliseconds_{side}": round(1e3 * float(np.median(taken)), 2)
            for side, taken in seconds.items()
        },
        "times_as_fast_as_mission": {
            form.value: ratio_figures(seconds["mission"], seconds[form.value]) for form in forms
        },
    }
    if PrecisionChoice.INT8 in forms:
        result["int8_times_as_fast_as_fp32"] = ratio_figures(seconds["fp32"], seconds["int8"])
    if arguments.loss:
        loss = json.loads(arguments.loss.read_text("utf-8"))
        result["int8_loss"] = {key: loss[key] for key in ("n", "dice", "auc_malignant_vs_benign")}
    text = json.dumps(result, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
