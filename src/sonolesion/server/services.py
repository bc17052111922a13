"""What the routes of one server share."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from sonolesion.server.bundles import BundleCatalogue
from sonolesion.server.desk_reader import DeskReader
from sonolesion.server.event_hub import EventHub
from sonolesion.server.metrics import Metrics
from sonolesion.server.settings import ServerSettings
from sonolesion.server.tasks import Task, TaskResult
from sonolesion.server.worker_pool import WorkerPool
from sonolesion.store.database import Desk
from sonolesion.store.folder_lock import FolderLock


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of a running server.

    Attributes:
        lock: held while it runs, so that no second server works on the same folder.
        settings: what it was started with.
        desk: the store.
        pool: the worker processes.
        catalogue: the models.
        hub: who listens to changes.
        reader: the thread that has cases read.
        metrics: figures.
        ending: set when the server was asked to end.
    """

    lock: FolderLock
    settings: ServerSettings
    desk: Desk
    pool: WorkerPool
    catalogue: BundleCatalogue
    hub: EventHub
    reader: DeskReader
    metrics: Metrics
    ending: threading.Event = field(default_factory=threading.Event)

    async def do(self, task: Task) -> TaskResult:
        """Let a worker do a task, and wait without holding up others.

        Raises:
            SonolesionError: whatever the task raises; `BusyError` where too many wait.
        """
        return await asyncio.wrap_future(self.pool.submit(task))


def get_services(request: Request) -> Services:
    """Return the parts of the server that answers a request."""
    services: Services = request.app.state.services
    return services


Shared = Annotated[Services, Depends(get_services)]
"""Argument of a route that needs them."""
