"""`data_result.txt`: what a prepared data set holds, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sonolesion.data.manifest import DERIVED_FLAGS, LEFT_OUT, Manifest, ManifestRow
from sonolesion.types import RESEARCH_USE_ONLY, LesionClass


def part_names(rows: Sequence[ManifestRow]) -> list[str]:
    """Parts that hold cases, in the order train, val, test, then folds by number."""
    known = ["train", "val", "test"]
    found = {row.part for row in rows if row.part != LEFT_OUT}
    folds = sorted(found - set(known), key=lambda name: (len(name), name))
    return [name for name in known if name in found] + folds


def count_classes(rows: Sequence[ManifestRow]) -> dict[LesionClass, int]:
    """Cases per class, zero included."""
    found = Counter(row.label for row in rows)
    return {label: found[label] for label in LesionClass}


def describe_manifest(manifest: Manifest) -> str:
    """Return the text of `data_result.txt` (ends with a line end; no path, no date)."""
    record = manifest.record
    rows = [row for row in manifest.rows if not row.is_derived]
    used = [row for row in rows if row.part != LEFT_OUT]
    lines = [
        "Breast ultrasound data set, prepared",
        RESEARCH_USE_ONLY,
        "",
        f"Protocol          {record.protocol}, seed {record.seed}"
        + (f", {record.folds} folds" if record.folds else ""),
        f"Split hash        {record.split_hash}",
        f"Image size        {record.image_size_px}x{record.image_size_px} px, {record.resize}"
        f" ({record.resample})",
        f"Images found      {len(rows)}",
        f"Images used       {len(used)}",
        f"Images left out   {len(rows) - len(used)}",
        f"Several masks     {sum(len(row.masks) > 1 for row in rows)} images",
        f"Twin groups       {_count_groups(rows)} of 2 or more images",
        "",
        "Part        " + "".join(f"{c.value:>11}" for c in LesionClass) + f"{'total':>11}",
    ]
    for part in [*part_names(rows), LEFT_OUT]:
        counts = count_classes(manifest.part(part))
        numbers = [*counts.values(), sum(counts.values())]
        lines.append(f"{part:<12}" + "".join(f"{n:>11}" for n in numbers))
    for flag in DERIVED_FLAGS:
        if count := sum(flag in row.flags for row in manifest.rows):
            lines += [f"and {count} {flag}: derived, for training only, not counted above"]
    left_out = manifest.part(LEFT_OUT)
    if left_out:
        lines += ["", "Left out:"]
        lines += [f"  {row.case_id}: {', '.join(row.flags)}" for row in left_out]
    straddling = straddling_groups(rows)
    if straddling:
        leaked = sum(
            row.part == "test" and any(r.part == "train" for r in straddling.get(row.group, ()))
            for row in rows
        )
        total = len(manifest.part("test"))
        lines += [
            "",
            f"Warning: {len(straddling)} groups of near-duplicates straddle parts; {leaked} of "
            f"{total} test images have a twin in train.",
            "Results on this split are too good. Use --protocol grouped for honest ones.",
        ]
    return "\n".join(lines) + "\n"


def straddling_groups(rows: Sequence[ManifestRow]) -> dict[str, list[ManifestRow]]:
    """Groups whose used cases lie in more than one part: group -> those rows."""
    groups: dict[str, list[ManifestRow]] = {}
    for row in rows:
        if row.part != LEFT_OUT:
            groups.setdefault(row.group, []).append(row)
    return {g: found for g, found in groups.items() if len({r.part for r in found}) > 1}


def _count_groups(rows: Sequence[ManifestRow]) -> int:
    return sum(count > 1 for count in Counter(row.group for row in rows).values())
