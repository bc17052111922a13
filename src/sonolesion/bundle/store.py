"""Bundles on the disk: written whole, checked before use, some shipped inside the package."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from sonolesion.bundle.graph import check_graph
from sonolesion.bundle.int8 import join_weights
from sonolesion.bundle.precision import INT8_MARK, Precision
from sonolesion.bundle.schema import BundleInfo, bundle_info_to_json, parse_bundle_info
from sonolesion.errors import BundleError
from sonolesion.files import atomic_folder, atomic_write_bytes, atomic_write_json

DEFAULT_BUNDLE = "fast"
GRAPH_NAME = "model.onnx"
INT8_NAME = "model_int8.onnx"
INFO_NAME = "bundle.json"
MAX_GRAPH_BYTES = 200 * 10**6
MAX_INFO_BYTES = 10**6
SHIPPED_FOLDER = Path(__file__).parent / "shipped"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that has passed all checks that need no runtime.

    Attributes:
        info: its `bundle.json`.
        graph: the bytes of the ONNX model to run, made of the ones whose hash was checked.
        folder: where it lies.
        int8: the bytes of `model_int8.onnx` (see `sonolesion.bundle.int8`); None without one.
    """

    info: BundleInfo
    graph: bytes = field(repr=False)
    folder: Path
    int8: bytes | None = field(default=None, repr=False)

    @property
    def precision(self) -> Precision:
        """Which of the two forms `graph` is."""
        return self.info.precision

    @property
    def graph_file(self) -> Path:
        """The file that `graph` is from, for messages."""
        return self.folder / (INT8_NAME if self.precision is Precision.INT8 else GRAPH_NAME)


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
    info_path = folder / INFO_NAME
    text = _read_capped(info_path, MAX_INFO_BYTES)
    try:
        values = json.loads(text.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{info_path}: not JSON ({error}). Copy the bundle again.") from error
    info = parse_bundle_info(values, file=str(info_path))
    graph = _read_hashed(folder / GRAPH_NAME, info.onnx_sha256)
    check_graph(graph, file=str(folder / GRAPH_NAME))
    int8 = _read_hashed(folder / INT8_NAME, info.int8.onnx_sha256) if info.int8 else None
    return Bundle(info, graph, folder, int8)


def int8_bundle(bundle: Bundle) -> Bundle:
    """Return the bundle with its int8 form as the graph to run.

    Its version is marked "+int8" and its hash is that of the graph that runs, so that every result,
    table and report says which graph answered: "fast 0.1+int8".

    What the form holds is checked here and not by `load_bundle`: most starts never use it.

    Raises:
        BundleError: it has no int8 form, or one that is refused.
    """
    if bundle.precision is Precision.INT8:
        return bundle
    if bundle.int8 is None:
        raise BundleError(
            f"{bundle.folder}: has no int8 form ({INT8_NAME}). Use fp32, or export it with --int8."
        )
    check_graph(bundle.int8, file=str(bundle.folder / INT8_NAME))
    graph = join_weights(bundle.int8, bundle.graph)
    info = dataclasses.replace(
        bundle.info,
        version=f"{bundle.info.version}{INT8_MARK}",
        onnx_sha256=hashlib.sha256(graph).hexdigest(),
    )
    return dataclasses.replace(bundle, info=info, graph=graph)


def write_bundle(folder: Path, info: BundleInfo, graph: bytes, int8: bytes | None = None) -> Bundle:
    """Write a bundle, whole or not at all; a folder of that name is replaced.

    Args:
        folder: the new bundle's folder.
        info: its fields; the two `onnx_sha256` are computed here, whatever they say.
        graph: bytes of the ONNX file.
        int8: bytes of the int8 form, which `info.int8` describes; where one of the two is
            None, the bundle has no such form.

    Returns:
        The bundle as `load_bundle` would give it.

    Raises:
        BundleError: a field or the graph would be refused by `load_bundle`.
        OutputWriteError: the folder cannot be written.
    """
    if len(graph) > MAX_GRAPH_BYTES:
        _refuse_size(folder / GRAPH_NAME, len(graph), MAX_GRAPH_BYTES)
    info = dataclasses.replace(info, onnx_sha256=hashlib.sha256(graph).hexdigest())
    form = info.int8
    if int8 is None or form is None:
        form, int8 = None, None
    else:
        form = dataclasses.replace(form, onnx_sha256=hashlib.sha256(int8).hexdigest())
        check_graph(int8, file=str(folder / INT8_NAME))
    info = dataclasses.replace(info, int8=form)
    values = bundle_info_to_json(info)
    info = parse_bundle_info(values, file=str(folder / INFO_NAME))
    check_graph(graph, file=str(folder / GRAPH_NAME))
    try:
        json.dumps(values, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BundleError(f"{folder / INFO_NAME}: training or figures: {error}.") from error
    with atomic_folder(folder) as work:
        atomic_write_bytes(work / GRAPH_NAME, graph)
        if int8 is not None:
            atomic_write_bytes(work / INT8_NAME, int8)
        atomic_write_json(work / INFO_NAME, values)
    return Bundle(info, graph, folder, int8)


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


def _read_hashed(path: Path, sha256: str) -> bytes:
    """Read a graph of a bundle and check its hash."""
    graph = _read_capped(path, MAX_GRAPH_BYTES)
    found = hashlib.sha256(graph).hexdigest()
    if found != sha256:
        raise BundleError(
            f"{path}: its SHA-256 is {found[:12]}..., {INFO_NAME} says "
            f"{sha256[:12]}... ({len(graph):,} bytes): truncated, damaged or exchanged. "
            "Copy the bundle again."
        )
    return graph


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
