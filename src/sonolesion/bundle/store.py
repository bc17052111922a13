"""Bundles on the disk: written whole, checked before use, some shipped inside the package."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from sonolesion.bundle.graph import check_graph
from sonolesion.bundle.schema import BundleInfo, bundle_info_to_json, parse_bundle_info
from sonolesion.errors import BundleError
from sonolesion.files import atomic_folder, atomic_write_bytes, atomic_write_json

DEFAULT_BUNDLE = "fast"
GRAPH_NAME = "model.onnx"
INFO_NAME = "bundle.json"
MAX_GRAPH_BYTES = 200 * 10**6
MAX_INFO_BYTES = 10**6
SHIPPED_FOLDER = Path(__file__).parent / "shipped"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that has passed all checks that need no runtime.

    Attributes:
        info: its `bundle.json`.
        graph: the bytes of its ONNX file, the ones whose hash was checked.
        folder: where it lies.
    """

    info: BundleInfo
    graph: bytes = field(repr=False)
    folder: Path


def shipped_bundles() -> tuple[str, ...]:
    """Names of the bundles inside the package, sorted; empty when none is."""
    if not SHIPPED_FOLDER.is_dir():
        return ()
    return tuple(sorted(p.name for p in SHIPPED_FOLDER.iterdir() if (p / INFO_NAME).is_file()))


def load_bundle(path_or_name: Path | str = DEFAULT_BUNDLE) -> Bundle:
    """Read a bundle and check it: sizes, fields, hash, and that the graph is self-contained.

    Args:
        path_or_name: a folder, or the name of a shipped bundle. A text that is the name of a
            shipped one means that one; write ``./fast`` for a folder called so.

    Raises:
        BundleError: nothing there, a file missing or over 200 MB, a wrong field, a wrong hash, or
            a graph that is refused. The message names file and cure.
    """
    folder = _find_folder(path_or_name)
    info_path, graph_path = folder / INFO_NAME, folder / GRAPH_NAME
    text = _read_capped(info_path, MAX_INFO_BYTES)
    try:
        values = json.loads(text.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{info_path}: not JSON ({error}). Copy the bundle again.") from error
    info = parse_bundle_info(values, file=str(info_path))
    graph = _read_capped(graph_path, MAX_GRAPH_BYTES)
    found = hashlib.sha256(graph).hexdigest()
    if found != info.onnx_sha256:
        raise BundleError(
            f"{graph_path}: its SHA-256 is {found[:12]}..., {INFO_NAME} says "
            f"{info.onnx_sha256[:12]}... ({len(graph):,} bytes): truncated, damaged or exchanged. "
            "Copy the bundle again."
        )
    check_graph(graph, file=str(graph_path))
    return Bundle(info, graph, folder)


def write_bundle(folder: Path, info: BundleInfo, graph: bytes) -> Bundle:
    """Write a bundle, whole or not at all; a folder of that name is replaced.

    Args:
        folder: the new bundle's folder.
        info: its fields; `onnx_sha256` is computed here, whatever it says.
        graph: bytes of the ONNX file.

    Returns:
        The bundle as `load_bundle` would give it.

    Raises:
        BundleError: a field or the graph would be refused by `load_bundle`.
        OutputWriteError: the folder cannot be written.
    """
    if len(graph) > MAX_GRAPH_BYTES:
        _refuse_size(folder / GRAPH_NAME, len(graph), MAX_GRAPH_BYTES)
    info = dataclasses.replace(info, onnx_sha256=hashlib.sha256(graph).hexdigest())
    values = bundle_info_to_json(info)
    info = parse_bundle_info(values, file=str(folder / INFO_NAME))
    check_graph(graph, file=str(folder / GRAPH_NAME))
    try:
        json.dumps(values, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BundleError(f"{folder / INFO_NAME}: training or figures: {error}.") from error
    with atomic_folder(folder) as work:
        atomic_write_bytes(work / GRAPH_NAME, graph)
        atomic_write_json(work / INFO_NAME, values)
    return Bundle(info, graph, folder)


def _find_folder(path_or_name: Path | str) -> Path:
    shipped = shipped_bundles()
    if isinstance(path_or_name, str) and path_or_name in shipped:
        return SHIPPED_FOLDER / path_or_name
    folder = Path(path_or_name)
    if folder.is_dir():
        return folder
    names = ", ".join(shipped) or "none"
    if folder.is_file():
        raise BundleError(
            f"{folder}: is a file, expected the folder that holds {GRAPH_NAME} and {INFO_NAME}."
        )
    raise BundleError(
        f"no bundle {str(path_or_name)!r}: neither a folder nor a shipped bundle "
        f"(shipped: {names}). Give the folder that `sonolesion train` wrote."
    )


def _read_capped(path: Path, limit: int) -> bytes:
    try:
        size = path.stat().st_size
        if size > limit:
            _refuse_size(path, size, limit)
        return path.read_bytes()
    except OSError as error:
        raise BundleError(
            f"{path}: cannot be read ({error.strerror or error}). A bundle is a folder with "
            f"{GRAPH_NAME} and {INFO_NAME}."
        ) from error


def _refuse_size(path: Path, size: int, limit: int) -> NoReturn:
    raise BundleError(f"{path}: {size / 1e6:,.0f} MB, expected at most {limit / 1e6:g} MB.")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")
