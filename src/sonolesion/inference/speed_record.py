"""Which form of a bundle is quicker on this computer, measured once and kept in the user's cache.

One small JSON file for each CPU, number of threads, ONNX Runtime and graph. A file that is damaged
counts as none; a folder that cannot be written costs a measurement at each start, and no error.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from sonolesion.errors import OutputWriteError
from sonolesion.files import atomic_write_json, cache_folder, sha256_text

_FOLDER = "precision"
_CPU_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm")


@dataclass(frozen=True, slots=True)
class SpeedKey:
    """What a measurement holds for.

    Attributes:
        cpu: see `describe_cpu`.
        threads: of one network run, at least 1.
        runtime: version of ONNX Runtime.
        graph_sha256: of the int8 graph with its weights.
    """

    cpu: str
    threads: int
    runtime: str
    graph_sha256: str


@dataclass(frozen=True, slots=True)
class MeasuredSpeed:
    """Median times of one network run, and of the ratios of the pairs.

    Attributes:
        fp32_ms, int8_ms: milliseconds, above 0.
        ratio: how many times as fast int8 is, above 0.
        n_pairs: runs of each.
    """

    fp32_ms: float
    int8_ms: float
    ratio: float
    n_pairs: int


def describe_cpu() -> str:
    """Return the name of the CPU, and which instructions it has that matter to int8.

    The text is the same at each start on the same computer; where the system does not name its
    CPU, the kind of the processor has to do.
    """
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        return _from_cpuinfo(cpuinfo)
    name = os.environ.get("PROCESSOR_IDENTIFIER") or platform.processor()
    return f"{name} {platform.machine()}".strip()


def _from_cpuinfo(path: Path) -> str:
    fields: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                name, _, value = line.partition(":")
                fields.setdefault(name.strip(), value.strip())
                if not line.strip():
                    break  # the first core
    except OSError:
        return platform.machine()
    has = set(f"{fields.get('flags', '')} {fields.get('Features', '')}".split())
    name = fields.get("model name") or fields.get("CPU part") or platform.machine()
    parts = (fields.get(key, "") for key in ("cpu family", "model", "stepping"))
    return " ".join([name, *filter(None, parts), *(flag for flag in _CPU_FLAGS if flag in has)])


def recall_speed(key: SpeedKey) -> MeasuredSpeed | None:
    """Return what was measured before; None for nothing, or for a file that is damaged."""
    try:
        values = json.loads(_path(key).read_text("utf-8"))
        if values["key"] != dataclasses.asdict(key):
            return None
        found = MeasuredSpeed(**values["measured"])
        numbers = [float(number) for number in dataclasses.astuple(found)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if all(math.isfinite(n) and n > 0 for n in numbers) else None


def keep_speed(key: SpeedKey, measured: MeasuredSpeed) -> None:
    """Keep a measurement for the next start; nothing where the folder cannot be written."""
    values = {"key": dataclasses.asdict(key), "measured": dataclasses.asdict(measured)}
    try:
        atomic_write_json(_path(key), values)
    except OutputWriteError:
        return


def _path(key: SpeedKey) -> Path:
    name = sha256_text(json.dumps(dataclasses.asdict(key), sort_keys=True))[:16]
    return cache_folder() / _FOLDER / f"{name}.json"
