"""The files of one prediction: mask, overlay, three-panel picture and text."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sonolesion.files import atomic_write_bytes, atomic_write_text
from sonolesion.imaging.evidence_caption import caption_evidence, describe_method
from sonolesion.types import CLASS_NAMES, RESEARCH_USE_ONLY, Prediction, UltrasoundImage
from sonolesion.types.explanation import Explanation
from sonolesion.writers.lesion_text import describe_lesions

# level 3 takes half the time of Pillow's default 6 and gives files of the same size here
_COMPRESS_LEVEL = 3
_MASK_COMPRESS_LEVEL = 1  # half the time again; a mask of two levels gets no larger by it


def encode_png(pixels: NDArray[np.uint8], *, compress_level: int = _COMPRESS_LEVEL) -> bytes:
    """Encode uint8 grey (H, W) or RGB (H, W, 3) as PNG without any metadata.

    Args:
        pixels: the picture.
        compress_level: of zlib, from 0 to 9; the pixels are the same with each.
    """
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=compress_level)
    return buffer.getvalue()


def write_prediction_files(
    out: Path,
    stem: str,
    *,
    image: UltrasoundImage,
    prediction: Prediction,
    pictures: bool = True,
    explanation: Explanation | None = None,
) -> dict[str, str]:
    """Write one prediction's files below `out`, each whole or not at all.

    They are not forced to the disk one by one, which would take as long as the prediction: after
    a power failure the run that goes on finds the empty ones and writes them again.

    Args:
        out: output folder.
        stem: what the files are called.
        image: the image that was predicted.
        prediction: its result.
        pictures: also write the three-panel picture and the overlay, not only mask and text.
        explanation: why; its picture is written, and its shares stand in the text.

    Returns:
        Kind ("mask", "text", "picture", "overlay", "why") -> path relative to `out`.

    Raises:
        OutputWriteError: a file cannot be written.
    """
    files = {"mask": f"masks/{stem}_mask.png", "text": f"{stem}_result.txt"}
    mask = encode_png(_mask_levels(prediction.mask), compress_level=_MASK_COMPRESS_LEVEL)
    atomic_write_bytes(out / files["mask"], mask, sync=False)
    text = format_result(prediction, explanation)
    atomic_write_text(out / files["text"], text, sync=False)
    if pictures:
        # imported here: OpenCV costs .1 s, which --no-pictures need not pay
        from sonolesion.imaging.panels import add_margin, draw_panels, draw_prediction

        files |= {"picture": f"{stem}_prediction.png", "overlay": f"overlays/{stem}_overlay.png"}
        overlay = add_margin(draw_prediction(image.pixels, prediction), prediction)
        atomic_write_bytes(
            out / files["picture"], encode_png(draw_panels(image.pixels, prediction)), sync=False
        )
        atomic_write_bytes(out / files["overlay"], encode_png(overlay), sync=False)
    if explanation is not None:
        from sonolesion.imaging.evidence import draw_evidence_panels

        files["why"] = f"{stem}_why.png"
        drawn = draw_evidence_panels(image.pixels, prediction, explanation)
        atomic_write_bytes(out / files["why"], encode_png(drawn), sync=False)
    return files


def format_result(prediction: Prediction, explanation: Explanation | None = None) -> str:
    """The text file of one prediction, for people; with the words of its explanation, if any."""
    height, width = prediction.mask.shape
    pairs = zip(CLASS_NAMES, prediction.class_prob, strict=True)
    lines = [
        f"Image: {prediction.source}",
        f"Predicted class: {prediction.label.value}",
        f"Confidence: {prediction.confidence:.4f}",
        "Class probabilities:",
        *(f"  {name}: {prob:.4f}" for name, prob in pairs),
        *_format_decision(prediction),
        f"Mask coverage: {prediction.mask_coverage:.4%} of {width} x {height} px",
        *describe_lesions(prediction.measured),
        *_format_explanation(explanation),
        f"Bundle: {prediction.bundle}",
        *(f"Note: {note}" for note in prediction.notes),
        "",
        RESEARCH_USE_ONLY,
    ]
    return "\n".join(lines) + "\n"


def _format_explanation(explanation: Explanation | None) -> list[str]:
    if explanation is None:
        return []
    figures = explanation.figures
    return [
        f"Why {figures.target}: {caption_evidence(figures)}",
        f"  {describe_method(figures)} {explanation.notice}",
    ]


def _format_decision(prediction: Prediction) -> list[str]:
    """Lines of the joint decision; only the disagreement without one."""
    lines = [f"Outline and class disagreed: {_yes_no(prediction.disagreement)}"]
    if not prediction.prediction_set:
        return lines
    members = ", ".join(c.value for c in prediction.prediction_set)
    return [
        f"Classes that cannot be ruled out: {members}",
        f"Unsure, have it read: {_yes_no(prediction.unsure)}",
        f"Malignant alert: {_yes_no(prediction.malignant_alert)}",
        *lines,
    ]


def _yes_no(flag: bool) -> str:
    return "yes" if flag else "no"


def _mask_levels(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return mask.astype(np.uint8) * np.uint8(255)
