"""A whole prediction run: inputs in, one folder of results out, killed and gone on with at will.

::

    OUT/<stem>_prediction.png            input, mask and overlay side by side
    OUT/<stem>_result.txt                class, probabilities, coverage
    OUT/masks/<stem>_mask.png            0 or 255, at the image's own size
    OUT/overlays/<stem>_overlay.png      outline on the image, at its own size
    OUT/<stem>_why.png                   what the answer rests on, where it is wanted
    OUT/<stem>_report.{html,pdf}         one page about it, where it is wanted
    OUT/dicom/<stem>_{seg,sr,sc}.dcm     of DICOM inputs, where they are wanted
    OUT/journal.jsonl                    what is finished, added to while the run goes on
    OUT/predictions.csv, predictions.jsonl, errors.csv, summary.txt      written last, from it

An image that cannot be used costs one row of errors.csv; everything else is processed. A run
with the same bundle and options takes over what the journal holds; the tables are then the same
as those of a run that nothing stopped, but for `seconds`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sonolesion.bundle import BundleInfo
from sonolesion.errors import InvalidInputError, OutputExistsError
from sonolesion.files import explain_write_errors, make_folder
from sonolesion.inference import Predictor
from sonolesion.inference.input_bytes import InputReader
from sonolesion.inference.inputs import (
    AS_THE_FILES_SAY,
    InputFile,
    InputListing,
    ReadOptions,
    folder_test,
    list_inputs,
)
from sonolesion.inference.shard import WHOLE, Shard
from sonolesion.writers.case_extras import NO_EXTRAS, CaseExtras
from sonolesion.writers.earlier_results import remove_leftovers, remove_results
from sonolesion.writers.journal import JOURNAL_NAME, FinishedOutcomes, Journal
from sonolesion.writers.ordered_map import map_ordered
from sonolesion.writers.outcome import FileOutcome
from sonolesion.writers.predict_file import predict_file
from sonolesion.writers.prediction_parquet import require_parquet
from sonolesion.writers.prediction_report import PredictionReport
from sonolesion.writers.prediction_tables import write_tables
from sonolesion.writers.run_identity import check_identity, describe_identity
from sonolesion.writers.take_over import UNFINISHED, no_places, take_over

_AT_HAND_AT_MOST = 4
NumberedFile = tuple[int, InputFile]
NumberedOutcome = tuple[int, FileOutcome]


@dataclass(frozen=True, slots=True)
class FolderOptions:
    """What is written, and who is told.

    Attributes:
        overwrite: write into a folder that is not empty; the files of an earlier run that its
            tables or journal list are removed first, other files are left alone.
        pictures: write pictures and overlays, not only masks, texts and tables.
        parquet: write predictions.parquet too.
        dicom: write DICOM results of DICOM inputs too.
        shard: which part of the inputs these are.
        on_start: called once with what is to be done and how much of it is done already.
        on_done: called after each image.
        extras: what is made of each image beyond that.
    """

    overwrite: bool = False
    pictures: bool = True
    parquet: bool = False
    dicom: bool = False
    shard: Shard = WHOLE
    on_start: Callable[[InputListing, int], None] | None = None
    on_done: Callable[[], None] | None = None
    extras: CaseExtras = NO_EXTRAS

    def identity(self) -> dict[str, object]:
        """What of this changes results, as JSON values; a run goes on only with the same."""
        chosen = {"pictures": self.pictures, "dicom": self.dicom, "shard": str(self.shard)}
        return chosen | self.extras.identity()


def run_prediction(
    inputs: Sequence[str] | InputListing,
    out: Path,
    *,
    predictor: Predictor,
    overwrite: bool = False,
    pictures: bool = True,
    parquet: bool = False,
    dicom: bool = False,
    workers: int = 1,
    shard: Shard = WHOLE,
    reading: ReadOptions = AS_THE_FILES_SAY,
    on_start: Callable[[InputListing, int], None] | None = None,
    on_done: Callable[[], None] | None = None,
    extras: CaseExtras = NO_EXTRAS,
) -> PredictionReport:
    """Predict files, folders and patterns, and write all results into one folder.

    Args:
        inputs: see `sonolesion.inference.inputs.list_inputs`, or what it gave.
        out: output folder; see `run_folder`.
        predictor: what predicts.
        overwrite: see `FolderOptions`.
        pictures: see `FolderOptions`.
        parquet: see `FolderOptions`.
        dicom: see `FolderOptions`.
        workers: images processed at the same time, at least 1; the results are the same.
        shard: which part of the inputs to predict; part of `inputs` if that is a listing.
        reading: which frame of files that hold several, and a size of the pixels given by hand;
            a listing has its own.
        on_start: see `FolderOptions`.
        on_done: see `FolderOptions`.
        extras: see `FolderOptions`.

    Raises:
        InvalidInputError: no image found, `out` holds an input, or `workers` below 1.
        OutputExistsError, OutputWriteError, MissingExtraError: see `run_folder`.
    """
    if not isinstance(inputs, InputListing):
        inputs = list_inputs(inputs, exclude=out, shard=shard, options=reading)
    options = FolderOptions(overwrite, pictures, parquet, dicom, shard, on_start, on_done, extras)
    return run_in_threads(inputs, out, predictor=predictor, workers=workers, options=options)


def run_in_threads(
    listing: InputListing,
    out: Path,
    *,
    predictor: Predictor,
    workers: int,
    options: FolderOptions,
) -> PredictionReport:
    """Predict the files of a listing in threads of this process; see `run_folder`.

    Raises:
        InvalidInputError: `workers` below 1, or as `run_folder`.
        OutputExistsError, OutputWriteError, MissingExtraError: see `run_folder`.
    """
    if workers < 1:
        raise InvalidInputError(f"workers: expected at least 1, got {workers}.")

    reader = InputReader()

    def process(item: NumberedFile) -> NumberedOutcome:
        index, file = item
        return index, predict_file(
            file,
            out,
            predictor=predictor,
            reader=reader,
            pictures=options.pictures,
            dicom=options.dicom,
            extras=options.extras,
        )

    def predict(todo: Iterable[NumberedFile]) -> Iterator[NumberedOutcome]:
        return map_ordered(process, todo, workers=workers)

    return run_folder(listing, out, info=predictor.info, predict=predict, options=options)


def run_folder(
    listing: InputListing,
    out: Path,
    *,
    info: BundleInfo,
    predict: Callable[[Iterable[NumberedFile]], Iterator[NumberedOutcome]],
    options: FolderOptions,
) -> PredictionReport:
    """Have the files of a listing predicted, keep the journal, and write the tables.

    Memory does not grow with the number of inputs, but for about 300 bytes an input: its path,
    its stem and its place in the journal.

    Args:
        listing: the inputs.
        out: output folder; created. Must not hold the inputs. One that a run with the same
            bundle and options left, finished or not, is gone on with.
        info: the bundle that `predict` uses.
        predict: gives for each numbered file its number and its outcome, in any order, and takes
            files no faster than it gives outcomes.
        options: what is written, and who is told.

    Raises:
        InvalidInputError: `out` holds an input.
        OutputExistsError: `out` is not empty, holds another run or another run is writing to
            it, and `overwrite` is off.
        OutputWriteError: disk full, read-only; what is written up to then stays.
        MissingExtraError: `parquet` without pyarrow, or `dicom` without highdicom.
    """
    if options.parquet:
        require_parquet()
    if options.dicom:
        # imported here: the package of the DICOM writers brings OpenCV
        from sonolesion.writers.dicom.extra import require_dicom_extra

        require_dicom_extra()
    _check_out(out, listing)
    _make_out(out, overwrite=options.overwrite)
    identity = describe_identity(info, options.identity() | listing.options.identity())
    with Journal(out) as journal:
        header = None if options.overwrite else journal.read_header()
        if header is None:
            remove_results(out, journal)
            journal.start(identity)
            places = no_places(listing)
        else:
            check_identity(out, found=header, wanted=identity)
            remove_leftovers(out)
            places = take_over(out, journal, listing)
        n_taken_over = len(places) - places.count(UNFINISHED)
        if options.on_start is not None:
            options.on_start(listing, n_taken_over)
        todo = ((i, file) for i, file in enumerate(listing.files) if places[i] == UNFINISHED)
        at_hand: dict[int, FileOutcome] = {}
        for index, outcome in predict(todo):
            places[index] = journal.append(outcome)
            if len(at_hand) < _AT_HAND_AT_MOST:
                at_hand[places[index]] = outcome
            if options.on_done is not None:
                options.on_done()
        journal.sync()
        outcomes = FinishedOutcomes(journal.path, places, at_hand)
        tables = write_tables(
            out, outcomes, listing=listing, bundle=info.label, parquet=options.parquet
        )
    return PredictionReport(out, listing, outcomes, tables, n_taken_over)


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
