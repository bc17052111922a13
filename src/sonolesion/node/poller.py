"""The other way in: asks a DICOMweb service for new images and fetches them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sonolesion.errors import DeliveryError, PeerError
from sonolesion.node.dicomweb import DicomWeb, Found
from sonolesion.node.naming import LOGGER, short_name
from sonolesion.node.queue import Added, Queue
from sonolesion.node.room import Room
from sonolesion.node.settings import PollSettings
from sonolesion.node.storage_classes import IMAGE_CLASSES


class Poller:
    """Fetches what is new. For one thread.

    Args:
        settings: which modality, how far back.
        web: the service.
        queue: where objects go.
        room: whether there is room for another.
    """

    def __init__(self, settings: PollSettings, web: DicomWeb, queue: Queue, *, room: Room) -> None:
        self._settings = settings
        self._web = web
        self._queue = queue
        self._room = room

    def poll(self, *, stop: Callable[[], bool] = lambda: False) -> int:
        """Fetch new images of the last days; return how many.

        Raises:
            PeerError: the service cannot be reached.
            OutputWriteError, StoreError: they cannot be kept.
        """
        settings = self._settings
        found = self._web.find_recent(settings.modality, days=settings.days)
        return self._take(found, stop)

    def pull_study(self, study_uid: str) -> int:
        """Fetch the images of one study; return how many were new.

        Raises:
            PeerError: the service cannot be reached.
            OutputWriteError, StoreError: they cannot be kept.
        """
        found = self._web.find_in_study(study_uid, self._settings.modality)
        return self._take(found, lambda: False)

    def _take(self, found: Iterable[Found], stop: Callable[[], bool]) -> int:
        taken = 0
        for one in found:
            if stop():
                break
            if one.sop_class_uid and one.sop_class_uid not in IMAGE_CLASSES:
                continue
            if self._queue.knows(one.sop_instance_uid):
                continue
            self._room.check()
            name = short_name(one.sop_instance_uid)
            try:
                data = self._web.fetch(one)
            except PeerError:
                raise
            except DeliveryError as error:
                LOGGER.warning("%s: cannot be fetched: %s", name, error)
                continue
            added = self._queue.add_object(one.sop_instance_uid, data, came_by="dicomweb")
            if added is Added.NEW:
                LOGGER.info("%s: fetched", name)
                taken += 1
        return taken
