"""The examples that people copy, run as they stand: each curl line of the pages, all of /docs."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from desk_server import mask_png, run_desk, scan_png

from sonolesion.server.client import DeskClient

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
]
ROOT = Path(__file__).resolve().parents[3]
WRITTEN_FOR = "http://127.0.0.1:8765"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
STARTS = {b"%PDF": ".pdf", b"\x89PNG": ".png", b"PK": ".zip"}
OF_DICOM = ("seg.dcm", "sr.dcm", "sc.dcm")
BODIES = {
    "PATCH /api/v1/cases/{case_id}": {"label": "left"},
    "POST /api/v1/cases/{case_id}/reads": {"reader": "eve", "event": "opened"},
    "PUT /api/v1/settings": {"own_read_first": False},
    "POST /api/v1/session": {"token": "none"},
}
"""What stands in body.json; jobs and studies have ids in theirs, see `body_of`."""


@dataclass(frozen=True)
class Place:
    """A desk without own read first, a folder with the files that examples name, ids for them."""

    address: str
    folder: Path
    ids: dict[str, str]


@pytest.fixture
def place(tmp_path: Path, tiny_bundle_folder: Path) -> Iterator[Place]:
    folder, inbox = tmp_path / "work", tmp_path / "scans"
    folder.mkdir()
    inbox.mkdir()
    (inbox / "one.png").write_bytes(scan_png(7))
    (folder / "scan.png").write_bytes(scan_png())
    (folder / "mask.png").write_bytes(mask_png(20, 30, 40))
    options = ("--no-own-read-first", "--inbox", str(inbox))
    with (
        run_desk(tmp_path / "desk", tiny_bundle_folder, *options) as desk,
        DeskClient(desk.address, reader="eve") as client,
    ):
        first, second = (client.add_case(scan_png(n))["id"] for n in (1, 2))
        for case in (first, second):
            client.wait_for_case(case)
        body = {"name": "x", "cases": [first], "readers": ["eve"]}
        study = client.post("/studies", body)["id"]
        job = client.post("/jobs", {"cases": [second]})["id"]
        httpx.patch(f"{desk.address}api/v1/cases/{first}", json={"earlier": second})
        ids = {"CASE": first, "STUDY": study, "JOB": job, "READER": "eve"}
        yield Place(desk.address.rstrip("/"), folder, ids)


def run(command: str, place: Place) -> subprocess.CompletedProcess[bytes]:
    """Run a line in a shell, as a reader would; only the port is another one."""
    line = command.replace(WRITTEN_FOR, place.address)
    # the status is wanted beside the answer
    line = line.replace("curl ", "curl --silent --show-error --write-out '\\n%{http_code}' ", 1)
    return subprocess.run(
        ["bash", "-c", line], cwd=place.folder, env={"PATH": "/usr/bin:/bin"} | place.ids,
        capture_output=True, timeout=120,
    )  # fmt: skip


def answer_of(done: subprocess.CompletedProcess[bytes]) -> tuple[int, bytes]:
    assert done.returncode == 0, done.stderr
    body, _, status = done.stdout.rpartition(b"\n")
    return int(status), body


def lines_of_pages() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for block in re.findall(r"```\w*\n(.*?)```", page.read_text("utf-8"), re.S):
            found += [
                (page.relative_to(ROOT).as_posix(), line)
                for line in block.splitlines()
                if line.startswith("curl ")
            ]
    return found


def test_the_pages_have_examples() -> None:
    assert len(lines_of_pages()) >= 4


def test_every_curl_line_of_the_pages_runs(place: Place) -> None:
    for page, line in lines_of_pages():
        status, body = answer_of(run(line, place))
        assert 200 <= status < 300, (page, line, body)
        into = re.search(r"-o (\S+)", line)
        if into is None:
            assert json.loads(body), (page, line)
        else:
            check_file(place.folder / into[1])


def check_file(path: Path) -> None:
    data = path.read_bytes()
    ends = [end for start, end in STARTS.items() if data.startswith(start)]
    assert ends == [path.suffix] or (path.name == "outline" and ends == [".png"]), path


def examples_of_docs(address: str) -> list[tuple[str, str, str]]:
    """Method, path and example of each route on /docs."""
    page = httpx.get(f"{address}/docs", trust_env=False).text
    found = re.findall(
        r'<code class="method">(\w+)</code> <code>([^<]+)</code>.*?<pre tabindex="0">(.*?)</pre>',
        page,
        re.S,
    )
    return [(method, path, html.unescape(example)) for method, path, example in found]


def body_of(method: str, path: str, place: Place) -> dict[str, object]:
    if path == "/api/v1/jobs":
        return {"cases": [place.ids["CASE"]]}
    if path == "/api/v1/studies":
        return {"name": "y", "cases": [place.ids["CASE"]], "readers": ["eve"], "arms": ["with"]}
    if path.endswith("/answers"):
        asked = httpx.get(
            f"{place.address}/api/v1/studies/{place.ids['STUDY']}/next",
            params={"reader": "eve"}, trust_env=False,
        ).json()  # fmt: skip
        return {
            "reader": "eve", "case": place.ids["CASE"], "arm": asked["arm"], "birads": "3",
            "probability": 10, "seconds": 1.5,
        }  # fmt: skip
    return dict(BODIES[f"{method} {path}"])


ORDER = ("PUT", "GET", "POST", "PATCH", "DELETE")
"""An outline is drawn before it is asked for, and what takes away comes last."""
EXPECTED = {
    # a PNG has no DICOM results, a job that is done cannot be stopped or go on
    **{f"GET /api/v1/cases/{{case_id}}/{name}": 409 for name in OF_DICOM},
    "POST /api/v1/jobs/{job_id}/cancel": 409,
    "POST /api/v1/jobs/{job_id}/resume": 409,
}


def test_every_example_of_the_docs_page_runs(place: Place) -> None:
    with httpx.Client(base_url=place.address, trust_env=False) as client:
        end = time.monotonic() + 60
        while client.get(f"/api/v1/jobs/{place.ids['JOB']}").json()["state"] == "running":
            assert time.monotonic() < end
            time.sleep(0.05)
    examples = examples_of_docs(place.address)
    assert len(examples) > 50
    for method, path, example in sorted(
        examples, key=lambda one: (ORDER.index(one[0]), -one[1].count("/"))
    ):
        if path == "/api/v1/events":
            continue  # never ends
        name = f"{method} {path}"
        if "@body.json" in example:
            body = json.dumps(body_of(method, path, place))
            (place.folder / "body.json").write_text(body, "utf-8")
        status, body = answer_of(run(example, place))
        assert status < 300 or status == EXPECTED.get(name), (name, example, status, body[:300])
        into = re.search(r" -o (\S+)", example)
        if into is not None and status < 300:
            check_file(place.folder / into[1])
