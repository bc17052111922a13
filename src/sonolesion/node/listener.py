"""C-STORE and C-ECHO provider: an object is answered with success when it is safely queued."""

from __future__ import annotations

import threading
import time
from io import BytesIO
from typing import cast

from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from sonolesion.errors import ConfigError, OutputWriteError, StoreError
from sonolesion.node.limits import LimitedEntity, LimitedServer, count_object_bytes
from sonolesion.node.naming import LOGGER, is_uid, short_name
from sonolesion.node.queue import Added, Queue
from sonolesion.node.room import Room
from sonolesion.node.settings import ListenSettings
from sonolesion.node.storage_classes import IMAGE_CLASSES, RESULT_CLASSES, TRANSFER_SYNTAXES
from sonolesion.node.tls import make_listener_context

SUCCESS, OUT_OF_RESOURCES, NOT_UNDERSTOOD = 0x0000, 0xA700, 0xC000
_BYTES_PER_MB = 1_000_000


class Listener:
    """A provider on one address.

    Args:
        settings: address, titles, limits.
        queue: where objects go.
        room: whether there is room for another.
        wake: set when an object has come.
    """

    def __init__(
        self, settings: ListenSettings, queue: Queue, *, room: Room, wake: threading.Event
    ) -> None:
        self._settings = settings
        self._queue = queue
        self._room = room
        self._wake = wake
        self._server: LimitedServer | None = None

    @property
    def port(self) -> int:
        """The port that it listens on."""
        assert self._server is not None
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to listen.

        Raises:
            ConfigError: the address cannot be had.
        """
        settings = self._settings
        handlers: list[evt.EventHandlerType] = [
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_ECHO, lambda _: SUCCESS),
            (evt.EVT_PDU_RECV, count_object_bytes),
            (evt.EVT_REJECTED, _report_rejection),
        ]
        try:
            server: LimitedServer = self._make_entity().make_server(  # type: ignore[assignment]
                (settings.host, settings.port),
                ssl_context=make_listener_context(settings),
                evt_handlers=handlers,
                server_class=LimitedServer,
                max_pdu_bytes=settings.max_pdu_bytes,
                max_object_bytes=settings.max_object_mb * _BYTES_PER_MB,
                timeout_s=settings.timeout_s,
                addresses=settings.addresses,
            )
        except OSError as error:
            raise ConfigError(
                f"setting listen.host, listen.port: cannot listen on {settings.host}:"
                f"{settings.port} ({error.strerror or error}). Choose another."
            ) from error
        server.ae._servers.append(server)
        self._server = server
        threading.Thread(
            target=server.serve_forever, args=(0.1,), daemon=True, name="listener"
        ).start()

    def stop(self, *, wait_s: float) -> None:
        """Take no more callers; those that are there may finish for so long."""
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        end = time.monotonic() + wait_s
        for association in server.active_associations:
            association.join(max(0.0, end - time.monotonic()))
            if association.is_alive():
                association.abort()

    def _make_entity(self) -> AE:
        settings = self._settings
        entity = LimitedEntity(ae_title=settings.ae_title)
        for sop_class in (*IMAGE_CLASSES, *RESULT_CLASSES):
            entity.add_supported_context(sop_class, list(TRANSFER_SYNTAXES))
        entity.add_supported_context(Verification)
        entity.require_calling_aet = list(settings.callers)
        entity.require_called_aet = True
        entity.maximum_associations = settings.max_associations
        entity.maximum_pdu_size = settings.max_pdu_bytes
        entity.acse_timeout = entity.dimse_timeout = settings.timeout_s
        entity.network_timeout = settings.timeout_s
        return entity

    def _store(self, event: evt.Event) -> int:
        """Answer a C-STORE request; the object itself is not looked at."""
        request = cast("C_STORE", event.request)
        uid = str(request.AffectedSOPInstanceUID or "")
        if not is_uid(uid):
            LOGGER.warning("refused an object without a valid SOP Instance UID")
            return NOT_UNDERSTOOD
        try:
            self._room.check()
            added = self._queue.add_object(uid, encode_file(event), came_by="c-store")
        except (OutputWriteError, StoreError) as error:
            LOGGER.error("%s: not taken, its sender has to try again: %s", short_name(uid), error)
            return OUT_OF_RESOURCES
        if added in (Added.NEW, Added.AGAIN):
            LOGGER.info("%s: received", short_name(uid))
            self._wake.set()
        return SUCCESS


def encode_file(event: evt.Event) -> bytes:
    """Return an object as a file, its data set as it was sent."""
    buffer = DicomBytesIO()
    buffer.write(b"\0" * 128 + b"DICM")
    write_file_meta_info(buffer, event.file_meta)
    data_set = cast("BytesIO", cast("C_STORE", event.request).DataSet)
    with data_set.getbuffer() as view:
        return b"".join((buffer.getvalue(), view))


def _report_rejection(event: evt.Event) -> None:
    requestor = event.assoc.requestor
    LOGGER.warning(
        "refused a caller from %s that calls itself %r: unknown title, or too many at once",
        requestor.address,
        requestor.ae_title[:16],
    )
