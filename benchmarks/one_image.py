"""One image from file bytes to its whole answer, against the mission's network alone.

The bundle's side is all that `Predictor.predict` does with the bytes of a file: decoding, input
gate, network, outline at the image's own size, class and measurements. The other side is the
classic U-Net of the mission document in plain PyTorch (fp32, 256 px, no gradient), the model
alone. Batch 1, as many threads as there are cores, processes that take turns.

    python benchmarks/one_image.py [--image FILE] [--bundle fast] [--precision fp32] [--pairs 20]
                                   [--json FILE]

Without --image a phantom is drawn, 600 x 500 px with a benign lesion.
"""

from __future__ import annotations

import argparse
import io
import json
import os
from functools import partial
from pathlib import Path

import numpy as np
from network_speed import make_plain_run
from PIL import Image
from turns import Step, ratio_figures, time_turns

from sonolesion.bundle import DEFAULT_BUNDLE
from sonolesion.data.phantom import make_phantom
from sonolesion.inference import load_predictor
from sonolesion.types import LesionClass


def draw_file() -> bytes:
    """The bytes of a PNG of a phantom, brought to 600 x 500 px."""
    phantom = make_phantom(np.random.default_rng(7), LesionClass.BENIGN)
    buffer = io.BytesIO()
    Image.fromarray(phantom.pixels).resize((600, 500)).save(buffer, "PNG")
    return buffer.getvalue()


def make_whole_run(bundle: str, precision: str, data: bytes) -> tuple[Step, str]:
    """File bytes to the whole answer."""
    predictor = load_predictor(bundle, precision=precision)
    found = predictor.predict(data)
    height, width = found.mask.shape

    def step() -> None:
        predictor.predict(data)

    kind = f"{predictor.info.label}, {width} x {height} px, {len(found.lesions)} lesions measured"
    return step, kind


def main() -> None:
    """Run the pairs and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--image", type=Path, help="an image file; a phantom without")
    parser.add_argument("--bundle", default=DEFAULT_BUNDLE)
    parser.add_argument("--precision", default="fp32", help="fp32 or int8")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    data = arguments.image.read_bytes() if arguments.image else draw_file()
    seconds, kinds = time_turns(
        {
            "mission_model_alone": make_plain_run,
            "whole_answer": partial(make_whole_run, arguments.bundle, arguments.precision, data),
        },
        pairs=arguments.pairs,
    )
    result = {
        "command": f"python benchmarks/one_image.py --bundle {arguments.bundle} "
        f"--precision {arguments.precision} --pairs {arguments.pairs}"
        + (" --image FILE" if arguments.image else ""),
        "cores": os.cpu_count(),
        **kinds,
        **{
            f"milliseconds_{name}": round(1e3 * float(np.median(taken)), 2)
            for name, taken in seconds.items()
        },
        **ratio_figures(seconds["mission_model_alone"], seconds["whole_answer"]),
    }
    text = json.dumps(result, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
