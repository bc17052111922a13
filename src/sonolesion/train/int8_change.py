"""On which images an int8 form is made, and what it changes on them."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle import Bundle, int8_bundle
from sonolesion.bundle.int8 import Int8Form, probe_image
from sonolesion.data.manifest import ManifestRow
from sonolesion.errors import InvalidInputError, TrainingError
from sonolesion.inference.int8_arithmetic import adds_exactly
from sonolesion.inference.runtime import Session

N_IMAGES = 64
MAX_MASK_CHANGE = 0.01
"""Largest mean share of pixels that int8 may mark otherwise than fp32."""
MAX_CLASS_LOGIT_CHANGE = 0.25
"""Largest root mean square of what int8 may change in the class logits."""


def pick_rows(rows: tuple[ManifestRow, ...], count: int = N_IMAGES) -> tuple[ManifestRow, ...]:
    """Pick `count` rows, or all where there are fewer: those whose case id hashes lowest.

    The same whatever the order of the rows, and spread over data sets and classes as they are.

    Raises:
        InvalidInputError: no rows.
    """
    if not rows:
        raise InvalidInputError("expected at least one training case to measure ranges on.")
    return tuple(sorted(rows, key=lambda row: hashlib.sha256(row.case_id.encode()).digest()))[
        :count
    ]


def describe_int8(
    bundle: Bundle, int8: bytes, images: NDArray[np.float32], *, split_hash: str
) -> Int8Form:
    """Compare the int8 form with the network it was made of.

    Args:
        bundle: with the fp32 graph.
        int8: the form, as `make_int8_form` gives it.
        images: float32 (N, 1, S, S) in [0, 1], the ones that it was made on.
        split_hash: of the split they are from.

    Raises:
        TrainingError: this CPU computes int8 wrongly, the masks change by over
            `MAX_MASK_CHANGE`, or the class logits by over `MAX_CLASS_LOGIT_CHANGE`.
    """
    if not adds_exactly():
        raise TrainingError(
            "int8 refused: this CPU adds products of 8 bits wrongly (no VNNI). Export without "
            "--int8, or on another CPU."
        )
    whole = Session(bundle)
    rounded = Session(int8_bundle(dataclasses.replace(bundle, int8=int8)))
    mask_changes, logit_changes = [], []
    for image in images:
        one, two = whole.run(image[np.newaxis]), rounded.run(image[np.newaxis])
        mask_changes.append(float(((one.mask_logits > 0) != (two.mask_logits > 0)).mean()))
        logit_changes.append(one.class_logits[0] - two.class_logits[0])
    mask_change = float(np.mean(mask_changes))
    logit_change = float(np.sqrt(np.mean(np.square(logit_changes))))
    if mask_change > MAX_MASK_CHANGE or logit_change > MAX_CLASS_LOGIT_CHANGE:
        raise TrainingError(
            f"int8 refused: it changes {mask_change:.2%} of the mask (allowed "
            f"{MAX_MASK_CHANGE:.0%}) and the class logits by {logit_change:.2g} (allowed "
            f"{MAX_CLASS_LOGIT_CHANGE:g}). Export without --int8."
        )
    probe = probe_image(bundle.info.image_size_px)[np.newaxis, np.newaxis]
    return Int8Form(
        onnx_sha256=hashlib.sha256(int8).hexdigest(),
        n_images=len(images),
        split_hash=split_hash,
        class_logit_change=round(logit_change, 6),
        mask_change=round(mask_change, 6),
        probe_logits=tuple(round(float(v), 4) for v in rounded.run(probe).class_logits[0]),
    )
