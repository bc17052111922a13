"""Who may send what, and what is answered when it cannot be kept."""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pydicom
import pytest
from node_peers import HERE, LEFT_SOCKETS, associate, files_below, make_image, send, wait_for
from pydicom.dataset import Dataset
from pydicom.uid import MPEG2MPML, CTImageStorage, ExplicitVRLittleEndian, JPEGBaseline8Bit
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode
from pynetdicom.pdu_primitives import P_DATA

from sonolesion.errors import ConfigError
from sonolesion.files import atomic_open
from sonolesion.node.limits import is_allowed, parse_networks
from sonolesion.node.listener import Listener
from sonolesion.node.naming import short_name
from sonolesion.node.queue import READ, Queue
from sonolesion.node.room import Room
from sonolesion.node.settings import NodeSettings
from sonolesion.node.status import read_status
from sonolesion.store.database import Desk

pytestmark = LEFT_SOCKETS
Listen = Callable[..., contextlib.AbstractContextManager[int]]


@pytest.fixture
def queue(desk: Desk) -> Queue:
    return Queue(desk, "b" * 64)


@pytest.fixture
def listen(desk: Desk, queue: Queue, settings: Callable[..., NodeSettings]) -> Listen:
    """A listener alone; gives its port."""

    @contextlib.contextmanager
    def start(*overrides: str) -> Iterator[int]:
        found = settings(*overrides)
        room = Room(found.keep, queue, desk.folder)
        listener = Listener(found.listen, queue, room=room, wake=threading.Event())
        listener.start()
        try:
            yield listener.port
        finally:
            listener.stop(wait_s=1.0)

    return start


def stored(queue: Queue) -> list[Path]:
    return [path for path in files_below(queue.files.folder) if path.suffix == ".bin"]


def test_an_object_is_kept_as_it_was_sent(listen: Listen, queue: Queue, desk: Desk) -> None:
    image = make_image()
    with listen() as port:
        assert send(port, image, image) == [0, 0]
    (path,) = stored(queue)
    data_set = encode(image, False, True)
    assert data_set is not None
    assert path.read_bytes().endswith(data_set)
    assert pydicom.dcmread(path).file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert pydicom.dcmread(path).file_meta.MediaStorageSOPInstanceUID == image.SOPInstanceUID
    item = queue.claim(READ)
    assert item is not None
    assert item.detail == {
        "object": short_name(image.SOPInstanceUID), "came_by": "c-store",
        "sha256": item.file_sha256,
    }  # fmt: skip
    assert queue.claim(READ).id == item.id  # the second one made no entry
    assert read_status(desk).objects["in work"] == 1
    assert oct(queue.files.folder.stat().st_mode)[-3:] == "700"


