"""The DICOM node killed at random moments while images come in, and then let run to its end.

    python benchmarks/node_kills.py [--kills 40] [--seed 3] [--json FILE]

The node is a program of its own (`sonolesion listen`, the tests' tiny bundle); scanner and PACS are
in this process, on loopback. Each life of the node is given an image that it may know and six new
ones, and ends by SIGKILL 0 to 5 s after it listens. What must hold: every image that was
acknowledged is answered with SEG, SR and SC, and the PACS has each result once by its UID. How many
results came a second time (the kill fell between the PACS' storing and the node's note of it) is
counted, and so are files that belong to no entry; they go when they are an hour old. Needs the
extra [node].
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULT = Path(__file__).parent / "results" / "node_kills.json"
PER_LIFE, LONGEST_S = 6, 5.0

sys.path.insert(0, str(ROOT / "tests" / "support"))


class Program:
    """The node as a program on one folder."""

    def __init__(self, folder: Path, pacs_port: int) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._words = [
            sys.executable, "-m", "sonolesion", "listen", "--data", str(self.data),
            *(word for setting in (
                "listen.port=0", "pacs.host=127.0.0.1", f"pacs.port={pacs_port}",
                f"read.bundle={folder / 'tiny'}", "retry.first_s=0.2", "retry.cap_s=1.0",
            ) for word in ("--set", setting)),
        ]  # fmt: skip

    def start(self) -> tuple[subprocess.Popen[bytes], int]:
        """Start it and return its port when it listens."""
        log = self.folder / f"{time.monotonic_ns()}.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(self._words, stderr=stream, env=self._environment())
        while True:
            found = re.findall(r"listening on \S+:(\d+)", log.read_text("utf-8"))
            if found:
                return process, int(found[-1])
            if process.poll() is not None:
                raise SystemExit(log.read_text("utf-8"))
            time.sleep(0.02)

    def status(self) -> dict[str, Any]:
        """What `--status` says."""
        words = [*self._words[:6], "--status", "--json"]
        done = subprocess.run(words, capture_output=True, check=True, env=self._environment())
        return dict(json.loads(done.stdout))

    def wait_until_done(self) -> dict[str, Any]:
        """Wait until nothing is to be read or sent."""
        while True:
            status = self.status()
            counts = [status[kind][state] for kind in ("objects", "results")
                      for state in ("waiting", "in work")]  # fmt: skip
            if not any(counts):
                return status
            time.sleep(1.0)

    def _environment(self) -> dict[str, str]:
        return os.environ | {"PYTHONPATH": str(ROOT / "src")}


def send_until_killed(port: int, images: list[Any]) -> set[str]:
    """Send images as a scanner does; return the UIDs of those that were acknowledged."""
    from node_peers import associate

    acknowledged = set()
    for image in images:
        association: Any = associate(port, image)
        if not association.is_established:
            break
        try:
            answer = association.send_c_store(image)
        except RuntimeError:
            break
        if "Status" in answer and answer.Status == 0:
            acknowledged.add(str(image.SOPInstanceUID))
        association.release()
    return acknowledged


def run(kills: int, seed: int) -> dict[str, Any]:
    """Kill and count."""
    from node_peers import make_image, run_pacs
    from tiny_bundle import make_bundle

    chance = random.Random(seed)
    images = [make_image(number, seed=number % 7) for number in range(kills * PER_LIFE)]
    acknowledged: set[str] = set()
    with tempfile.TemporaryDirectory() as name, run_pacs() as pacs:
        make_bundle(Path(name) / "tiny")
        program = Program(Path(name), pacs.port)
        at_kills = []
        for life in range(kills):
            new = images[life * PER_LIFE : (life + 1) * PER_LIFE]
            known = chance.choice(images[: life * PER_LIFE + 1])
            process, port = program.start()
            timer = threading.Timer(chance.uniform(0.0, LONGEST_S), process.kill)
            timer.start()
            acknowledged |= send_until_killed(port, [known, *new])
            process.wait()
            at_kills.append(len(set(pacs.uids())))
        process, _ = program.start()
        status = program.wait_until_done()
        process.terminate()
        arrived = pacs.uids()
        return {
            "kills": kills,
            "seed": seed,
            "exit_code_of_the_last": process.wait(),
            "images_acknowledged": len(acknowledged),
            "images_answered": status["objects"]["done"],
            "results_expected": 3 * status["objects"]["done"],
            "results_at_the_pacs": len(set(arrived)),
            "results_sent_twice": len(arrived) - len(set(arrived)),
            "results_there_after_each_kill": at_kills,
            "files_without_an_entry": sum(p.is_file() for p in (program.data / "node").rglob("*")),
        }


def main() -> None:
    """Run, print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--json", type=Path, default=RESULT)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found = run(options.kills, options.seed)
    found |= {"python": platform.python_version(), "machine": platform.machine()}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
