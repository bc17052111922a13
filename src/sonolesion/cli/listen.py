"""`sonolesion listen`: the DICOM node."""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonolesion.cli.run_record import Run, running

if TYPE_CHECKING:
    from sonolesion.node.node import Node
    from sonolesion.store.database import Desk


def listen_command(
    settings: Annotated[
        Path | None, typer.Option("--settings", "-s", help="TOML file with the settings.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Folder of queue and files; default: the desk's own."),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SECTION.KEY=VALUE", help="A setting, over the file's."),
    ] = None,
    status: Annotated[
        bool, typer.Option("--status", help="Print what waits and what was refused.")
    ] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="Take up again what was given up.")
    ] = False,
    drop: Annotated[
        bool, typer.Option("--drop", help="Drop what was given up, and its files.")
    ] = False,
    pull_study: Annotated[
        str | None,
        typer.Option(
            "--pull-study", metavar="UID", help="Fetch a study by DICOMweb and answer it."
        ),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Do what is due, and end; do not listen.")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No log.")] = False,
) -> None:
    """Take ultrasound by DICOM, read it, and send SEG, SR and SC back. Research use only.

    Objects come by C-STORE, or are fetched from a DICOMweb service (poll.interval_s); results go
    by C-STORE or STOW-RS into the study that the image is of. What came is on the disk before it
    is acknowledged, and results are sent until the PACS takes them. Nothing of a patient stands in
    log or status. SIGTERM ends it in good order; after a kill it goes on where it was.

    Examples:
      sonolesion listen --settings node.toml

      sonolesion listen --set pacs.host=127.0.0.1 --set pacs.port=4242 --set pacs.ae_title=ORTHANC

      sonolesion listen --status

      sonolesion listen --settings node.toml --retry

      sonolesion listen --settings node.toml --pull-study 1.2.840.99.1
    """
    arguments = {"settings": settings, "data": data, "set": overrides or [], "once": once}
    with running("listen", arguments=arguments, json_output=json_output, quiet=quiet) as run:
        from sonolesion.errors import InvalidInputError
        from sonolesion.node.extra import require_node_extra

        if sum((status, retry, drop, pull_study is not None, once)) > 1:
            raise InvalidInputError(
                "--status, --retry, --drop, --pull-study and --once: give one of them."
            )
        require_node_extra()
        from sonolesion.cli.serve import default_folder
        from sonolesion.node.naming import is_uid
        from sonolesion.node.settings import check_ways, load_node_settings
        from sonolesion.store.database import open_desk

        if pull_study is not None and not is_uid(pull_study):
            raise InvalidInputError("--pull-study: expected a UID of digits and dots.")
        found = load_node_settings(settings, overrides=overrides or [])
        folder = default_folder() if data is None else data
        if status:
            if (folder / "desk.db").is_file():
                with contextlib.closing(open_desk(folder)) as desk:
                    _print_status(run, desk)
            else:
                raise InvalidInputError(
                    f"--status: no node has worked on {folder}. Give its --data."
                )
            return
        if not (retry or drop):
            check_ways(found, comes_in=not (once or pull_study))
        _set_up_log(run)
        with contextlib.closing(open_desk(folder)) as desk:
            if retry or drop:
                _change_queue(run, desk, retry=retry)
            else:
                from sonolesion.node.node import Node

                _work(run, Node(found, desk), pull_study=pull_study, once=once)


def _change_queue(run: Run, desk: Desk, *, retry: bool) -> None:
    from sonolesion.node.queue import Queue

    queue = Queue(desk, "")
    if retry:
        _report(run, "taken_up", queue.retry())
    else:
        _report(run, "dropped", queue.drop_given_up())


def _work(run: Run, node: Node, *, pull_study: str | None, once: bool) -> None:
    """Fetch a study where one is asked for, then work until the end or a signal."""
    from sonolesion.errors import ConfigError

    if pull_study is not None:
        _report(run, "fetched", node.pull_study(pull_study))
        try:
            node.run(once=True)
        except ConfigError as error:
            run.note(f"listen: {error.message} What was fetched is in its queue.")
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: node.stop())
    if not node.run(once=once):
        run.note("listen: a part of the node ended by a fault of the program. Please report it.")
        run.exit_code = 1


def _set_up_log(run: Run) -> None:
    """Let the node's log, and no library's, onto stderr."""
    from sonolesion.node.naming import LOGGER, silence_libraries

    silence_libraries()
    if not LOGGER.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.ERROR if run.quiet else logging.INFO)
    LOGGER.propagate = False


def _report(run: Run, what: str, number: int) -> None:
    run.result({what: number})
    run.print(f"{what.replace('_', ' ')}: {number}")


def _print_status(run: Run, desk: Desk) -> None:
    from dataclasses import asdict

    from sonolesion.node.node import is_held
    from sonolesion.node.status import read_status
    from sonolesion.types import RESEARCH_USE_ONLY

    status, runs = read_status(desk), is_held(desk.folder)
    run.result(asdict(status) | {"running": runs, "research_use_only": RESEARCH_USE_ONLY})
    run.print(f"The node {'runs' if runs else 'does not run'} on {desk.folder}.")
    for title, counts in (("objects", status.objects), ("results", status.results)):
        run.print(f"{title}: " + ", ".join(f"{n} {word}" for word, n in counts.items()))
    for trouble in status.troubles:
        run.print(
            f"{trouble.at} {trouble.object} {trouble.what} {trouble.state}, {trouble.reason}: "
            f"{trouble.code} {trouble.message}"
        )