@pytest.mark.parametrize(
    ("overrides", "options"),
    [
        (["listen.callers=['PACS', 'US ROOM 2']"], {"title": "STRANGER"}),
        ([], {"called": "OTHER"}),
        (["listen.addresses=['10.0.0.0/8']"], {}),
    ],
    ids=["calling title", "called title", "address"],
)
def test_strangers_are_not_let_in(
    overrides: list[str], options: dict[str, str], listen: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    with listen(*overrides) as port, caplog.at_level(logging.WARNING, "sonolesion.node"):
        assert not associate(port, make_image(), **options).is_established
        wait_for(lambda: "refused" in caplog.text)


def test_those_on_the_list_are_let_in(listen: Listen) -> None:
    callers = "listen.callers=['PACS', 'US ROOM 2']"
    with listen(callers, "listen.addresses=['127.0.0.0/8']") as port:
        assert send(port, make_image(), title="US ROOM 2") == [0]


def test_more_callers_than_allowed_have_to_wait(listen: Listen) -> None:
    with listen("listen.max_associations=1") as port:
        first = associate(port, make_image())
        second = associate(port, make_image())
        assert first.is_established
        assert second.is_rejected
        first.release()
        wait_for(lambda: _released(port))


def _released(port: int) -> bool:
    third = associate(port, make_image())
    if third.is_established:
        third.release()
        return True
    return False


def test_other_classes_and_syntaxes_are_not_accepted(listen: Listen) -> None:
    def offered(sop_class: str, syntax: str) -> Dataset:
        image = make_image()
        image.SOPClassUID = sop_class
        image.file_meta.TransferSyntaxUID = syntax
        return image

    image = make_image()
    with listen() as port:
        association = associate(
            port,
            offered(CTImageStorage, ExplicitVRLittleEndian),
            offered(image.SOPClassUID, MPEG2MPML),
            offered(image.SOPClassUID, JPEGBaseline8Bit),
        )
        accepted = [
            (c.abstract_syntax, c.transfer_syntax[0]) for c in association.accepted_contexts
        ]
        association.release()
    assert (CTImageStorage, ExplicitVRLittleEndian) not in accepted
    assert [s for c, s in accepted if c == image.SOPClassUID] == [JPEGBaseline8Bit]


def test_an_object_that_is_too_large_ends_its_association_only(
    listen: Listen, queue: Queue
) -> None:
    large = make_image(1)
    large.add_new(0x00091001, "OB", b"\0" * 3_000_000)
    with listen("listen.max_object_mb=1") as port:
        association = associate(port, large)
        other = associate(port, make_image(2))
        with contextlib.suppress(RuntimeError):
            assert "Status" not in association.send_c_store(large)
        wait_for(lambda: not association.is_established)
        assert other.send_c_store(make_image(2)).Status == 0
        other.release()
    assert len(stored(queue)) == 1


@pytest.mark.parametrize("pdu_type", [1, 4], ids=["association request", "data"])
def test_a_piece_of_four_gigabytes_is_not_waited_for(pdu_type: int, listen: Listen) -> None:
    with listen() as port:
        with socket.create_connection((HERE, port), timeout=20) as raw:
            raw.sendall(struct.pack(">BBL", pdu_type, 0, 0xFFFFFFFF) + b"x" * 1000)
            assert _is_closed(raw)
        assert send(port, make_image()) == [0]


def test_silent_connections_do_not_stop_others(listen: Listen, queue: Queue) -> None:
    with listen("listen.timeout_s=2.0", "listen.max_associations=3") as port:
        silent = [socket.create_connection((HERE, port), timeout=20) for _ in range(20)]
        silent[0].sendall(b"\x01\x00\x00")
        silent[1].sendall(struct.pack(">BBL", 1, 0, 200) + b"x")
        assert send(port, make_image()) == [0]
        for one in silent[:2]:
            assert _is_closed(one)
        for one in silent:
            one.close()
    assert len(stored(queue)) == 1


def _is_closed(raw: socket.socket) -> bool:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if not raw.recv(4096):
                return True
        except ConnectionError:
            return True
        except TimeoutError:
            return False
    return False


def test_an_association_that_ends_in_the_middle_leaves_nothing(
    listen: Listen, queue: Queue, desk: Desk
) -> None:
    image = make_image()
    with listen() as port:
        association = associate(port, image)
        request = C_STORE()
        request.MessageID, request.Priority = 1, 2
        request.AffectedSOPClassUID = image.SOPClassUID
        request.AffectedSOPInstanceUID = image.SOPInstanceUID
        request.DataSet = BytesIO(b"\0" * 100_000)
        message = C_STORE_RQ()
        message.primitive_to_message(request)
        pieces = message.encode_msg(association.accepted_contexts[-1].context_id, 16382)
        for _, piece in zip(range(3), pieces, strict=False):
            assert isinstance(piece, P_DATA)
            association.dul.send_pdu(piece)
        time.sleep(0.2)
        association.abort()
        assert send(port, image) == [0]
    assert len(stored(queue)) == 1


@pytest.mark.parametrize("times", [1, 2])
def test_a_full_disk_is_answered_with_out_of_resources(
    times: int, listen: Listen, queue: Queue, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [make_image(n) for n in range(times)]

    @contextlib.contextmanager
    def full(path: Path, *, sync: bool = True) -> Iterator[object]:
        with atomic_open(path, sync=sync):
            raise OSError(errno.ENOSPC, "No space left on device")

    with listen() as port:
        with monkeypatch.context() as patch:
            patch.setattr("sonolesion.files.atomic_open", full)
            assert send(port, *images) == [0xA700] * times
        assert not files_below(queue.files.folder)
        assert read_status(desk).objects["waiting"] == 0
        assert send(port, *images) == [0] * times
    assert read_status(desk).objects["waiting"] == times


def test_a_full_queue_and_a_nearly_full_disk_are_said_before(listen: Listen, desk: Desk) -> None:
    with listen("keep.max_waiting=1") as port:
        assert send(port, make_image(1), make_image(2)) == [0, 0xA700]
    with listen("keep.min_free_mb=10000000") as port:
        assert send(port, make_image(3)) == [0xA700]
    assert read_status(desk).objects["waiting"] == 1


def test_an_object_without_a_valid_uid_is_not_understood(
    queue: Queue, desk: Desk, settings: Callable[..., NodeSettings]
) -> None:
    room = Room(settings().keep, queue, desk.folder)
    listener = Listener(settings().listen, queue, room=room, wake=threading.Event())
    request = SimpleNamespace(AffectedSOPInstanceUID="1.2.x%")
    assert listener._store(SimpleNamespace(request=request)) == 0xC000  # type: ignore[arg-type]
    assert read_status(desk).objects["waiting"] == 0


def test_an_address_that_is_taken_is_a_setting_to_change(listen: Listen) -> None:
    with (
        listen() as port,
        pytest.raises(ConfigError, match=r"listen\.port"),
        listen(f"listen.port={port}"),
    ):
        pass


def test_addresses() -> None:
    networks = parse_networks(["10.1.0.0/16", "192.168.7.9", "fd00::/8"])
    for address in ("10.1.255.1", "192.168.7.9", "fd00::1", "::ffff:10.1.2.3"):
        assert is_allowed(address, networks)
    for address in ("10.2.0.1", "192.168.7.8", "2001:db8::1", "::1"):
        assert not is_allowed(address, networks)
    assert is_allowed("2001:db8::1", ())
