"""Is there room for another object? Asked before it is taken, so that its sender keeps it."""

from __future__ import annotations

import shutil
from pathlib import Path

from sonolesion.errors import OutputWriteError
from sonolesion.node.queue import Queue
from sonolesion.node.settings import KeepSettings

_BYTES_PER_MB = 1_000_000


class Room:
    """The limits of the queue and of the disk.

    Args:
        settings: the limits.
        queue: the queue.
        folder: on the disk that is looked at.
    """

    def __init__(self, settings: KeepSettings, queue: Queue, folder: Path) -> None:
        self._settings = settings
        self._queue = queue
        self._folder = folder

    def check(self) -> None:
        """Do nothing where there is room.

        Raises:
            OutputWriteError: too much waits, or the disk is nearly full.
        """
        if self._queue.count_waiting() >= self._settings.max_waiting:
            raise OutputWriteError(
                f"{self._settings.max_waiting} objects and results wait (keep.max_waiting). See "
                "whether the PACS takes results."
            )
        free_mb = shutil.disk_usage(self._folder).free // _BYTES_PER_MB
        if free_mb < self._settings.min_free_mb:
            raise OutputWriteError(
                f"{free_mb} MB of the disk are free, less than keep.min_free_mb = "
                f"{self._settings.min_free_mb}. Free some space."
            )
