from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sonolesion import load_predictor
from sonolesion.node.node import Node
from sonolesion.node.reading import Reading, read_into
from sonolesion.node.settings import NodeSettings, ReadSettings, load_node_settings
from sonolesion.store.database import Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = open_desk(tmp_path / "data")
    yield found
    found.close()


@pytest.fixture
def settings(tiny_bundle_folder: Path) -> Callable[..., NodeSettings]:
    """Settings for loopback, with quick attempts; arguments are "section.key=value"."""

    def make(*overrides: str) -> NodeSettings:
        base = (
            "listen.port=0", f"read.bundle={tiny_bundle_folder}", "read.threads=1",
            "pacs.host=127.0.0.1", "retry.first_s=0.1", "retry.cap_s=0.2", "keep.min_free_mb=0",
            "listen.timeout_s=20.0", "pacs.timeout_s=20.0",
        )  # fmt: skip
        return load_node_settings(None, overrides=(*base, *overrides))

    return make


@pytest.fixture
def make_node(desk: Desk, settings: Callable[..., NodeSettings]) -> Callable[..., Node]:
    return lambda *overrides: Node(settings(*overrides), desk)


@pytest.fixture(autouse=True)
def collect_left_sockets() -> Iterator[None]:
    """Let what pynetdicom leaves to the garbage collector be found in the test that left it."""
    yield
    gc.collect()


class ReaderInThisProcess:
    """Stands for the reader's process, whose start takes seconds; `test_reader_process` has it."""

    def __init__(self, settings: ReadSettings) -> None:
        self._settings = settings
        self._predictor = load_predictor(settings.bundle, threads=1)

    def read(self, path: Path, out: Path, *, name: str) -> Reading:
        return read_into(
            path, out, name=name, predictor=self._predictor,
            clip_frames=self._settings.clip_frames,
            max_colour_share=self._settings.max_colour_share,
        )  # fmt: skip

    def close(self, *, at_once: bool = False) -> None:
        pass


@pytest.fixture
def quick_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sonolesion.node.node.ReaderProcess", ReaderInThisProcess)
