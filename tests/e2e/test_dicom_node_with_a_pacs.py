"""The node as a program of its own, and a real PACS: Orthanc with DICOMweb, on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from dicom_source import STUDY, save_source
from node_peers import make_image, send, wait_for
from orthanc_server import AE_TITLE, Orthanc, plan_orthanc, run_orthanc, tag

pytestmark = pytest.mark.e2e

ARRIVAL_S = 180.0


@dataclass
class RunningNode:
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def port(self) -> int:
        found = re.findall(r"listening on 127\.0\.0\.1:(\d+)", self.log.read_text("utf-8"))
        return int(found[-1]) if found else 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass
class Site:
    """Folder, settings and PACS of a test."""

    folder: Path
    repository: Path
    bundle: Path
    orthanc: Orthanc

    def words(self, *more: str) -> list[str]:
        return [
            sys.executable, "-m", "sonolesion", "listen", "--data", str(self.folder / "data"),
            "--settings", str(self.folder / "node.toml"), *more,
        ]  # fmt: skip

    def write_settings(self, *lines: str) -> None:
        text = f"""
            [listen]
            port = 0
            callers = ["SCANNER", "{AE_TITLE}"]
            [read]
            bundle = {str(self.bundle)!r}
            threads = 1
            [pacs]
            host = "127.0.0.1"
            port = {self.orthanc.dicom_port}
            ae_title = "{AE_TITLE}"
            [web]
            url = "http://127.0.0.1:{self.orthanc.http_port}/dicom-web"
            [retry]
            first_s = 0.2
            cap_s = 1.0
            [keep]
            min_free_mb = 0
        """
        (self.folder / "node.toml").write_text(text + "\n".join(lines), "utf-8")

    def call(self, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.words(*more), env=self._environment(), capture_output=True, text=True, timeout=300
        )

    def status(self) -> dict[str, dict[str, int]]:
        done = self.call("--status", "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @contextlib.contextmanager
    def node(self, *more: str) -> Iterator[RunningNode]:
        """A node that ends in good order by SIGTERM, unless the test has killed it."""
        log = self.folder / f"node-{time.monotonic_ns()}.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                self.words(*more), env=self._environment(), stdout=stream, stderr=stream
            )
            node = RunningNode(process, log)
            try:
                wait_for(lambda: node.port > 0 or process.poll() is not None, seconds=ARRIVAL_S)
                assert process.poll() is None, log.read_text("utf-8")
                yield node
            finally:
                killed = process.poll() is not None
                process.send_signal(signal.SIGTERM)
                process.wait(ARRIVAL_S)
        said = log.read_text("utf-8", errors="replace")
        # name, number, birth date, accession number and UIDs of `make_source`
        assert not [f for f in ("ller^", "ID-77", "19610203", "ACC-1", "2.25.") if f in said]
        if not killed:
            assert process.returncode == 0, log.read_text("utf-8")
            assert "Traceback" not in log.read_text("utf-8")

    def _environment(self) -> dict[str, str]:
        return os.environ | {"PYTHONPATH": str(self.repository / "src")}


@pytest.fixture
def site(tmp_path: Path, repository: Path, tiny_bundle_folder: Path) -> Site:
    (tmp_path / "pacs").mkdir()
    found = Site(tmp_path, repository, tiny_bundle_folder, plan_orthanc())
    found.write_settings()
    return found


def modalities(orthanc: Orthanc) -> Counter[str]:
    found = orthanc.query(f"/studies/{STUDY}/instances?includefield=00080060&limit=500")
    return Counter(str(tag(one, "Modality")) for one in found)


def store_sources(site: Site, n: int) -> list:
    """Images in the PACS; the same ones are sent to the node."""
    images = [make_image(number, seed=number) for number in range(n)]
    paths = [save_source(one, site.folder / f"in{i}.dcm") for i, one in enumerate(images)]
    site.orthanc.store(*paths)
    return images


def wait_for_results(site: Site, n: int) -> None:
    expected = Counter({"US": n, "SEG": n, "SR": n, "OT": n})
    wait_for(lambda: modalities(site.orthanc) == expected, seconds=ARRIVAL_S)
    assert len(site.orthanc.query("/studies")) == 1
    assert site.orthanc.get("/patients").count(b'"') == 2


def check_validity(site: Site, study: str = STUDY) -> None:
    """Hold what came back against the standard with dciodvfy, where that is installed."""
    if shutil.which("dciodvfy") is None:
        return
    checked = 0
    for one in site.orthanc.query(f"/studies/{study}/instances?includefield=00080060"):
        if tag(one, "Modality") == "US":
            continue
        series, number = tag(one, "SeriesInstanceUID"), tag(one, "SOPInstanceUID")
        path = site.folder / "check.dcm"
        path.write_bytes(
            site.orthanc.retrieve(f"/studies/{study}/series/{series}/instances/{number}")
        )
        words = ["dciodvfy", "-new", str(path)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
        assert "Error" not in done.stdout + done.stderr
        checked += 1
    assert checked == 3


def test_an_image_comes_back_and_a_pacs_that_was_away_gets_all_of_it_once(site: Site) -> None:
    with run_orthanc(site.folder / "pacs", site.orthanc):
        images = store_sources(site, 3)
        with site.node() as node:
            assert send(node.port, images[0]) == [0]
            wait_for(
                lambda: modalities(site.orthanc) == Counter({"US": 3, "SEG": 1, "SR": 1, "OT": 1}),
                seconds=ARRIVAL_S,
            )
            check_validity(site)
    with site.node() as node:
        assert send(node.port, *images) == [0, 0, 0]
        wait_for(lambda: site.status()["objects"]["done"] == 3, seconds=ARRIVAL_S)
        assert site.status()["results"]["done"] == 3
        assert site.status()["running"]
        with run_orthanc(site.folder / "pacs", site.orthanc):
            wait_for_results(site, 3)
            assert send(node.port, *images) == [0, 0, 0]
            wait_for(lambda: site.status()["results"]["done"] == 9, seconds=ARRIVAL_S)
            wait_for_results(site, 3)
    status = site.status()
    assert (status["objects"]["done"], status["results"]["done"]) == (3, 9)
    assert not status["running"]
    assert not list((site.folder / "data" / "node").rglob("*.bin"))


def test_a_pacs_that_sends_whole_studies_gets_no_answer_to_an_answer(site: Site) -> None:
    with run_orthanc(site.folder / "pacs", site.orthanc):
        store_sources(site, 2)
        with site.node() as node:
            for _ in range(3):
                port = node.port
                assert site.orthanc.send_study(STUDY, title="SONOLESION", port=port) == 0
                wait_for_results(site, 2)
                wait_for(lambda: site.status()["results"]["done"] == 6, seconds=ARRIVAL_S)
            wait_for_results(site, 2)
        status = site.status()
        assert status["objects"]["done"] == 2
        assert sum(status["objects"].values()) == 2
        log = node.log.read_text("utf-8")
        assert "refused" not in log
        assert STUDY not in log


def test_killed_again_and_again_everything_arrives_once(site: Site) -> None:
    chance = random.Random(7)
    with run_orthanc(site.folder / "pacs", site.orthanc):
        images = store_sources(site, 4)
        for image in images:
            with site.node() as node:
                # the sender does what a scanner does: it sends again what was not acknowledged
                with contextlib.suppress(AssertionError, AttributeError, RuntimeError):
                    send(node.port, image)
                time.sleep(chance.uniform(0.0, 6.0))
                node.kill()
        with site.node() as node:
            assert send(node.port, *images) == [0, 0, 0, 0]
            wait_for_results(site, 4)
            wait_for(lambda: site.status()["results"]["done"] == 12, seconds=ARRIVAL_S)
        assert site.status()["objects"]["done"] == 4


def test_by_dicomweb_in_and_out(site: Site) -> None:
    site.write_settings("[send]", 'way = "stow"', "[poll]", "interval_s = 1.0", "days = 0")
    today = time.strftime("%Y%m%d")
    with run_orthanc(site.folder / "pacs", site.orthanc):
        old = make_image(1)  # of 2024: outside of the window
        new = make_image(2, seed=2, StudyInstanceUID="2.25.2002", StudyDate=today)
        paths = [save_source(one, site.folder / f"{i}.dcm") for i, one in enumerate((old, new))]
        site.orthanc.store(*paths)
        with site.node():
            expected = Counter({"US": 1, "SEG": 1, "SR": 1, "OT": 1})

            def arrived() -> bool:
                found = site.orthanc.query("/studies/2.25.2002/instances?includefield=00080060")
                return Counter(str(tag(one, "Modality")) for one in found) == expected

            wait_for(arrived, seconds=ARRIVAL_S)
            time.sleep(3.0)  # some more rounds of asking
            assert arrived()
        assert modalities(site.orthanc) == Counter({"US": 1})
        pulled = site.call("--pull-study", STUDY, "--json")
        assert pulled.returncode == 0, pulled.stderr
        assert json.loads(pulled.stdout) == {"fetched": 1}
        wait_for_results_of_one_pull(site)
        check_validity(site)
        again = site.call("--pull-study", STUDY, "--json")
        assert json.loads(again.stdout) == {"fetched": 0}
        for said in (pulled.stderr, again.stderr):
            assert STUDY not in said


def wait_for_results_of_one_pull(site: Site) -> None:
    expected = Counter({"US": 1, "SEG": 1, "SR": 1, "OT": 1})
    wait_for(lambda: modalities(site.orthanc) == expected, seconds=ARRIVAL_S)
