"""`sonolesion info`: versions, machine, shipped bundles, data sets, and whether writing works."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from sonolesion.cli.run_record import running
from sonolesion.errors import SonolesionError


def info_command(
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder whose writability is tested.")
    ] = Path(),
    json_output: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Show versions, ONNX Runtime providers, shipped bundles with their card, and data sets.

    Run it first when something does not work, and add its output to a report of a fault.

    Examples:
      sonolesion info

      sonolesion info --json > info.json

      sonolesion info -o /data/results
    """
    with running("info", arguments={"out": out}, json_output=json_output) as run:
        from sonolesion.cli.versions import machine, part_versions
        from sonolesion.data.citations import DATASETS
        from sonolesion.inference.runtime import available_providers
        from sonolesion.types import RESEARCH_USE_ONLY

        bundles, faults = _describe_bundles()
        writable = _test_writing(out)
        report: dict[str, Any] = {
            "research_use_only": RESEARCH_USE_ONLY,
            "versions": part_versions(),
            "machine": machine(),
            "providers": available_providers(),
            "writable": {"folder": out.resolve(), "ok": not writable, "fault": writable},
            "bundles": bundles,
            "datasets": [asdict(dataset) for dataset in DATASETS],
        }
        run.result(report)
        run.print(RESEARCH_USE_ONLY, *_as_text(report))
        run.fail_partly(faults)


def _describe_bundles() -> tuple[list[dict[str, Any]], list[SonolesionError]]:
    from sonolesion.bundle import DEFAULT_BUNDLE, load_bundle, shipped_bundles
    from sonolesion.bundle.schema import bundle_info_to_json

    cards: list[dict[str, Any]] = []
    faults: list[SonolesionError] = []
    for name in shipped_bundles():
        try:
            card = bundle_info_to_json(load_bundle(name).info)
        except SonolesionError as fault:
            faults.append(fault)
            continue
        cards.append({"default": name == DEFAULT_BUNDLE} | card)
    return cards, faults


def _test_writing(folder: Path) -> str:
    """Write a small file into `folder`; return what went wrong, or an empty text."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"sonolesion")
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _as_text(report: dict[str, Any]) -> list[str]:
    lines = [""]
    lines += [f"{name:24} {version}" for name, version in report["versions"].items()]
    machine, writable = report["machine"], report["writable"]
    lines += [
        f"{'machine':24} {machine['system']}, {machine['processor']}, {machine['threads']} threads",
        f"{'providers':24} {', '.join(report['providers'])}",
        f"{'writing to':24} {writable['folder']}: {writable['fault'] or 'works'}",
        "",
        "Bundles" if report["bundles"] else "No bundle is shipped; `sonolesion train` makes one.",
    ]
    for card in report["bundles"]:
        default = " (default)" if card["default"] else ""
        lines += [f"  {card['name']} {card['version']}{default}, {card['created']}"]
        lines += [f"    {card['description']}", f"    {card['intended_use']}"]
        lines += [f"    Licence {card['licence']}; {card['image_size_px']} px, {card['resize']}"]
        trained = [f"{k} {v}" for k, v in card["training"].items() if not isinstance(v, dict)]
        lines += [f"    Training: {', '.join(trained)}"] if trained else []
        lines += [f"    {_figure(key, value)}" for key, value in card["figures"].items()
                  if isinstance(value, dict) and "value" in value]  # fmt: skip
    lines += ["", "Data sets"]
    for dataset in report["datasets"]:
        lines += [f"  {dataset['name']}: {dataset['contents']}"]
        lines += [f"    {dataset['citation']} doi:{dataset['doi']}", f"    {dataset['terms']}"]
    return lines


def _figure(key: str, figure: dict[str, Any]) -> str:
    interval = f"[{figure['low']:.3f}, {figure['high']:.3f}]"
    return f"{key.replace('_', ' ')} {figure['value']:.3f} {interval} n={figure['n']}"
