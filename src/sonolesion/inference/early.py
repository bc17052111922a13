"""A network that is made ready in the background, while the rest of the program is loaded.

ONNX Runtime builds its session without holding Python up. From a cold start that takes as long as
importing what reads, measures and draws an image, and two cores do both at the same time.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from sonolesion.bundle import DEFAULT_BUNDLE, load_bundle
from sonolesion.errors import SonolesionError
from sonolesion.inference.precision import ChosenForm, choose_form, read_choice
from sonolesion.inference.runtime import import_runtime

if TYPE_CHECKING:
    from sonolesion.inference.predictor import Predictor


class EarlyPredictor:
    """A bundle that is being made ready; use `begin_loading`.

    Args:
        form: of the bundle, being made ready.
        threads: of one network run.
    """

    def __init__(self, form: Future[ChosenForm], *, threads: int) -> None:
        self._form = form
        self._threads = threads

    def finish(self, threads: int) -> Predictor | None:
        """Wait for the session; None where another number of threads is wanted after all.

        Args:
            threads: of one network run.

        Raises:
            BundleError: see `sonolesion.inference.predictor.load_predictor`.
        """
        if threads != self._threads:
            return None
        # imported here: it is part of what is loaded while the session is made
        from sonolesion.inference.predictor import Predictor

        chosen = self._form.result()
        return Predictor(chosen.bundle, session=chosen.session)


def begin_loading(
    bundle: str | Path | None, *, threads: int, precision: str | None = None
) -> EarlyPredictor | None:
    """Load a bundle and begin to make its session.

    Args:
        bundle: see `sonolesion.inference.load_predictor`.
        threads: of one network run.
        precision: see `sonolesion.inference.load_predictor`.

    Returns:
        None where the bundle or the precision is refused: `load_predictor` says why, when its
        turn comes.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="load")
    runtime = pool.submit(import_runtime)  # while this thread reads and hashes the graph
    try:
        choice = read_choice(precision)
        loaded = load_bundle(DEFAULT_BUNDLE if bundle is None else bundle)
        runtime.result()
        form = pool.submit(choose_form, loaded, choice, threads=threads)
        return EarlyPredictor(form, threads=threads)
    except SonolesionError:
        return None
    finally:
        pool.shutdown(wait=False)
