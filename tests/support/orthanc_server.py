"""An Orthanc of its own for a test: loopback, free ports, its folder thrown away, always ended."""

from __future__ import annotations

import contextlib
import email.parser
import email.policy
import io
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest

AE_TITLE = "SONOTEST"
PLUGINS = (
    Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so"),
    Path("/usr/lib/orthanc/libOrthancDicomWeb.so"),
    Path("/usr/local/share/orthanc/plugins/libOrthancDicomWeb.so"),
)
START_S, ANSWER_S, STOP_S = 60, 30, 20
_HERE = "127.0.0.1"


@dataclass(frozen=True)
class Orthanc:
    """A running server."""

    http_port: int
    dicom_port: int

    def get(self, path: str, accept: str = "application/json") -> bytes:
        return self._open(path, accept)[0]

    def query(self, path: str) -> list[dict[str, dict[str, object]]]:
        """Search by QIDO-RS; one mapping of tags per match."""
        found = json.loads(self.get(f"/dicom-web{path}", "application/dicom+json") or b"[]")
        assert isinstance(found, list)
        return found

    def retrieve(self, path: str) -> bytes:
        """Fetch one object by WADO-RS, as the bytes of its file."""
        body, kind = self._open(f"/dicom-web{path}", 'multipart/related; type="application/dicom"')
        head = f"Content-Type: {kind}\r\n\r\n".encode()
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        (part,) = message.iter_parts()
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        return data

    def store(self, *paths: Path) -> None:
        """Send files by C-STORE with dcmtk's storescu; each must be accepted."""
        # without --required storescu 3.6.7 does not offer SEG
        words = [
            "storescu",
            "--required",
            "-aec",
            AE_TITLE,
            _HERE,
            str(self.dicom_port),
            *map(str, paths),
        ]
        done = subprocess.run(words, capture_output=True, text=True, timeout=ANSWER_S)
        assert done.returncode == 0, done.stderr

    def send_study(self, study_uid: str, *, title: str, port: int) -> int:
        """Let Orthanc send a whole study by C-STORE; return how many objects were not taken."""
        self._put(
            "/modalities/peer",
            {"AET": title, "Host": _HERE, "Port": port, "Timeout": ANSWER_S},
        )
        looked_up = json.loads(self._post("/tools/lookup", study_uid.encode()))
        (study,) = [one["ID"] for one in looked_up if one["Type"] == "Study"]
        order = {"Resources": [study], "Synchronous": True}
        done = json.loads(self._post("/modalities/peer/store", json.dumps(order).encode()))
        return int(done["FailedInstancesCount"])

    def instances(self) -> list[str]:
        found = json.loads(self.get("/instances"))
        assert isinstance(found, list)
        return found

    def _put(self, path: str, value: object) -> bytes:
        return self._call("PUT", path, json.dumps(value).encode())

    def _post(self, path: str, body: bytes) -> bytes:
        return self._call("POST", path, body)

    def _call(self, method: str, path: str, body: bytes) -> bytes:
        url = f"http://{_HERE}:{self.http_port}{path}"
        request = urllib.request.Request(url, data=body, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=2 * ANSWER_S) as answer:
            return bytes(answer.read())

    def _open(self, path: str, accept: str) -> tuple[bytes, str]:
        url = f"http://{_HERE}:{self.http_port}{path}"
        request = urllib.request.Request(url, headers={"Accept": accept})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=ANSWER_S) as answer:
            return answer.read(), answer.headers["Content-Type"]


def tag(match: dict[str, dict[str, object]], keyword: str) -> object:
    """First value of an element of a DICOM JSON object."""
    number = f"{pydicom.datadict.tag_for_keyword(keyword):08X}"
    values = match[number]["Value"]
    assert isinstance(values, list)
    return values[0]


def plan_orthanc() -> Orthanc:
    """Choose ports for a server that is started later, or more than once."""
    return Orthanc(_free_port(), _free_port())


@contextlib.contextmanager
def run_orthanc(folder: Path, server: Orthanc | None = None) -> Iterator[Orthanc]:
    """Start a server with the DICOMweb plugin, or skip where something is not installed.

    A folder that a server has worked in before keeps what that one had.
    """
    program, plugin = _find_parts()
    server = server or plan_orthanc()
    config = folder / "orthanc.json"
    settings = {
        "Name": "sonolesion test",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "Plugins": [str(plugin)],
        "HttpPort": server.http_port,
        "DicomPort": server.dicom_port,
        "DicomAet": AE_TITLE,
        "DicomCheckCalledAet": True,
        "DicomAlwaysAllowStore": True,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "OverwriteInstances": False,
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    config.write_text(json.dumps(settings), "utf-8")
    with (folder / "orthanc.log").open("ab") as log:
        process = subprocess.Popen(
            [program, str(config)], cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_until_it_answers(server, process, folder / "orthanc.log")
            yield server
        finally:
            _end(process)


def _find_parts() -> tuple[str, Path]:
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    program = shutil.which("Orthanc", path=places)
    plugin = next((p for p in PLUGINS if p.is_file()), None)
    if program is None or plugin is None:
        pytest.skip(
            "Orthanc with DICOMweb is not installed: apt-get install orthanc orthanc-dicomweb"
        )
    if shutil.which("storescu") is None:
        pytest.skip("storescu is not installed: apt-get install dcmtk")
    return program, plugin


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HERE, 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(server: Orthanc, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with contextlib.suppress(urllib.error.URLError, OSError):
            server.get("/system")
            return
        time.sleep(0.1)
    pytest.fail(f"Orthanc did not start: {log.read_text('utf-8', errors='replace')[-2000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_S)


def read_bytes(data: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(data))
