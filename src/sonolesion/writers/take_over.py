"""What a run need not do again: the inputs that the journal of an earlier one has finished."""

from __future__ import annotations

from array import array
from pathlib import Path

from sonolesion.errors import OutputExistsError
from sonolesion.inference.inputs import InputFile, InputListing
from sonolesion.writers.earlier_results import remove_files
from sonolesion.writers.journal import Journal
from sonolesion.writers.outcome import FileOutcome, input_key

UNFINISHED = -1
"""Stands for the place of a line that is not there yet."""


def no_places(listing: InputListing) -> array[int]:
    """One place for each input, none of them finished; 8 bytes each."""
    return array("q", [UNFINISHED]) * len(listing.files)


def take_over(out: Path, journal: Journal, listing: InputListing) -> array[int]:
    """Find each input's last line in the journal; `UNFINISHED` for one that is to be predicted.

    A line counts if the file's path, part, size, time of change and stem are the same and all
    result files are there and not empty. The results of one that does not count are removed, and
    a line without results says so. So are those of a part that a file no longer has.

    Args:
        out: the output folder.
        journal: its journal, with a header.
        listing: the inputs now.

    Returns:
        One place in the journal for each input, in order.

    Raises:
        OutputExistsError: the journal has results, or a verdict, of a file that is not among
            these.
        OutputWriteError: a file cannot be removed, or the journal not be written.
    """
    places = _find_last_lines(out, journal, listing)
    for index, place in enumerate(places):
        if place == UNFINISHED:
            continue
        outcome, stem = journal.read(place), listing.files[index].stem
        is_same = outcome.stem == stem and outcome.is_current()
        if is_same and all(_is_written(out / name) for name in outcome.files()):
            continue
        places[index] = UNFINISHED
        _forget(out, journal, outcome)
    return places


def _forget(out: Path, journal: Journal, outcome: FileOutcome) -> None:
    if outcome.rows:
        remove_files(out, outcome.files())
        journal.append(FileOutcome(outcome.text, outcome.stem, part=outcome.part))


def _find_last_lines(out: Path, journal: Journal, listing: InputListing) -> array[int]:
    places = no_places(listing)
    index_of = {input_key(f.text, f.part.label): i for i, f in enumerate(listing.files)}
    gone: dict[str, int] = {}
    for place, outcome in journal.scan():
        index = index_of.get(outcome.key)
        if index is None:
            gone[outcome.key] = place
        else:
            places[index] = place
    if gone:
        del index_of
        _forget_gone(out, journal, listing, list(gone.values()))
    return places


def _forget_gone(out: Path, journal: Journal, listing: InputListing, places: list[int]) -> None:
    """Remove results of parts that a file had before it changed; refuse those of other files."""
    texts = {file.text for file in listing.files}
    outcomes = [journal.read(place) for place in places]
    for outcome in outcomes:
        if outcome.sha256 and outcome.text not in texts:
            raise OutputExistsError(
                f"{out}: holds results of inputs that are not given now, such as "
                f"{InputFile(outcome.text, '').name}. Give these too, choose another folder with "
                "-o, or give --overwrite."
            )
    for outcome in outcomes:
        _forget(out, journal, outcome)


def _is_written(path: Path) -> bool:
    """Whether a result is there; one that a power failure caught is there but empty."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False
