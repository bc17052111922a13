"""How many pictures the input gate accepts, warns about and refuses.

    python benchmarks/gate_rates.py --busi FOLDER --bus-bra FOLDER [--phantoms 200] [--json FILE]
    python benchmarks/gate_rates.py --crossval FOLDER --prepared BUSI --prepared BUS-BRA

The first is the gate that looks at the pixels, the second the one that looks at the network's
features (`feature_rates.py`), with the bundles of a cross-validation.

Ultrasound: generated phantoms, BUSI, BUS-BRA, and dual views put together from pairs of them. Not
ultrasound: what installed packages ship (`other_pictures.py`; scikit-image, pydicom and nilearn
are no dependencies, `pip install` them beside sonolesion), as they are and without colour, in two
halves by a hash of the file name: limits were looked at on "choose" only. Any other folder of
pictures with --folder. One process; about a minute for 2,655 images.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from feature_rates import measure_feature_gate
from other_pictures import find_other_pictures

from sonolesion.data.manifest import read_manifest
from sonolesion.data.phantom import make_phantom
from sonolesion.errors import ImageError
from sonolesion.imaging.finding import Severity
from sonolesion.imaging.quality import inspect_content
from sonolesion.imaging.read import image_from_array, read_image
from sonolesion.types import LesionClass, UltrasoundImage

Named = tuple[str, UltrasoundImage]
RESULT = Path(__file__).parent / "results" / "gate_rates.json"
FEATURE_RESULT = RESULT.with_name("feature_gate_rates.json")
GAPS = ((0, 0), (1, 0), (4, 0), (4, 255), (12, 0), (40, 0))
"""Width of the gap between two views, pixels, and its grey level."""

MAX_NAMES = 40
ALTERATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "half size": lambda p: cv2.resize(p, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "double size": lambda p: cv2.resize(p, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC),
    "256 x 256": lambda p: cv2.resize(p, (256, 256), interpolation=cv2.INTER_AREA),
    "JPEG quality 50": lambda p: as_jpeg(p, 50),
    "JPEG quality 20": lambda p: as_jpeg(p, 20),
    "middle quarter": lambda p: p[len(p) // 4 : -len(p) // 4, p.shape[1] // 4 : -p.shape[1] // 4],
    "median of 5 x 5": lambda p: cv2.medianBlur(p, 5),
}


def count_verdicts(pictures: Iterable[Named]) -> dict[str, Any]:
    """Count what the gate says; name the pictures of each verdict that has at most 40."""
    verdicts: Counter[str] = Counter()
    subjects: Counter[str] = Counter()
    seconds: list[float] = []
    names: dict[str, list[str]] = {"refused": [], "warned": [], "accepted": []}
    for name, image in pictures:
        started = time.process_time()
        findings = inspect_content(image)
        seconds.append(time.process_time() - started)
        severities = {f.severity for f in findings}
        refused = Severity.REFUSE in severities
        verdict = "refused" if refused else "warned" if severities else "accepted"
        verdicts[verdict] += 1
        subjects.update(f"{f.subject}: {f.severity}" for f in findings)
        subjects_of = ", ".join(f.subject for f in findings)
        names[verdict].append(f"{name} ({subjects_of})" if findings else name)
    n = sum(verdicts.values())
    counts = {key: verdicts[key] for key in ("accepted", "warned", "refused")}
    return {
        "n": n,
        **counts,
        "findings": dict(sorted(subjects.items())),
        "ms_median": round(1e3 * float(np.median(seconds)), 1) if seconds else None,
        "names": {k: v for k, v in names.items() if 0 < len(v) <= MAX_NAMES},
    }


def phantoms(count: int) -> Iterator[Named]:
    classes = tuple(LesionClass)
    for i in range(count):
        phantom = make_phantom(np.random.default_rng([77, i]), classes[i % len(classes)])
        yield f"phantom {i}", image_from_array(phantom.pixels)


def files_of(folder: Path, pattern: str) -> Iterator[Named]:
    for path in sorted(folder.glob(pattern)):
        if "_mask" in path.name:
            continue
        try:
            yield path.name, read_image(path)
        except ImageError as error:
            print(f"left out: {error.message}")


def without_colour(pictures: Iterable[Named]) -> Iterator[Named]:
    for name, image in pictures:
        yield f"{name} (grey)", UltrasoundImage(image.pixels)


def dual_views(singles: list[Named]) -> Iterator[Named]:
    """Put each image beside another one of the list; the gaps take turns."""
    for i, (name, image) in enumerate(singles):
        other_name, other = singles[(7 * i + 3) % len(singles)]
        if other_name == name:
            continue
        gap_px, level = GAPS[i % len(GAPS)]
        height = min(image.pixels.shape[0], other.pixels.shape[0])
        left, right = (scale_to(p.pixels, height) for p in (image, other))
        width = min(left.shape[1], right.shape[1])
        gap = np.full((height, gap_px), level, np.uint8)
        views = [left[:, :width], gap, right[:, :width]]
        yield f"{name} | {other_name}, gap {gap_px}", UltrasoundImage(np.hstack(views))


def scale_to(pixels: np.ndarray, height: int) -> np.ndarray:
    width = round(pixels.shape[1] * height / pixels.shape[0])
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)


def turned(pictures: Iterable[Named], *, quarter_turns: int) -> Iterator[Named]:
    for name, image in pictures:
        pixels = np.ascontiguousarray(np.rot90(image.pixels, quarter_turns))
        yield f"{name}, turned {90 * quarter_turns}", UltrasoundImage(pixels)


def as_jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)


def altered(pictures: Iterable[Named], name: str) -> Iterator[Named]:
    for picture, image in pictures:
        pixels = np.ascontiguousarray(ALTERATIONS[name](image.pixels))
        yield f"{picture}, {name}", UltrasoundImage(pixels)


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run everything; section -> counts."""
    sections: dict[str, Any] = {}
    made = list(phantoms(arguments.phantoms))
    sections["phantoms"] = count_verdicts(made)
    sections["dual views of phantoms"] = count_verdicts(dual_views(made[:60]))
    for name, folder, pattern in (
        ("BUSI", arguments.busi, "*/*.png"),
        ("BUS-BRA", arguments.bus_bra, "Images/*.png"),
    ):
        if folder is None:
            sections[name] = {"skipped": "no folder given"}
            continue
        sections[name] = count_verdicts(files_of(folder, pattern))
        some = list(files_of(folder, pattern))[::9][:90]
        sections[f"dual views of {name}"] = count_verdicts(dual_views(some))
        sections[f"{name} turned by 90 degrees"] = count_verdicts(turned(some, quarter_turns=1))
        sections[f"{name} upside down"] = count_verdicts(turned(some, quarter_turns=2))
        for alteration in ALTERATIONS:
            sections[f"{name}, {alteration}"] = count_verdicts(altered(some, alteration))
    pictures, missing = find_other_pictures()
    sections["packages left out"] = missing
    for half in ("choose", "report"):
        chosen = [p for p in pictures if p.half == half and p.kind != "us"]
        named = [(f"{p.kind}: {p.name}", image_from_array(p.pixels)) for p in chosen]
        sections[f"not ultrasound, {half}"] = count_verdicts(named)
        sections[f"not ultrasound, {half}, grey"] = count_verdicts(without_colour(named))
    other = [(p.name, image_from_array(p.pixels)) for p in pictures if p.kind == "us"]
    sections["other ultrasound (pydicom)"] = count_verdicts(other)
    for folder in arguments.folder:
        named = [*files_of(folder, "**/*.jpg"), *files_of(folder, "**/*.png")]
        sections[f"folder {folder.name}, grey"] = count_verdicts(without_colour(named))
    return sections


