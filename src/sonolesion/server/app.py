"""The application: its parts started and ended, its layers in order, its routes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from sonolesion.server.extra import require_serve_extra

require_serve_extra()

from fastapi import FastAPI  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402

import sonolesion  # noqa: E402
from sonolesion.server.bundles import choose_precision, find_bundles  # noqa: E402
from sonolesion.server.description import describe_own_errors  # noqa: E402
from sonolesion.server.desk_reader import DeskReader  # noqa: E402
from sonolesion.server.event_hub import EventHub  # noqa: E402
from sonolesion.server.failures import add_failures  # noqa: E402
from sonolesion.server.interface_page import add_interface_page  # noqa: E402
from sonolesion.server.limits import BodyLimit  # noqa: E402
from sonolesion.server.metrics import Metrics  # noqa: E402
from sonolesion.server.page_files import PageFiles  # noqa: E402
from sonolesion.server.request_log import RequestLog  # noqa: E402
from sonolesion.server.routes import (  # noqa: E402
    case_answers,
    cases,
    exports,
    jobs,
    outlines,
    predictions,
    reads,
    studies,
    system,
)
from sonolesion.server.safety import RequestGuard, SafeHeaders  # noqa: E402
from sonolesion.server.services import Services  # noqa: E402
from sonolesion.server.settings import STATIC_FOLDER, ServerSettings  # noqa: E402
from sonolesion.server.worker_pool import PoolSettings, WorkerPool  # noqa: E402
from sonolesion.store.cases import count_states  # noqa: E402
from sonolesion.store.database import Desk, open_desk  # noqa: E402
from sonolesion.store.folder_lock import lock_folder  # noqa: E402
from sonolesion.store.removal import sweep_files  # noqa: E402
from sonolesion.store.settings import (  # noqa: E402
    DeskSettings,
    read_settings,
    write_settings,
)
from sonolesion.types import RESEARCH_USE_ONLY  # noqa: E402

STOP_S = 20.0
"""How long work that was begun may take when the server ends."""

_DESCRIPTION = (
    "Finds, outlines and classifies lesions in breast-ultrasound images. " + RESEARCH_USE_ONLY
)


def create_app(settings: ServerSettings, services: Services | None = None) -> FastAPI:
    """Make the application; store and workers end with it.

    Args:
        settings: how it runs.
        services: parts that were started already; None to start them with the application.
    """

    @contextlib.asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[None]:
        parts = start_services(settings) if services is None else services
        app.state.services = parts
        try:
            yield
        finally:
            stop_services(parts)

    app = FastAPI(
        title="sonolesion reading desk",
        version=sonolesion.__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.docs else None,
        lifespan=run,
        middleware=[
            Middleware(RequestLog),
            Middleware(SafeHeaders),
            Middleware(RequestGuard, settings=settings),
            Middleware(BodyLimit, settings=settings),
        ],
    )
    add_failures(app)
    parts = (system, predictions, cases, case_answers, reads, outlines, jobs, studies, exports)
    for part in parts:
        app.include_router(part.router)
    describe_own_errors(app)
    if settings.docs:
        add_interface_page(app)
    if STATIC_FOLDER.is_dir():
        app.router.routes.append(PageFiles())
    return app


def start_services(settings: ServerSettings) -> Services:
    """Open the store, start workers and reader.

    Raises:
        StoreError: the store cannot be opened, or another server has it.
        BundleError: a model is missing or damaged, or int8 is asked for and the default one has
            no such form.
        InvalidInputError: the precision is none.
    """
    precision = choose_precision(settings)
    catalogue = find_bundles(settings.bundles, settings.bundle, precision=precision)
    lock = lock_folder(settings.data)
    desk = open_desk(settings.data)
    pool = None
    try:
        _prepare(desk, settings)
        pool = WorkerPool(
            PoolSettings(
                bundle=catalogue.get(None).place,
                precision=catalogue.get(None).precision,
                workers=settings.workers,
                threads=settings.threads,
                time_limit_s=settings.time_limit_s,
                memory_mb=settings.memory_mb,
                queue_cap=settings.queue_cap,
            )
        )
        pool.wait_until_ready()
        hub = EventHub()
        reader = DeskReader(desk, pool, catalogue, hub, inbox=settings.inbox)
        reader.start()
    except BaseException:
        if pool is not None:
            pool.close(0.0)
        desk.close()
        lock.close()
        raise
    return Services(
        lock=lock,
        settings=settings,
        desk=desk,
        pool=pool,
        catalogue=catalogue,
        hub=hub,
        reader=reader,
        metrics=Metrics(pool.figures, lambda: _count(desk)),
    )


def stop_services(services: Services) -> None:
    """Let what was begun come to its end, and end all parts."""
    services.ending.set()
    services.reader.stop(STOP_S)
    services.pool.close()
    services.desk.close()
    services.lock.close()


def _prepare(desk: Desk, settings: ServerSettings) -> None:
    for folder in (desk.images, desk.masks, desk.pictures):
        folder.sweep_unfinished()
    sweep_files(desk)
    if settings.own_read_first is not None:
        with desk.writing() as connection:
            found = read_settings(connection)
            wanted = DeskSettings(settings.own_read_first, found.bundle)
            write_settings(connection, wanted, actor="command line")


def _count(desk: Desk) -> dict[str, int]:
    with desk.reading() as connection:
        return {state.value: n for state, n in count_states(connection).items()}
