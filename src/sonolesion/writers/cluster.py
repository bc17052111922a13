"""The same run on many machines, through Ray Data; needs the extra [cluster].

Each worker of Ray holds a predictor and writes masks and texts itself, so inputs and output
folder must lie where all machines see them under the same path. Outcomes come back to the one
process that keeps the journal: resume, refusals and tables are those of a local run.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sonolesion.bundle import DEFAULT_BUNDLE, PrecisionChoice, load_bundle
from sonolesion.errors import (
    BundleError,
    InvalidInputError,
    MissingExtraError,
    OutputWriteError,
    SonolesionError,
)
from sonolesion.imaging.parts import ImagePart
from sonolesion.inference import load_predictor
from sonolesion.inference.concurrency import count_cores
from sonolesion.inference.input_bytes import InputReader
from sonolesion.inference.inputs import InputFile, InputListing
from sonolesion.inference.precision import choose_form, read_choice
from sonolesion.writers.case_extras import NO_EXTRAS, CaseExtras
from sonolesion.writers.outcome import FileOutcome, outcome_from_json, outcome_to_json
from sonolesion.writers.predict_file import predict_file
from sonolesion.writers.prediction_folder import (
    FolderOptions,
    NumberedFile,
    NumberedOutcome,
    run_folder,
)
from sonolesion.writers.prediction_report import PredictionReport

LOCAL = "local"
_FILES_PER_BLOCK = 64
_HOST_AND_PORT = re.compile(r"[^\s/:]+:\d{1,5}")


def run_on_ray(
    listing: InputListing,
    out: Path,
    *,
    bundle: str | Path | None = None,
    precision: PrecisionChoice | str | None = None,
    address: str = LOCAL,
    workers: int = 0,
    options: FolderOptions | None = None,
) -> PredictionReport:
    """Predict the files of a listing with the workers of a Ray cluster.

    Rows are the same as those of a local run, but for `seconds`.

    Args:
        listing: the inputs; paths that all machines see.
        out: output folder that all machines see.
        bundle: folder that all machines see, or the name of a shipped bundle (sonolesion is then
            installed in the same place everywhere); None for the default.
        precision: see `load_predictor`; chosen on this machine, the same for all workers. One
            that computes int8 wrongly ends the run.
        address: "local" for a Ray of this machine alone, "auto" for the cluster that this
            machine belongs to, or "HOST:PORT" of the head of that cluster.
        workers: of Ray, one core each; 0 for all cores of the cluster.
        options: what is written, and who is told.

    Raises:
        InvalidInputError: no such kind of address.
        MissingExtraError: Ray is not installed.
        SonolesionError: Ray cannot be reached or a worker failed (the journal keeps what is
            finished); otherwise as `run_folder`.
    """
    _check_address(address)
    ray = _import_ray()
    options = options or FolderOptions()
    loaded = load_bundle(DEFAULT_BUNDLE if bundle is None else bundle)
    choice = read_choice(precision)
    if choice is not PrecisionChoice.FP32:
        loaded = choose_form(loaded, choice, threads=1).bundle
    settings = {"out": os.fspath(out.resolve()), "bundle": os.fspath(loaded.folder.resolve()),
                "precision": loaded.precision.value,
                "pictures": options.pictures, "dicom": options.dicom, "extras": options.extras,
                "folder": os.fspath(Path.cwd())}  # fmt: skip

    def predict(todo: Iterable[NumberedFile]) -> Iterator[NumberedOutcome]:
        blocks = _make_blocks(todo)
        if not blocks:
            return
        data = ray.data.from_arrow(blocks).map_batches(
            RayPredictor,
            fn_constructor_kwargs=settings,
            batch_size=_FILES_PER_BLOCK // 4,
            compute=ray.data.ActorPoolStrategy(size=workers or _count_cluster_cores(ray)),
            num_cpus=1,
        )
        for row in data.iter_rows():
            yield int(row["index"]), _unpack(json.loads(row["outcome"]))

    try:
        is_ours = not ray.is_initialized()
        if is_ours:
            own = {"num_cpus": workers or count_cores(), "include_dashboard": False}
            ray.init(
                address=address,
                log_to_driver=False,
                logging_level="ERROR",
                **(own if address == LOCAL else {}),
            )
        _quiet(ray)
        try:
            return run_folder(listing, out, info=loaded.info, predict=predict, options=options)
        finally:
            if is_ours:
                ray.shutdown()
    except (ray.exceptions.RayError, ConnectionError) as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        why = lines[0].strip(" .") if lines else type(error).__name__
        if not ray.is_initialized() and isinstance(error, ConnectionError):
            raise SonolesionError(
                f"Ray ({address}): no cluster answers ({why.partition('. ')[0]}). Start one with "
                "`ray start --head`, join it from this machine, or give --cluster local."
            ) from error
        raise SonolesionError(
            f"Ray ({address}): {why}. What is finished is kept; run again to go on."
        ) from error


class RayPredictor:
    """What a worker of Ray holds: a predictor, called with batches of a Ray data set.

    Args:
        out: output folder.
        bundle: folder or name of a shipped bundle.
        pictures: write pictures and overlays.
        dicom: write DICOM results of DICOM inputs.
        folder: working folder of the process that started the run; relative paths start there.
        extras: explain each answer, write reports.
        precision: "fp32" or "int8", as the process that started the run chose it.
    """

    def __init__(
        self,
        out: str,
        bundle: str,
        *,
        pictures: bool,
        folder: str,
        dicom: bool = False,
        extras: CaseExtras = NO_EXTRAS,
        precision: str = "fp32",
    ) -> None:
        os.chdir(folder)
        self._out = Path(out)
        self._pictures = pictures
        self._dicom = dicom
        self._extras = extras
        self._predictor = load_predictor(bundle, threads=1, precision=precision, fall_back=False)
        self._reader = InputReader()

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        """Predict the files of a batch; index and outcome of each, the outcome as JSON.

        An error that ends the run comes back in the place of an outcome: Ray would try again, and
        bury it in a traceback of its own.
        """
        files = [
            _make_file(bytes(path), str(stem), str(choice))
            for path, stem, choice in zip(
                batch["path"], batch["stem"], batch["choice"], strict=True
            )
        ]
        return {
            "index": [int(index) for index in batch["index"]],
            "outcome": [json.dumps(self._predict(file)) for file in files],
        }

    def _predict(self, file: InputFile) -> dict[str, Any]:
        try:
            outcome = predict_file(
                file,
                self._out,
                predictor=self._predictor,
                reader=self._reader,
                pictures=self._pictures,
                dicom=self._dicom,
                extras=self._extras,
            )
        except SonolesionError as error:
            return {"fatal": error.code, "message": error.message}
        return outcome_to_json(outcome)


def _unpack(values: dict[str, Any]) -> FileOutcome:
    if "fatal" not in values:
        return outcome_from_json(values)
    kinds = (BundleError, OutputWriteError)
    kind = next((k for k in kinds if k.code == values["fatal"]), SonolesionError)
    raise kind(values["message"])


def _make_file(path: bytes, stem: str, choice: str) -> InputFile:
    """Build the input that a row of a block describes."""
    frame, view, suffix, spacing_mm = json.loads(choice)
    part = ImagePart(frame, view, suffix)
    return InputFile(os.fsdecode(path), stem, part, spacing_mm and tuple(spacing_mm))


def _describe_choice(file: InputFile) -> str:
    part = file.part
    return json.dumps([part.frame, part.view, part.suffix, file.spacing_mm])


def _make_blocks(todo: Iterable[NumberedFile]) -> list[Any]:
    """Arrow tables of a few files each: Ray hands them out block by block."""
    import pyarrow as pa

    blocks = []
    items = iter(todo)
    while block := list(itertools.islice(items, _FILES_PER_BLOCK)):
        # bytes, for a file name need not be UTF-8
        blocks.append(
            pa.table(
                {
                    "index": [index for index, _ in block],
                    "path": [os.fsencode(file.text) for _, file in block],
                    "stem": [file.stem for _, file in block],
                    "choice": [_describe_choice(file) for _, file in block],
                }
            )
        )
    return blocks


def _check_address(address: str) -> None:
    """Refuse what Ray Data cannot work through.

    A client of Ray (ray://) can start tasks from outside of a cluster, but not read a data set:
    it ends in `'Worker' object has no attribute 'core_worker'`, ray-project/ray issue 48682.
    """
    if address in (LOCAL, "auto") or _HOST_AND_PORT.fullmatch(address):
        return
    outside = address.startswith("ray://")
    why = " Ray Data does not work through Ray's client." if outside else ""
    raise InvalidInputError(
        f"--cluster: expected local, auto or HOST:PORT, got {address!r}.{why} Run on a machine of "
        "the cluster with --cluster auto."
    )


def _count_cluster_cores(ray: Any) -> int:
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def _quiet(ray: Any) -> None:
    """Leave progress and errors to the command: stderr is for what the user can act on."""
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)


def _import_ray() -> Any:
    # Ray reports its use to its makers unless told otherwise
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        import ray
        import ray.data
        import ray.exceptions
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "a run on a cluster needs Ray: pip install 'sonolesion[cluster]' on every machine."
        ) from error
    return ray
