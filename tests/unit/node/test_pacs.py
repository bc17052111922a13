"""Sending by C-STORE: which answers mean that a result has arrived, and which end the talk."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dicom_files import to_bytes
from node_peers import HERE, KINDS, LEFT_SOCKETS, PacsPeer, make_image, run_pacs
from pydicom.dataset import Dataset
from pydicom.uid import SegmentationStorage
from pynetdicom import AE, evt

from sonolesion.errors import DeliveryError, PeerError
from sonolesion.node.destination import ResultFile
from sonolesion.node.pacs import Pacs
from sonolesion.node.settings import PacsSettings

pytestmark = LEFT_SOCKETS
SC = "1.2.840.10008.5.1.4.1.1.7"


@pytest.fixture
def result(tmp_path: Path) -> ResultFile:
    image = make_image(PatientName="Canary^Anna", SOPClassUID=SC)
    image.file_meta.MediaStorageSOPClassUID = SC
    path = tmp_path / "r.bin"
    path.write_bytes(to_bytes(image))
    return ResultFile(SC, str(image.SOPInstanceUID), path)


def settings(port: int, **changes: object) -> PacsSettings:
    return PacsSettings(host=HERE, port=port, **({"timeout_s": 20.0} | changes))


@pytest.mark.parametrize("status", [0x0000, 0xB000, 0xB007, 0x0111, 0x0107])
def test_it_has_arrived(status: int, result: ResultFile) -> None:
    with (
        run_pacs(PacsPeer(answer=lambda _: status)) as peer,
        Pacs(settings(peer.port)).open() as to,
    ):
        to.send(result)


@pytest.mark.parametrize("status", [0xA700, 0xA900, 0xC000, 0x0110, 0x0122])
def test_it_was_not_taken(status: int, result: ResultFile) -> None:
    with (
        run_pacs(PacsPeer(answer=lambda _: status)) as peer,
        Pacs(settings(peer.port)).open() as to,
    ):
        with pytest.raises(DeliveryError, match=f"0x{status:04X}") as caught:
            to.send(result)
        assert type(caught.value) is DeliveryError
        assert "2.25." not in caught.value.message
        peer.answer = lambda _: 0
        to.send(result)  # the conversation goes on
    assert len(peer.got) == 1


def test_our_title_is_not_known(result: ResultFile) -> None:
    with (
        run_pacs(title="OTHER") as peer,
        accepting_callers(["SOMEBODY"]) as port,
    ):
        with pytest.raises(PeerError, match="lets us not in"), Pacs(settings(port)).open():
            pass
        with Pacs(settings(peer.port, ae_title="OTHER")).open() as to:
            to.send(result)


@contextlib.contextmanager
def accepting_callers(titles: list[str]) -> Iterator[int]:
    entity = AE(ae_title="PACS")
    entity.add_supported_context(SC)
    entity.require_calling_aet = titles
    server = entity.start_server((HERE, 0), block=False)
    yield server.server_address[1]
    server.shutdown()


def test_nobody_is_there() -> None:
    with socket.create_server((HERE, 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(PeerError, match="cannot be reached"), Pacs(settings(port)).open():
        pass


def test_someone_who_speaks_no_dicom_is_there() -> None:
    with socket.create_server((HERE, 0)) as server:

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        port = server.getsockname()[1]
        with pytest.raises(PeerError), Pacs(settings(port, timeout_s=3.0)).open():
            pass
        thread.join()


def test_a_pacs_that_stops_reading_does_not_block_for_ever() -> None:
    with run_pacs() as peer, Pacs(settings(peer.port, timeout_s=7.0)).open() as to:
        assert to._association.dul.socket.socket.gettimeout() == 7.0


def test_a_class_that_is_not_taken(result: ResultFile) -> None:
    entity = AE(ae_title="PACS")
    entity.add_supported_context(SegmentationStorage)
    server = entity.start_server((HERE, 0), block=False)
    port = server.server_address[1]
    with Pacs(settings(port)).open() as to, pytest.raises(DeliveryError, match="of this class"):
        to.send(result)
    server.shutdown()


def run_odd_pacs(store: object) -> tuple[object, int]:
    entity = AE(ae_title="PACS")
    for sop_class in KINDS:
        entity.add_supported_context(sop_class)
    server = entity.start_server((HERE, 0), block=False, evt_handlers=[(evt.EVT_C_STORE, store)])
    return server, server.server_address[1]


def test_the_pacs_aborts_in_the_middle(result: ResultFile) -> None:
    def abort(event: evt.Event) -> int:
        event.assoc.abort()
        return 0

    server, port = run_odd_pacs(abort)
    with pytest.raises(PeerError), Pacs(settings(port)).open() as to:
        to.send(result)
    server.shutdown()


def test_the_pacs_does_not_answer(result: ResultFile) -> None:
    ended = threading.Event()

    def sleep(event: evt.Event) -> int:
        ended.wait(30)
        return 0

    server, port = run_odd_pacs(sleep)
    began = time.monotonic()
    with (
        pytest.raises(PeerError, match="no answer"),
        Pacs(settings(port, timeout_s=1.0)).open() as to,
    ):
        to.send(result)
    assert time.monotonic() - began < 20
    ended.set()
    server.shutdown()


def test_what_arrives_is_what_was_made(result: ResultFile) -> None:
    got: list[Dataset] = []

    def keep(one: Dataset) -> int:
        got.append(one)
        return 0

    with run_pacs(PacsPeer(answer=keep)) as peer, Pacs(settings(peer.port)).open() as to:
        to.send(result)
    (one,) = got
    assert (one.PatientName, one.PixelData) == ("Canary^Anna", make_image().PixelData)
