"""What two runs must have in common for their rows to stand in one table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from sonolesion import __version__
from sonolesion.bundle import BundleInfo
from sonolesion.bundle.schema import bundle_info_to_json
from sonolesion.errors import OutputExistsError
from sonolesion.files import sha256_text
from sonolesion.writers.prediction_row import SCHEMA_VERSION


def describe_identity(info: BundleInfo, options: Mapping[str, object]) -> dict[str, object]:
    """Describe a run by everything that changes its results; not by workers or threads.

    Args:
        info: the bundle; its hash covers thresholds and calibration as well as the graph.
        options: what else changes results, by the name that a message calls it; JSON values.
    """
    fields = json.dumps(bundle_info_to_json(info), sort_keys=True)
    return {
        "sonolesion": __version__,
        "schema": SCHEMA_VERSION,
        "bundle": info.label,
        "bundle_sha256": sha256_text(fields),
        **options,
    }


def check_identity(out: Path, *, found: Mapping[str, object], wanted: Mapping[str, object]) -> None:
    """Refuse to go on with another run.

    Args:
        out: the output folder.
        found: what its journal says.
        wanted: what this run is.

    Raises:
        OutputExistsError: they differ; the message says in what.
    """
    names = [n for n in sorted({*found, *wanted}) if found.get(n) != wanted.get(n)]
    if not names:
        return
    changes = ", ".join(f"{n} {_say(found.get(n))} (now {_say(wanted.get(n))})" for n in names)
    raise OutputExistsError(
        f"{out}: holds another run: {changes}. Choose another folder with -o, or give --overwrite."
    )


def _say(value: object) -> object:
    return "none" if value is None else value
