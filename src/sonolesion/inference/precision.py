"""Which form of a bundle answers on this computer: fp32, int8, or the quicker one of the two.

Answers in fp32 are the same everywhere to 1e-5. In int8 a difference in the last digit can move a
value to the next of 256 steps, so right answers, too, differ a little from computer to computer
(docs/decisions/0012-precision.md). Wrong ones are found before any image is read: by sums that
would overflow (`int8_arithmetic`), and by the bundle's probe image.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sonolesion.bundle import Bundle, PrecisionChoice, int8_bundle
from sonolesion.bundle.int8 import MAX_PROBE_CHANGE, probe_image
from sonolesion.errors import BundleError, InvalidInputError
from sonolesion.inference.concurrency import count_cores
from sonolesion.inference.int8_arithmetic import adds_exactly
from sonolesion.inference.runtime import Session, runtime_version
from sonolesion.inference.speed_record import (
    MeasuredSpeed,
    SpeedKey,
    describe_cpu,
    keep_speed,
    recall_speed,
)

PRECISION_VARIABLE = "SONOLESION_PRECISION"
WORTH_IT = 1.15
"""How many times as fast int8 has to be for AUTO to take it."""

_WARM_UP, _LEAST_PAIRS, _MOST_PAIRS, _SECONDS = 2, 5, 25, 1.5
_LOG = logging.getLogger("sonolesion.inference")


@dataclass(frozen=True, slots=True)
class ChosenForm:
    """The form of a bundle that answers.

    Attributes:
        bundle: with the graph to run; its label names an int8 form.
        session: that graph, ready to run.
        warning: why it is not what was asked for; "" where it is.
        measured: the times that AUTO went by; None where nothing was to be chosen.
    """

    bundle: Bundle
    session: Session
    warning: str = ""
    measured: MeasuredSpeed | None = None


def read_choice(given: PrecisionChoice | str | None) -> PrecisionChoice:
    """Read what was asked for: an argument, else the environment, else fp32.

    Args:
        given: an argument of a function or command; None for none.

    Raises:
        InvalidInputError: neither auto, fp32 nor int8.
    """
    where, text = "precision", given
    if given is None:
        where, text = PRECISION_VARIABLE, os.environ.get(PRECISION_VARIABLE)
    try:
        return PrecisionChoice(text or PrecisionChoice.FP32)
    except ValueError as error:
        names = ", ".join(PrecisionChoice)
        raise InvalidInputError(f"{where}: expected one of {names}, got {text!r}.") from error


def choose_form(
    bundle: Bundle,
    choice: PrecisionChoice,
    *,
    threads: int | None = None,
    fall_back: bool = True,
) -> ChosenForm:
    """Choose the form of a bundle that answers, and make it ready to run.

    Args:
        bundle: as `load_bundle` gives it.
        choice: fp32; int8; or auto, the quicker one, measured once for each CPU, runtime and
            bundle and kept in the user's cache folder. Auto takes fp32 of a bundle without int8.
        threads: of one network run; None for as many as there are cores.
        fall_back: where this computer computes int8 wrongly, warn and take fp32; False to raise.

    Raises:
        BundleError: int8 is asked for and the bundle has none, or as `Session`; without
            `fall_back` also where this computer computes int8 wrongly.
        InvalidInputError: as `Session`.
    """
    if choice is PrecisionChoice.INT8:
        return _int8(bundle, threads, fall_back=fall_back)
    if choice is PrecisionChoice.AUTO and bundle.int8 is not None:
        return _quicker(bundle, threads)
    return ChosenForm(bundle, Session(bundle, threads))


def check_int8_here(bundle: Bundle, session: Session) -> str:
    """Say what is wrong with this computer's int8 arithmetic; "" where nothing is.

    Args:
        bundle: with the int8 form as its graph.
        session: of it.
    """
    if bundle.info.int8 is None:
        return ""
    if not adds_exactly():
        return (
            "int8: this CPU adds products of 8 bits wrongly (sums overflow); it has no VNNI "
            f"instructions, or ONNX Runtime {runtime_version()} does not use them."
        )
    probe = probe_image(bundle.info.image_size_px)[np.newaxis, np.newaxis]
    found = session.run(probe).class_logits[0]
    change = float(np.abs(found - np.array(bundle.info.int8.probe_logits)).max())
    if change <= MAX_PROBE_CHANGE:
        return ""
    return (
        f"int8: the answer to the probe image differs by {change:.2f} from the bundle's own "
        f"(allowed {MAX_PROBE_CHANGE:g}) with ONNX Runtime {runtime_version()}."
    )


def _int8(bundle: Bundle, threads: int | None, *, fall_back: bool) -> ChosenForm:
    form = int8_bundle(bundle)
    session = Session(form, threads)
    wrong = check_int8_here(form, session)
    if not wrong:
        return ChosenForm(form, session)
    if not fall_back:
        raise BundleError(f"{form.graph_file}: {wrong} Use fp32 here.")
    return _warn(bundle, threads, wrong)


def _warn(bundle: Bundle, threads: int | None, wrong: str) -> ChosenForm:
    warning = f"{wrong} fp32 is used."
    _LOG.warning(warning)
    return ChosenForm(bundle, Session(bundle, threads), warning)


def _quicker(bundle: Bundle, threads: int | None) -> ChosenForm:
    form = int8_bundle(bundle)
    key = SpeedKey(describe_cpu(), threads or count_cores(), runtime_version(),
                   form.info.onnx_sha256)  # fmt: skip
    known = recall_speed(key)
    if known is not None and known.ratio < WORTH_IT:
        return ChosenForm(bundle, Session(bundle, threads), measured=known)
    quick = Session(form, threads)
    wrong = check_int8_here(form, quick)
    if wrong:
        return _warn(bundle, threads, wrong)
    if known is not None:
        return ChosenForm(form, quick, measured=known)
    whole = Session(bundle, threads)
    measured = _measure(bundle, whole, quick)
    keep_speed(key, measured)
    if measured.ratio < WORTH_IT:
        return ChosenForm(bundle, whole, measured=measured)
    return ChosenForm(form, quick, measured=measured)


def _measure(bundle: Bundle, whole: Session, quick: Session) -> MeasuredSpeed:
    """Let the two take turns, so that a busy computer hits both alike."""
    image = probe_image(bundle.info.image_size_px)[np.newaxis, np.newaxis]
    pairs: list[tuple[float, float]] = []
    began = time.perf_counter()
    for turn in range(_WARM_UP + _MOST_PAIRS):
        pair = (_time(lambda: whole.run(image)), _time(lambda: quick.run(image)))
        if turn >= _WARM_UP:
            pairs.append(pair)
        if len(pairs) >= _LEAST_PAIRS and time.perf_counter() - began > _SECONDS:
            break
    slow, fast = np.array(pairs).T
    return MeasuredSpeed(
        fp32_ms=round(1e3 * float(np.median(slow)), 3),
        int8_ms=round(1e3 * float(np.median(fast)), 3),
        ratio=round(float(np.median(slow / fast)), 3),
        n_pairs=len(pairs),
    )


def _time(step: Callable[[], object]) -> float:
    began = time.perf_counter()
    step()
    return time.perf_counter() - began
