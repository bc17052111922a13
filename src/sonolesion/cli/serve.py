"""`sonolesion serve`: the reading desk, a page and an HTTP interface on this computer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonolesion.cli.precision_option import PrecisionOption
from sonolesion.cli.run_record import Run, running

if TYPE_CHECKING:
    from sonolesion.server.settings import ServerSettings
    from sonolesion.store.database import Desk

_TOKEN_VARIABLE = "SONOLESION_TOKEN"  # noqa: S105  the name of a variable


def serve_command(
    data: Annotated[
        Path | None,
        typer.Option("--data", help="The desk's folder; by default in the user's data folder."),
    ] = None,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; any but loopback needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = 8765,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", help="File with the token; or set SONOLESION_TOKEN."),
    ] = None,
    names: Annotated[
        list[str] | None,
        typer.Option("--name", help="Host name that the server may be called by; repeatable."),
    ] = None,
    bundle: Annotated[
        str | None,
        typer.Option(
            "--bundle", "-b", help="Folder or name of a bundle; the shipped one if not given."
        ),
    ] = None,
    precision: PrecisionOption = None,
    workers: Annotated[
        int, typer.Option("--workers", min=0, help="Images read at the same time; 0: one a core.")
    ] = 0,
    inbox: Annotated[
        Path | None,
        typer.Option(
            "--inbox", help="Folder whose images a job may read.", exists=True, file_okay=False
        ),
    ] = None,
    own_read_first: Annotated[
        bool | None,
        typer.Option(
            "--own-read-first/--no-own-read-first",
            help="Give the model's answer after the reader's own read only; kept from run to run.",
        ),
    ] = None,
    tour: Annotated[
        bool,
        typer.Option("--tour/--no-tour", help="Put phantoms into an empty desk, as a first tour."),
    ] = True,
    verify_log: Annotated[
        bool, typer.Option("--verify-log", help="Check the audit log against its hashes, and end.")
    ] = False,
    backup: Annotated[
        Path | None,
        typer.Option("--backup", help="Write a backup of all, also while it runs, and end."),
    ] = None,
    restore: Annotated[
        Path | None, typer.Option("--restore", help="Restore a backup into --data, and end.")
    ] = None,
    against: Annotated[
        list[Path] | None,
        typer.Option("--against", help="Backup to check the log against; repeatable."),
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Log errors only.")] = False,
) -> None:
    """Serve the reading desk: a page for readers, an HTTP interface for programs.

    Research use only. Listens on this computer alone; everything stays in one folder and nothing
    is sent anywhere. Ends at Ctrl-C or SIGTERM, after what was begun is done.

    Examples:
      sonolesion serve --open

      sonolesion serve --data desk --port 9000 --inbox scans

      sonolesion serve --host 0.0.0.0 --token-file token.txt --name desk.example.org

      sonolesion serve --data desk --backup desk-backup.zip

      sonolesion serve --data desk --verify-log --against desk-backup.zip
    """
    arguments = {"data": data, "host": host, "port": port}
    with running("serve", arguments=arguments, json_output=json_output, quiet=quiet) as run:
        from sonolesion.server.extra import require_serve_extra

        require_serve_extra()
        folder = data or default_folder()
        if restore is not None:
            _restore(run, restore, folder)
            return
        if backup is not None:
            _back_up(run, folder, backup)
            return
        if verify_log or against:
            _verify(run, folder, against or [])
            return
        settings = _settings(
            folder, host=host, port=port, token=_read_token(token_file), names=names or [],
            bundle=bundle, precision=precision, workers=workers, inbox=inbox,
            own_read_first=own_read_first,
        )  # fmt: skip
        _serve(run, settings, open_page=open_page, tour=tour)


def default_folder() -> Path:
    """Return where the desk lies if nobody says: the user's data folder of this system."""
    import os
    import sys

    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "sonolesion" / "desk"