def measure_features(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run the feature gate on held-out cases, altered ones and other pictures."""
    pictures, missing = find_other_pictures()
    named: dict[str, list[Named]] = {
        "phantoms": list(phantoms(arguments.phantoms)),
        "not ultrasound": [
            (p.name, image_from_array(p.pixels)) for p in pictures if p.kind != "us"
        ],
        "other ultrasound (pydicom)": [
            (p.name, image_from_array(p.pixels)) for p in pictures if p.kind == "us"
        ],
    }
    some = []
    for prepared in arguments.prepared:
        manifest = read_manifest(prepared)
        rows = manifest.part("fold_0")[::5]
        some += [(r.case_id, read_image(manifest.folder / r.processed_image)) for r in rows]
    named["held out, turned by 90 degrees"] = list(turned(some, quarter_turns=1))
    named["held out, upside down"] = list(turned(some, quarter_turns=2))
    for alteration in ("middle quarter", "median of 5 x 5", "JPEG quality 20"):
        named[f"held out, {alteration}"] = list(altered(some, alteration))
    passing = [
        (name, image)
        for name, image in named["not ultrasound"]
        if all(f.severity is not Severity.REFUSE for f in inspect_content(image))
    ]
    named["not ultrasound that the pixels let pass"] = passing
    only = {name: [image for _, image in found] for name, found in named.items()}
    sections = measure_feature_gate(arguments.crossval, arguments.prepared, only)
    sections["packages left out"] = missing
    return sections


def main() -> None:
    """Print one line per section and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--busi", type=Path)
    parser.add_argument("--bus-bra", type=Path)
    parser.add_argument("--phantoms", type=int, default=200)
    parser.add_argument("--folder", type=Path, action="append", default=[])
    parser.add_argument("--crossval", type=Path, help="the feature gate, with these bundles")
    parser.add_argument("--prepared", type=Path, action="append", default=[])
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    if arguments.crossval is not None:
        sections = measure_features(arguments)
        for name, found in sections.items():
            print(f"{name}: {found}")
        command = "python benchmarks/gate_rates.py --crossval FOLDER --prepared BUSI --prepared BRA"
        write_result(arguments.json or FEATURE_RESULT, command, sections)
        return
    sections = measure(arguments)
    for name, found in sections.items():
        if "n" in found:
            rates = ", ".join(f"{found[k]} {k}" for k in ("accepted", "warned", "refused"))
            print(f"{name}: {rates} of {found['n']}; {found['ms_median']} ms")
    command = "python benchmarks/gate_rates.py --busi FOLDER --bus-bra FOLDER"
    write_result(arguments.json or RESULT, command, sections)


def write_result(path: Path, command: str, sections: dict[str, Any]) -> None:
    result = {"kind": "sonolesion-gate-rates", "command": command, "sections": sections}
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
