"""A disk that is full for a while costs time, and no answer."""

from __future__ import annotations

import time

import pytest
from desk_server import PNG, Desk, scan_png

from sonolesion.errors import OutputWriteError
from sonolesion.store.blobs import BlobFolder


def test_a_full_disk_is_waited_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real, failures = BlobFolder.put, []

    def put(folder: BlobFolder, data: bytes) -> str:
        if folder.folder.name == "masks" and not failures:
            failures.append(1)
            raise OutputWriteError("the disk is full")
        return real(folder, data)

    monkeypatch.setattr(BlobFolder, "put", put)
    added = desk.api("POST", "/cases", content=scan_png(900), headers=PNG).json()
    began = time.monotonic()
    desk.wait(added["id"])
    assert failures
    assert time.monotonic() - began < 30
    assert desk.api("GET", f"/cases/{added['id']}").json()["state"] == "read"