def _settings(
    folder: Path,
    *,
    host: str,
    port: int,
    token: str | None,
    names: list[str],
    bundle: str | None,
    precision: str | None,
    workers: int,
    inbox: Path | None,
    own_read_first: bool | None,
) -> ServerSettings:
    from sonolesion.bundle import DEFAULT_BUNDLE
    from sonolesion.inference.concurrency import count_cores
    from sonolesion.server.settings import ServerSettings

    cores = count_cores()
    workers = workers or cores
    return ServerSettings(
        data=folder,
        host=host,
        port=port,
        token=token,
        names=tuple(names),
        bundle=bundle or DEFAULT_BUNDLE,
        precision=precision,
        workers=workers,
        threads=max(1, cores // workers),
        inbox=inbox,
        own_read_first=own_read_first,
    )


def _read_token(token_file: Path | None) -> str | None:
    """Read the token from its file or from the environment; never from the command line."""
    import os

    from sonolesion.errors import InvalidInputError

    if token_file is None:
        return os.environ.get(_TOKEN_VARIABLE) or None
    try:
        return token_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(
            f"--token-file: cannot be read ({type(error).__name__}). Give a text file with the "
            "token alone."
        ) from error


def _restore(run: Run, backup: Path, folder: Path) -> None:
    from sonolesion.store.backup import restore_backup

    made = restore_backup(backup, folder)
    run.result({"data": folder, "files": made.files, "audit_rows": made.head.seq})
    run.print(f"Restored {made.files} files and {made.head.seq} rows of the log into {folder}.")


def _back_up(run: Run, folder: Path, out: Path) -> None:
    from sonolesion.store.backup import write_backup

    desk = _open_existing(folder)
    try:
        made = write_backup(desk, out)
    finally:
        desk.close()
    run.result({"backup": out, "files": made.files, "audit_head": made.head.hash})
    run.print(f"Backup: {out} ({made.files} files)", f"Head of the log: {made.head.hash}")


def _verify(run: Run, folder: Path, against: list[Path]) -> None:
    from sonolesion.store.backup import verify_desk

    desk = _open_existing(folder)
    try:
        head = verify_desk(desk, against)
    finally:
        desk.close()
    run.result({"data": folder, "audit_rows": head.seq, "audit_head": head.hash})
    run.print(f"The log is whole: {head.seq} rows.", f"Head of the log: {head.hash}")


def _open_existing(folder: Path) -> Desk:
    from sonolesion.errors import StoreError
    from sonolesion.store.database import DATABASE_NAME, open_desk

    if not (folder / DATABASE_NAME).is_file():
        raise StoreError(f"{folder}: holds no {DATABASE_NAME}. Name the desk's folder by --data.")
    return open_desk(folder)


def _serve(run: Run, settings: ServerSettings, *, open_page: bool, tour: bool) -> None:
    import logging
    import os
    import webbrowser

    from sonolesion.errors import StoreError
    from sonolesion.server.app import create_app, start_services, stop_services
    from sonolesion.server.serving import serve
    from sonolesion.server.tour import start_tour
    from sonolesion.types import RESEARCH_USE_ONLY

    os.umask(0o077)  # images and reads are nobody else's
    logging.basicConfig(
        level=logging.ERROR if run.quiet else logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    services = start_services(settings)
    app = create_app(settings, services)

    def started(port: int) -> None:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        address = f"http://{host}:{port}/"
        model = services.catalogue.get(None).info.label
        run.result({"address": address, "data": settings.data, "bundle": model})
        run.print(
            f"Reading desk: {address}", f"Folder: {settings.data}", f"Model: {model}",
            RESEARCH_USE_ONLY,
        )  # fmt: skip
        if tour:
            start_tour(services)
        if open_page:
            webbrowser.open(address)

    try:
        is_started = serve(app, settings, on_started=started)
    finally:
        stop_services(services)
    if not is_started:
        raise StoreError("the server did not start; the lines above say why.")
