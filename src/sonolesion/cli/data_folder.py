"""Where the reading desk and the node keep what is theirs, unless they are told otherwise."""

from __future__ import annotations

import os
import sys
from pathlib import Path

NAME = "sonolesion"


def default_data_folder() -> Path:
    """Return the user's own folder for data of this program; it need not be there.

    Source: XDG Base Directory Specification; Known Folders of Windows; macOS Library directory.
    """
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / NAME
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / NAME
    named = os.environ.get("XDG_DATA_HOME", "")
    base = Path(named) if named.startswith("/") else Path.home() / ".local" / "share"
    return base / NAME
