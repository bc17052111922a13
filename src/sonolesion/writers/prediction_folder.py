"""A whole prediction run: inputs in, one folder of results out, killed and gone on with at will.

::

    OUT/<stem>_prediction.png            input, mask and overlay side by side
    OUT/<stem>_result.txt                class, probabilities, coverage
    OUT/masks/<stem>_mask.png            0 or 255, at the image's own size
    OUT/overlays/<stem>_overlay.png      outline on the image, at its own size
    OUT/journal.jsonl                    what is finished, added to while the run goes on
    OUT/predictions.csv, predictions.jsonl, errors.csv, summary.txt      written last, from it

An image that cannot be used costs one row of errors.csv; everything else is processed. A run
with the same bundle and options takes over what the journal holds; the tables are then the same
as those of a run that nothing stopped, but for `seconds`.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sonolesion.errors import InvalidInputError, OutputExistsError
from sonolesion.files import explain_write_errors, make_folder
from sonolesion.inference import FailedInput, Predictor
from sonolesion.inference.inputs import InputFile, InputListing, folder_test, list_inputs
from sonolesion.inference.shard import WHOLE, Shard
from sonolesion.writers.earlier_results import remove_files, remove_leftovers, remove_results
from sonolesion.writers.journal import JOURNAL_NAME, FinishedOutcomes, Journal
from sonolesion.writers.ordered_map import map_ordered
from sonolesion.writers.outcome import FileOutcome
from sonolesion.writers.predict_file import predict_file
from sonolesion.writers.prediction_parquet import require_parquet
from sonolesion.writers.prediction_row import PredictionRow
from sonolesion.writers.prediction_tables import WrittenTables, write_tables
from sonolesion.writers.run_identity import check_identity, describe_identity

_UNFINISHED = -1


@dataclass(frozen=True, slots=True)
class PredictionReport:
    """What a run came to. It holds counts, not rows: those stay on the disk.

    Read rows before another run overwrites the folder.

    Attributes:
        out: the output folder.
        listing: what the inputs came to, with the files skipped.
        outcomes: one per file of `listing`, in its order, read from the journal when iterated.
        tables: counts and summary of what was written.
        n_taken_over: files of `listing` that an earlier run had finished.
    """

    out: Path
    listing: InputListing
    outcomes: FinishedOutcomes = field(repr=False)
    tables: WrittenTables = field(repr=False)
    n_taken_over: int = 0

    @property
    def summary(self) -> str:
        """The text of summary.txt."""
        return self.tables.summary

    @property
    def rows(self) -> tuple[PredictionRow, ...]:
        """All predictions in input order, read into memory; for few. Else `iter_rows`."""
        return tuple(self.iter_rows())

    @property
    def failures(self) -> tuple[FailedInput, ...]:
        """All failures in input order, read into memory; for few. Else `iter_failures`."""
        return tuple(self.iter_failures())

    def iter_rows(self) -> Iterator[PredictionRow]:
        """Give the predictions one at a time, in input order."""
        return (row for outcome in self.outcomes for row in outcome.rows)

    def iter_failures(self) -> Iterator[FailedInput]:
        """Give what could not be used, one at a time, in input order."""
        return (failed for outcome in self.outcomes for failed in outcome.failures)


def run_prediction(
    inputs: Sequence[str] | InputListing,
    out: Path,
    *,
    predictor: Predictor,
    overwrite: bool = False,
    pictures: bool = True,
    parquet: bool = False,
    workers: int = 1,
    shard: Shard = WHOLE,
    on_start: Callable[[InputListing, int], None] | None = None,
    on_done: Callable[[], None] | None = None,
) -> PredictionReport:
    """Predict files, folders and patterns, and write all results into one folder.

    Memory does not grow with the number of inputs, but for about 300 bytes an input: its path,
    its stem and its place in the journal.

    Args:
        inputs: see `sonolesion.inference.inputs.list_inputs`, or what it gave.
        out: output folder; created. Must not hold the inputs. One that a run with the same
            bundle and options left, finished or not, is gone on with.
        predictor: what predicts.
        overwrite: write into a folder that is not empty; the files of an earlier run that its
            tables or journal list are removed first, other files are left alone.
        pictures: write pictures and overlays, not only masks, texts and tables.
        parquet: write predictions.parquet too.
        workers: images processed at the same time, at least 1; the results are the same.
        shard: which part of the inputs to predict; part of `inputs` if that is a listing.
        on_start: called once with what is to be done and how much of it is done already.
        on_done: called after each image.

    Raises:
        InvalidInputError: no image found, `out` holds an input, or `workers` below 1.
        OutputExistsError: `out` is not empty, holds another run or another run is writing to
            it, and `overwrite` is off.
        OutputWriteError: disk full, read-only; what is written up to then stays.
        MissingExtraError: `parquet` without pyarrow.
    """
    if workers < 1:
        raise InvalidInputError(f"workers: expected at least 1, got {workers}.")
    if parquet:
        require_parquet()
    if not isinstance(inputs, InputListing):
        inputs = list_inputs(inputs, exclude=out, shard=shard)
    listing = inputs
    _check_out(out, listing)
    _make_out(out, overwrite=overwrite)
    identity = describe_identity(predictor.info, pictures=pictures, shard=shard)
    with Journal(out) as journal:
        header = None if overwrite else journal.read_header()
        if header is None:
            remove_results(out, journal)
            journal.start(identity)
            places = array("q", [_UNFINISHED]) * len(listing.files)
        else:
            check_identity(out, found=header, wanted=identity)
            remove_leftovers(out)
            places = _take_over(out, journal, listing)
        n_taken_over = len(places) - places.count(_UNFINISHED)
        todo = (index for index in range(len(places)) if places[index] == _UNFINISHED)
        if on_start is not None:
            on_start(listing, n_taken_over)

        def process(index: int) -> tuple[int, FileOutcome]:
            file = listing.files[index]
            return index, predict_file(file, out, predictor=predictor, pictures=pictures)

        for index, outcome in map_ordered(process, todo, workers=workers):
            places[index] = journal.append(outcome)
            if on_done is not None:
                on_done()
        journal.sync()
        outcomes = FinishedOutcomes(journal.path, places)
        tables = write_tables(
            out, outcomes, listing=listing, bundle=predictor.info.label, parquet=parquet
        )
    return PredictionReport(out, listing, outcomes, tables, n_taken_over)


def _take_over(out: Path, journal: Journal, listing: InputListing) -> array[int]:
    """Find each file's last line in the journal; `_UNFINISHED` for one that is to be predicted.

    A line counts if the file's path, size, time of change and stem are the same and all result
    files are there and not empty. The results of one that does not count are removed, and a line without
    results says so.
    """
    places = _find_last_lines(out, journal, listing)
    for index, place in enumerate(places):
        if place == _UNFINISHED:
            continue
        outcome, stem = journal.read(place), listing.files[index].stem
        is_same = outcome.stem == stem and outcome.is_current()
        if is_same and all(_is_written(out / name) for name in outcome.files()):
            continue
        places[index] = _UNFINISHED
        if outcome.rows:
            remove_files(out, outcome.files())
            journal.append(FileOutcome(outcome.text, stem))
    return places


def _find_last_lines(out: Path, journal: Journal, listing: InputListing) -> array[int]:
    places = array("q", [_UNFINISHED]) * len(listing.files)
    index_of = {file.text: index for index, file in enumerate(listing.files)}
    for place, outcome in journal.scan():
        index = index_of.get(outcome.text)
        if index is None:
            raise OutputExistsError(
                f"{out}: holds results of inputs that are not given now, such as "
                f"{InputFile(outcome.text, '').name}. Give these too, choose another folder with "
                "-o, or give --overwrite."
            )
        places[index] = place
    return places


def _is_written(path: Path) -> bool:
    """Whether a result is there; one that a power failure caught is there but empty."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def _check_out(out: Path, listing: InputListing) -> None:
    is_inside = folder_test(out)
    inside = next((file for file in listing.files if is_inside(file.text)), None)
    if inside is not None:
        raise InvalidInputError(
            f"{inside.name} lies in the output folder {out}: results are never written beside "
            "inputs. Choose another output folder with -o."
        )


def _make_out(out: Path, *, overwrite: bool) -> None:
    make_folder(out)
    with explain_write_errors(out):
        is_empty = next(out.iterdir(), None) is None
    if not (is_empty or overwrite or (out / JOURNAL_NAME).is_file()):
        raise OutputExistsError(
            f"{out}: is not empty. Choose another folder with -o, or give --overwrite."
        )
