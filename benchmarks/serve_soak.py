"""Many requests by many clients: wrong answers, refusals, and what the server's memory does.

    python benchmarks/serve_soak.py --requests 10000 --json benchmarks/results/serve_soak.json

The model is the tests' hand-made one, which costs next to nothing, so that the server is what is
under load. Every answer is held against the offline one; a 503 is asked again, as it says.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "support")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()

    from desk_load import images_to_ask, load_desk
    from desk_server import run_desk
    from tiny_bundle import make_bundle

    with tempfile.TemporaryDirectory() as folder:
        bundle = make_bundle(Path(folder) / "tiny").folder
        with run_desk(Path(folder) / "desk", bundle) as desk:
            found = load_desk(
                desk, images_to_ask(bundle), requests=chosen.requests, clients=chosen.clients
            )
            ended = desk.stop()
    figures = {
        "bundle": "tiny (tests)",
        "image": "PNG 160x128, every ninth upload is no image",
        "requests": chosen.requests,
        "clients": chosen.clients,
        "statuses": {str(status): n for status, n in sorted(found.statuses.items())},
        "other_than_offline": len(found.faults),
        "memory_growth_mb": round(found.growth_mb, 1),
        "exit_code_of_sigterm": ended,
    }
    text = json.dumps(figures, indent=2)
    print(text, f"{found.seconds:.0f} s", *found.faults[:5], sep="\n")
    if chosen.json:
        chosen.json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
