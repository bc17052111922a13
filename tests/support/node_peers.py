"""Peers of the DICOM node on loopback: a PACS that takes results, and a sender of images."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from dicom_source import add_region, make_source
from pydicom.dataset import Dataset
from pydicom.uid import (
    ComprehensiveSRStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)
from pynetdicom import AE, evt
from pynetdicom.sop_class import Verification
from tiny_bundle import speckle_image

HERE = "127.0.0.1"
LEFT_SOCKETS = pytest.mark.filterwarnings(
    # pynetdicom leaves the socket of a connection that failed to the garbage collector
    r"ignore:Exception ignored in. <(socket|ssl):pytest.PytestUnraisableExceptionWarning"
)
WAIT_S = 60.0
KINDS = {str(SegmentationStorage): "seg", str(ComprehensiveSRStorage): "sr",
         str(SecondaryCaptureImageStorage): "sc"}  # fmt: skip


def make_image(number: int = 1, *, seed: int = 0, **changes: object) -> Dataset:
    """An ultrasound image with a dark disc, of its own UID, in one study."""
    pixels = speckle_image(160, 200, radius_px=30, seed=seed)
    return add_region(make_source(pixels, SOPInstanceUID=f"2.25.77{number}", **changes))


def make_clip(number: int = 1) -> Dataset:
    """Five frames, a lesion in the middle one only."""
    nothing = speckle_image(160, 200, radius_px=0)
    frames = [nothing, nothing, speckle_image(160, 200, radius_px=30), nothing, nothing]
    return add_region(make_source(np.stack(frames), SOPInstanceUID=f"2.25.88{number}"))


@dataclass
class PacsPeer:
    """What a PACS got, and what it answers."""

    port: int = 0
    answer: Callable[[Dataset], int] = lambda _: 0
    got: list[Dataset] = field(default_factory=list)
    associations: int = 0

    def kinds(self) -> list[str]:
        return [KINDS[str(one.SOPClassUID)] for one in self.got]

    def uids(self) -> list[str]:
        return [str(one.SOPInstanceUID) for one in self.got]


@contextlib.contextmanager
def run_pacs(
    peer: PacsPeer | None = None, *, syntaxes: list[str] | None = None, title: str = "PACS"
) -> Iterator[PacsPeer]:
    """A storage provider; on the peer's port where it has one already."""
    peer = peer or PacsPeer()
    entity = AE(ae_title=title)
    for sop_class in KINDS:
        entity.add_supported_context(
            sop_class, syntaxes or [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
        )

    def store(event: evt.Event) -> int:
        data_set = event.dataset
        status = peer.answer(data_set)
        if status == 0:
            peer.got.append(data_set)
        return status

    def count(event: evt.Event) -> None:
        peer.associations += 1

    handlers = [(evt.EVT_C_STORE, store), (evt.EVT_ACCEPTED, count)]
    server = entity.start_server((HERE, peer.port), block=False, evt_handlers=handlers)
    peer.port = server.server_address[1]
    try:
        yield peer
    finally:
        for association in server.active_associations:
            association.abort()
        server.shutdown()


def associate(
    port: int,
    *data_sets: Dataset,
    title: str = "SCANNER",
    called: str = "SONOLESION",
    tls: object = None,
) -> object:
    """Open an association that offers the data sets' classes, each as it is written."""
    entity = AE(ae_title=title)
    entity.add_requested_context(Verification)
    for one in data_sets:
        entity.add_requested_context(one.SOPClassUID, one.file_meta.TransferSyntaxUID)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = WAIT_S
    return entity.associate(HERE, port, ae_title=called, tls_args=tls)


def send(port: int, *data_sets: Dataset, **options: str) -> list[int]:
    """Send images and return the statuses."""
    association = associate(port, *data_sets, **options)
    assert association.is_established
    statuses = [int(association.send_c_store(one).Status) for one in data_sets]
    association.release()
    return statuses


def wait_for(condition: Callable[[], bool], *, seconds: float = WAIT_S) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind((HERE, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def run_node(node: object) -> Iterator[None]:
    """Run a node in a thread until the block ends; it has to end well."""
    ended: list[object] = []
    thread = threading.Thread(target=lambda: ended.append(node.run()), daemon=True)
    thread.start()
    wait_for(lambda: node.listener._server is not None or bool(ended))
    try:
        yield
    finally:
        node.stop()
        thread.join(WAIT_S)
    assert ended == [True]


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
