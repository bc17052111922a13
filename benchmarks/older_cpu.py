"""What older CPUs make of a bundle's int8 form, tried on this one by hiding instructions.

x86 without VNNI adds pairs of 8-bit products in 16 bits, where large sums overflow. int8 must be
refused exactly there, by the same check as in `load_predictor`.

    python benchmarks/older_cpu.py [--bundle fast] [--json FILE]

Needs Linux, gcc and an Intel CPU that has VNNI and can fault on CPUID (cpuid_fault in
/proc/cpuinfo).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from sonolesion.bundle import DEFAULT_BUNDLE, load_bundle

LEVELS = {
    "avx2": "0",
    "avx512_without_vnni": "1",
    "vnni_without_amx": "2",
    "as_it_is": None,
}
PROBE = """
import json, sys
import numpy as np
from sonolesion.bundle import int8_bundle, load_bundle
from sonolesion.bundle.int8 import probe_image
from sonolesion.inference.int8_arithmetic import adds_exactly
from sonolesion.inference.precision import check_int8_here
from sonolesion.inference.runtime import Session
bundle = load_bundle(sys.argv[1])
form = int8_bundle(bundle)
session = Session(form, 1)
image = probe_image(bundle.info.image_size_px)[None, None]
found, whole = session.run(image), Session(bundle, 1).run(image)
stored = np.array(bundle.info.int8.probe_logits)
print(json.dumps({
    "probe_logits_change": round(float(np.abs(found.class_logits[0] - stored).max()), 5),
    "fp32_logits": [round(float(v), 5) for v in whole.class_logits[0]],
    "mask_pixels_unlike_fp32": round(float(((found.mask_logits > 0) != (whole.mask_logits > 0)).mean()), 5),
    "adds_exactly": adds_exactly(),
    "int8_refused": bool(check_int8_here(form, session)),
}))
"""  # noqa: E501


def build(folder: Path) -> Path:
    """Build the library that hides instructions."""
    library = folder / "older_cpu.so"
    source = Path(__file__).with_suffix(".c")
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", source, "-o", library], check=True)
    return library


def run_level(level: str | None, library: Path, bundle: str) -> dict[str, Any]:
    """Run the probe as a CPU of one level."""
    seen = {} if level is None else {"CPU_LEVEL": level, "LD_PRELOAD": str(library)}
    done = subprocess.run(
        [sys.executable, "-c", PROBE, bundle],
        env=os.environ | seen,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(json.loads(done.stdout))


def main() -> None:
    """Run all levels and print what each gave."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", default=DEFAULT_BUNDLE)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    if load_bundle(arguments.bundle).int8 is None:
        raise SystemExit(f"{arguments.bundle}: has no int8 form.")
    if "cpuid_fault" not in Path("/proc/cpuinfo").read_text("utf-8"):
        raise SystemExit("this CPU cannot fault on CPUID; nothing can be hidden here.")
    with tempfile.TemporaryDirectory() as folder:
        library = build(Path(folder))
        levels = {n: run_level(v, library, arguments.bundle) for n, v in LEVELS.items()}
    result = {
        "command": f"python benchmarks/older_cpu.py --bundle {arguments.bundle}",
        "stored_probe_logits": load_bundle(arguments.bundle).info.int8.probe_logits,
        **levels,
    }
    text = json.dumps(result, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
