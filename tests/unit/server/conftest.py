"""One server in process for a module, on the hand-made model; each test uses its own cases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra [serve]")

from desk_server import Desk, make_desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, tiny_bundle_folder: Path) -> Iterator[Desk]:
    inbox = tmp_path_factory.mktemp("inbox")
    with make_desk(
        tmp_path_factory.mktemp("desk"), tiny_bundle_folder, inbox=inbox, max_body_bytes=10**6
    ) as found:
        yield found
