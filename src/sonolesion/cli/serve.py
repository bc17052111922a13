"""`sonolesion serve`: the reading desk, a page and an HTTP interface on this computer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonolesion.cli.run_record import Run, running

if TYPE_CHECKING:
    from sonolesion.server.settings import ServerSettings

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

      sonolesion serve --data desk --verify-log
    """
    arguments = {"data": data, "host": host, "port": port}
    with running("serve", arguments=arguments, json_output=json_output, quiet=quiet) as run:
        from sonolesion.server.extra import require_serve_extra

        require_serve_extra()
        folder = data or default_folder()
        settings = _settings(
            folder, host=host, port=port, token=_read_token(token_file), names=names or [],
            bundle=bundle, workers=workers, inbox=inbox, own_read_first=own_read_first,
        )  # fmt: skip
        _serve(run, settings, open_page=open_page)


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


def _serve(run: Run, settings: ServerSettings, *, open_page: bool) -> None:
    import logging
    import webbrowser

    from sonolesion.errors import StoreError
    from sonolesion.server.app import create_app
    from sonolesion.server.serving import serve
    from sonolesion.types import RESEARCH_USE_ONLY

    logging.basicConfig(
        level=logging.ERROR if run.quiet else logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    app = create_app(settings)

    def started(port: int) -> None:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        address = f"http://{host}:{port}/"
        run.result({"address": address, "data": settings.data})
        run.print(f"Reading desk: {address}", f"Folder: {settings.data}", RESEARCH_USE_ONLY)
        if open_page:
            webbrowser.open(address)

    if not serve(app, settings, on_started=started):
        raise StoreError("the server did not start; the lines above say why.")
