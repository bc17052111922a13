"""A first tour: a few phantoms in a desk that was never used."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from sonolesion.errors import SonolesionError
from sonolesion.server.services import Services
from sonolesion.store.audit import count_audit
from sonolesion.store.cases import NewCase, add_case
from sonolesion.types import LesionClass

log = logging.getLogger("sonolesion.server")
_MM_PER_PX = 0.08


@dataclass(frozen=True, slots=True)
class _Stop:
    """One phantom of the tour."""

    label: str
    kind: LesionClass
    seed: int
    has_scale: bool = True


TOUR = (
    _Stop("Phantom: one lesion", LesionClass.BENIGN, 3),
    _Stop("Phantom: another lesion", LesionClass.MALIGNANT, 4),
    _Stop("Phantom: no scale, set it by two clicks", LesionClass.BENIGN, 8, has_scale=False),
    _Stop("Phantom: nothing to see?", LesionClass.NORMAL, 12),
)
"""The labels do not say what is in them: a reader should look first."""


def start_tour(services: Services) -> threading.Thread | None:
    """Draw phantoms into a desk of which nothing was ever written, in the background."""
    with services.desk.reading() as connection:
        if count_audit(connection):
            return None
    thread = threading.Thread(target=_draw, args=(services,), name="tour", daemon=True)
    thread.start()
    return thread


def _draw(services: Services) -> None:
    import numpy as np

    from sonolesion.data.phantom import make_phantom
    from sonolesion.writers.prediction_files import encode_png

    for stop in TOUR:
        if services.ending.is_set():
            return
        phantom = make_phantom(np.random.default_rng(stop.seed), stop.kind)
        new = NewCase(
            data=encode_png(phantom.pixels),
            media="image/png",
            label=stop.label,
            spacing_mm=(_MM_PER_PX, _MM_PER_PX) if stop.has_scale else None,
        )
        try:
            with services.desk.writing() as connection:
                case = add_case(connection, services.desk, new)
        except SonolesionError as error:
            log.error("tour: %s", error.code)
            return
        services.reader.wake()
        services.hub.publish("case", case.id)
