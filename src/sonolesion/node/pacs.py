"""Results to a PACS by C-STORE."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from pydicom import dcmread
from pydicom.uid import (
    ComprehensiveSRStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)
from pynetdicom import AE, evt
from pynetdicom.association import Association

from sonolesion.errors import DeliveryError, PeerError
from sonolesion.node.destination import ResultFile
from sonolesion.node.settings import PacsSettings
from sonolesion.node.tls import make_pacs_context

_CLASSES = (SegmentationStorage, ComprehensiveSRStorage, SecondaryCaptureImageStorage)
_DUPLICATE = 0x0111
_WARNINGS = (0x0001, 0x0107, 0x0116)


class Pacs:
    """A storage provider.

    Args:
        settings: its address and title, and ours.

    Raises:
        ConfigError: a certificate that cannot be read.
    """

    def __init__(self, settings: PacsSettings) -> None:
        self._settings = settings
        self._tls = make_pacs_context(settings)

    @contextlib.contextmanager
    def open(self) -> Iterator[StoreAssociation]:
        """Open an association; it is released when the block ends.

        Raises:
            PeerError: no answer, or the PACS does not know our title.
        """
        settings = self._settings
        entity = AE(ae_title=settings.calling_ae_title)
        for sop_class in _CLASSES:
            # one context each: a PACS takes one syntax of a list, and not every PACS the better
            entity.add_requested_context(sop_class, ExplicitVRLittleEndian)
            entity.add_requested_context(sop_class, ImplicitVRLittleEndian)
        entity.acse_timeout = entity.dimse_timeout = settings.timeout_s
        entity.network_timeout = entity.connection_timeout = settings.timeout_s
        try:
            association = entity.associate(
                settings.host,
                settings.port,
                ae_title=settings.ae_title,
                tls_args=None if self._tls is None else (self._tls, settings.host),
                evt_handlers=[(evt.EVT_CONN_OPEN, _limit_waiting, [settings.timeout_s])],
            )
        except (OSError, RuntimeError, ValueError) as error:
            raise PeerError(f"{_name(settings)}: {type(error).__name__}.") from error
        if not association.is_established:
            raise PeerError(_explain(association, settings))
        try:
            yield StoreAssociation(association, settings)
        finally:
            if association.is_established:
                association.release()


class StoreAssociation:
    """An open association."""

    def __init__(self, association: Association, settings: PacsSettings) -> None:
        self._association = association
        self._settings = settings

    def send(self, result: ResultFile) -> None:
        """Send a result and wait for the answer; see `Conversation`."""
        name = _name(self._settings)
        try:
            status = self._association.send_c_store(dcmread(result.path))
        except RuntimeError as error:
            raise PeerError(f"{name}: the association ended.") from error
        except ValueError as error:
            raise DeliveryError(f"{name} does not take objects of this class.") from error
        if "Status" not in status:
            raise PeerError(f"{name}: no answer to C-STORE within {self._settings.timeout_s:g} s.")
        code = int(status.Status)
        if code == 0 or code == _DUPLICATE or code >> 12 == 0xB or code in _WARNINGS:
            return
        raise DeliveryError(f"{name} answered C-STORE with status 0x{code:04X}.")


def _limit_waiting(event: evt.Event, timeout_s: float) -> None:
    """Let a PACS that stops reading in the middle end the association, not block the sender."""
    connection = event.assoc.dul.socket
    if connection is not None and connection.socket is not None:
        connection.socket.settimeout(timeout_s)


def _name(settings: PacsSettings) -> str:
    return f"{settings.ae_title} at {settings.host}:{settings.port}"


def _explain(association: Association, settings: PacsSettings) -> str:
    name = _name(settings)
    if association.is_rejected:
        return (
            f"{name} lets us not in. Does it know the title {settings.calling_ae_title!r} and this "
            "machine's address?"
        )
    if association.is_aborted:
        return f"{name} cannot be reached, or ended the association at once."
    return f"{name} cannot be reached."
