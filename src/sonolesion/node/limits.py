"""Limits that pynetdicom does not set itself: who may connect, how much at once, how slowly.

pynetdicom 3.0 reads a piece of whatever length its sender names, waits for it without end, and
holds an object of any size. Here a connection that goes beyond a limit is closed, which costs its
sender the association and no other sender anything.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
import time
from collections.abc import Sequence
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

from sonolesion.node.naming import LOGGER

_BLOCK_BYTES = 1 << 16
_OVERHEAD_BYTES = 1 << 16  # an association request may list many contexts
_SPARE_CONNECTIONS = 200


class LimitedSocket(AssociationSocket):
    """A connection of which no piece is too long or too slow, and no object too large."""

    def limit(self, *, max_pdu_bytes: int, max_object_bytes: int, timeout_s: float) -> None:
        """Set the limits; before anything is read."""
        self._max_pdu_bytes = max_pdu_bytes + _OVERHEAD_BYTES
        self._max_object_bytes = max_object_bytes
        self._timeout_s = timeout_s
        self._object_bytes = 0
        if self.socket is not None:
            self.socket.settimeout(timeout_s)

    def count(self, n_bytes: int, *, is_command: bool) -> None:
        """Count bytes of the object that is being received; a command begins another."""
        self._object_bytes = 0 if is_command else self._object_bytes + n_bytes

    def close(self) -> None:
        """Close the connection now; the base leaves that to the garbage collector."""
        connection = self.socket
        super().close()
        if connection is not None:
            connection.close()

    def recv(self, nr_bytes: int) -> bytearray:
        """Read exactly so many bytes, or fewer where the connection ends.

        Raises:
            OSError: a limit was passed, or the connection broke.
        """
        if nr_bytes > self._max_pdu_bytes or self._object_bytes > self._max_object_bytes:
            LOGGER.warning("a caller sent more than listen.max_pdu_bytes or max_object_mb allow")
            raise OSError("over the limit")
        connection, end = self.socket, time.monotonic() + self._timeout_s
        received = bytearray()
        while len(received) < nr_bytes:
            if connection is None or time.monotonic() > end:
                raise TimeoutError("a caller is too slow")
            block = connection.recv(min(nr_bytes - len(received), _BLOCK_BYTES))
            if not block:
                break
            received += block
        return received


class LimitedEntity(AE):
    """An entity whose limit of associations counts those that have asked for one.

    Otherwise a few connections that say nothing would keep everyone else out.
    """

    @property
    def active_associations(self) -> list[Association]:
        """The associations that were asked for or are open."""
        return [one for one in super().active_associations if one.requestor.primitive is not None]


class LimitedServer(ThreadedAssociationServer):
    """A server that lets in certain addresses, so many of them, within limits."""

    daemon_threads = True

    def __init__(self, *arguments: Any, **named: Any) -> None:
        named["request_handler"] = _LimitedHandler
        self.max_pdu_bytes: int = named.pop("max_pdu_bytes")
        self.max_object_bytes: int = named.pop("max_object_bytes")
        self.timeout_s: float = named.pop("timeout_s")
        self.networks = parse_networks(named.pop("addresses"))
        super().__init__(*arguments, **named)

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Take a connection; the caller's own thread shakes hands, so that nobody waits for it."""
        assert self.socket is not None
        connection, address = self.socket.accept()
        connection.settimeout(self.timeout_s)
        if self.ssl_context is not None:
            connection = self.ssl_context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        """Whether a connection is taken; another is closed without a word."""
        if not is_allowed(str(client_address[0]), self.networks):
            LOGGER.warning(
                "refused a connection from %s: not in listen.addresses", client_address[0]
            )
            return False
        limit = self.ae.maximum_associations + _SPARE_CONNECTIONS
        if len(self.active_associations) >= limit:
            LOGGER.warning("refused a connection: %d are open", limit)
            return False
        return True

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Say that a connection failed, without the trace that the base prints."""
        kind = sys.exc_info()[0]
        LOGGER.warning("a connection failed at once (%s)", kind.__name__ if kind else "unknown")


class _LimitedHandler(RequestHandler):
    server: LimitedServer

    def _create_association(self) -> Association:
        association = super()._create_association()
        assert isinstance(self.request, socket.socket)
        association.dul.event_queue.get_nowait()  # of the socket that is replaced
        limited = LimitedSocket(association, client_socket=self.request)
        limited.limit(
            max_pdu_bytes=self.server.max_pdu_bytes,
            max_object_bytes=self.server.max_object_bytes,
            timeout_s=self.server.timeout_s,
        )
        association.dul.socket = limited  # `set_socket` sets one once
        return association


def count_object_bytes(event: evt.Event) -> None:
    """Count what was received of an object; a handler of `evt.EVT_PDU_RECV`."""
    connection = event.assoc.dul.socket
    if not isinstance(connection, LimitedSocket):
        return
    for item in getattr(event.pdu, "presentation_data_value_items", None) or ():
        data = item.presentation_data_value or b"\0"
        connection.count(len(data), is_command=bool(data[0] & 1))


def parse_networks(
    addresses: Sequence[str],
) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Read addresses and networks such as "10.1.2.0/24"."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in addresses)


def is_allowed(
    address: str, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]
) -> bool:
    """Whether an address is in one of the networks; any is where there are none.

    >>> [is_allowed(one, parse_networks(["10.1.2.0/24"])) for one in ("10.1.2.3", "10.1.3.3")]
    [True, False]
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return not networks or any(found in network for network in networks)
