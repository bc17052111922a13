"""`sonolesion predict one.png` from a cold start, against importing what it cannot do without.

The bare side is a Python process that imports numpy, OpenCV and ONNX Runtime and loads the
bundle's graph. Each run is a process of its own; the two take turns. Byte code is kept in a folder
of this benchmark's own, as an installation has it, and the first runs, which write it, do not
count. Wall time and processor time are both given; only the latter is to be trusted on a machine
that does something else.

    python benchmarks/cold_start.py [--bundle fast] [--pairs 20] [--options=WORD] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from one_image import draw_file
from turns import ratio_figures

from sonolesion.bundle import DEFAULT_BUNDLE, load_bundle

BARE = (
    "import sys, numpy, cv2, onnxruntime\n"
    "onnxruntime.InferenceSession(sys.argv[1], providers=['CPUExecutionProvider'])"
)


def run_once(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Wall and processor seconds of a process."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command}: exit code {process.returncode}\n{said.decode()}")
    return wall, usage.ru_utime + usage.ru_stime


def main() -> None:
    """Run the pairs and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", default=DEFAULT_BUNDLE)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--options", default="", help="more options of predict, in one word")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        image, graph = work / "one.png", work / "model.onnx"
        image.write_bytes(draw_file())
        graph.write_bytes(load_bundle(arguments.bundle).graph)
        environment = os.environ | {"PYTHONPYCACHEPREFIX": str(work / "bytecode")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        commands = {
            "predict": [
                sys.executable, "-m", "sonolesion", "predict", str(image), "-o", str(work / "out"),
                "--overwrite", "--bundle", arguments.bundle, *arguments.options.split(),
            ],
            "bare": [sys.executable, "-c", BARE, str(graph)],
        }  # fmt: skip
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for turn in range(arguments.pairs + 2):
            for name, command in commands.items():
                taken = run_once(command, environment)
                if turn >= 2:
                    times[name].append(taken)
    result: dict[str, object] = {
        "command": f"python benchmarks/cold_start.py --bundle {arguments.bundle} "
        f"--pairs {arguments.pairs}"
        + (f" --options={arguments.options}" if arguments.options else ""),
        "cores": os.cpu_count(),
    }
    for index, clock in enumerate(("wall", "processor")):
        seconds = {name: [pair[index] for pair in taken] for name, taken in times.items()}
        result[clock] = {
            **{f"seconds_{n}": round(float(np.median(s)), 3) for n, s in seconds.items()},
            **ratio_figures(seconds["predict"], seconds["bare"]),
        }
    text = json.dumps(result, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
