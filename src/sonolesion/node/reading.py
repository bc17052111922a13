"""One object to its results: examined, read, predicted, written. Runs in a process that may die."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sonolesion.errors import ImageError, InvalidInputError
from sonolesion.imaging.dicom.read import DicomContents
from sonolesion.imaging.read import read_image
from sonolesion.inference import Predictor
from sonolesion.inference.measure.image import measure_image
from sonolesion.node.examine import examine, refuse, refuse_content
from sonolesion.node.refusal import Reason, Refusal
from sonolesion.writers.dicom import ImageFindings, write_dicom_results


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of an object.

    Attributes:
        files: the results, in order of sending; empty for a refused object.
        refusal: why there are none.
        sources: UIDs of what the object was derived from.
    """

    files: tuple[Path, ...] = ()
    refusal: Refusal | None = None
    sources: tuple[str, ...] = ()


def read_into(
    path: Path,
    out: Path,
    *,
    name: str,
    predictor: Predictor,
    clip_frames: int,
    max_colour_share: float,
) -> Reading:
    """Read an object and write its results.

    An image that cannot be read refuses the whole object: a study gets no half of an answer.

    Args:
        path: the object's file.
        out: folder for the results.
        name: what to call the object in messages.
        predictor: what predicts.
        clip_frames: how many frames of a clip; 0 for all.
        max_colour_share: an image with more colour is refused.

    Raises:
        MissingExtraError: a decoder is not installed.
        BundleError: the network gives nan.
        OutputWriteError: a result cannot be written.
    """
    examined = examine(path, name=name)
    if examined.contents is None:
        return Reading(refusal=examined.refusal)
    files: list[Path] = []
    for frame, view in choose_parts(examined.contents, clip_frames=clip_frames):
        label = f"image{frame:05d}" + ("" if view is None else f"_view{view}")
        try:
            image = read_image(path, name=name, frame=frame, view=view)
            if image.colour_fraction > max_colour_share:
                text = f"{name}: {image.colour_fraction:.0%} of the image are coloured."
                return Reading(refusal=Refusal(Reason.DOPPLER, text))
            prediction = predictor.predict(image, name=name)
        except ImageError as error:
            return Reading(refusal=refuse_content(error))
        measured = prediction.measured or measure_image(
            image, mask=prediction.mask, lesion_prob=prediction.lesion_prob
        )
        findings = ImageFindings(
            image=image,
            prediction=prediction,
            lesions=measured,
            bundle=predictor.info,
            frame=frame,
        )
        try:
            written = write_dicom_results(path, findings, out, stem=label, stem_names_frame=True)
        except (ImageError, InvalidInputError) as error:
            return Reading(refusal=refuse(Reason.NO_IDENTIFIER, error))
        files += written.paths
    return Reading(tuple(files), sources=examined.sources)


def choose_parts(
    contents: DicomContents, *, clip_frames: int
) -> tuple[tuple[int, int | None], ...]:
    """Choose frames, evenly spread over a clip, and all views of each.

    Args:
        contents: how many there are.
        clip_frames: how many frames; 0 for all.

    Returns:
        Frame from 1, and view from 1 or None for the only one.

    >>> choose_parts(DicomContents(frames=9, views=1), clip_frames=1)
    ((5, None),)
    >>> [frame for frame, _ in choose_parts(DicomContents(frames=9, views=1), clip_frames=3)]
    [2, 5, 8]
    """
    n = contents.frames if clip_frames == 0 else min(clip_frames, contents.frames)
    frames = [(2 * i + 1) * contents.frames // (2 * n) + 1 for i in range(n)]
    views = [None] if contents.views == 1 else list(range(1, contents.views + 1))
    return tuple((frame, view) for frame in frames for view in views)
