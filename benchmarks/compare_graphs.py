"""How far two bundles of one network differ on real images, e.g. before and after fp16 storage.

python benchmarks/compare_graphs.py busi cv/fold_0/bundle fast --part fold_0
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from sonolesion.bundle import load_bundle
from sonolesion.data.manifest import read_manifest
from sonolesion.imaging.intensity import to_unit_range
from sonolesion.imaging.read import read_image
from sonolesion.inference.runtime import Session


def main() -> None:
    """Run both graphs on one part of a prepared data set and print the differences."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("prepared", type=Path)
    parser.add_argument("first")
    parser.add_argument("second")
    parser.add_argument("--part", default="test")
    arguments = parser.parse_args()
    manifest = read_manifest(arguments.prepared)
    names = (arguments.first, arguments.second)
    sessions = [Session(load_bundle(Path(n) if "/" in n else n), None) for n in names]
    logits, pixels, flips = [], [], 0
    rows = manifest.part(arguments.part)
    for row in rows:
        image = to_unit_range(read_image(manifest.folder / row.processed_image).pixels)[None, None]
        one, two = (session.run(image) for session in sessions)
        logits.append(float(np.abs(one.class_logits - two.class_logits).max()))
        pixels.append(float(((one.mask_logits > 0) != (two.mask_logits > 0)).mean()))
        flips += int(one.class_logits.argmax() != two.class_logits.argmax())
    print(
        json.dumps(
            {
                "images": len(rows),
                "largest_logit_difference": round(max(logits), 4),
                "mean_share_of_mask_pixels_that_differ": round(float(np.mean(pixels)), 6),
                "most_probable_class_differs": flips,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
