"""The field "decision" of bundle.json: what is written is read back, and nothing else passes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from tiny_bundle import make_info
from tiny_decision import make_decision

from sonolesion.bundle.decision import Decision
from sonolesion.bundle.schema import bundle_info_to_json, parse_bundle_info
from sonolesion.errors import BundleError


def values() -> dict[str, Any]:
    info = make_info(onnx_sha256="0" * 64, decision=make_decision())
    return json.loads(json.dumps(bundle_info_to_json(info)))


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Paths of all numbers."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path


LEAVES = list(leaves(values()["decision"]))


def change(path: tuple[str | int, ...], new: object) -> dict[str, Any]:
    changed = copy.deepcopy(values())
    at = changed["decision"]
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = new
    return changed


def test_round_trip() -> None:
    read = parse_bundle_info(values(), file="b").decision
    assert isinstance(read, Decision)
    assert read == make_decision()


def test_null_is_no_decision() -> None:
    assert parse_bundle_info(values() | {"decision": None}, file="b").decision is None


def test_there_are_all_numbers() -> None:
    assert len(LEAVES) == 6 + 5 + 7 + 4 + 2 * 3


@pytest.mark.parametrize("path", LEAVES, ids=lambda p: ".".join(map(str, p)))
@pytest.mark.parametrize("new", [None, "0.5", True, float("nan"), -(10**7), 10**10])
def test_each_number_is_checked_and_named(path: tuple[str | int, ...], new: object) -> None:
    name = ".".join(["decision", *map(str, path)])
    with pytest.raises(BundleError, match=rf"field '{name}': expected .*, got "):
        parse_bundle_info(change(path, new), file="b")


@pytest.mark.parametrize(
    ("path", "new"),
    [
        (("presence", "class_weight"), -0.1),
        (("presence", "peak_weight"), -0.1),
        (("presence", "threshold"), 0.0),
        (("sets", "coverage"), 1.0),
        (("sets", "min_prob"), [0.1, 0.2]),
        (("sets", "n"), [1, 2, 3.0]),
        (("unsure", "min_confidence"), 0.4),
        (("unsure", "curve"), []),
    ],
)
def test_what_no_fit_gives_is_refused(path: tuple[str, ...], new: object) -> None:
    with pytest.raises(BundleError, match=rf"decision\.{path[0]}\.{path[1]}"):
        parse_bundle_info(change(path, new), file="b")


@pytest.mark.parametrize("part", ["presence", "malignant", "sets", "unsure"])
def test_parts_are_required_and_closed(part: str) -> None:
    cut, more = values(), values()
    del cut["decision"][part]
    more["decision"][part]["extra"] = 1
    with pytest.raises(BundleError, match=rf"missing field 'decision\.{part}'"):
        parse_bundle_info(cut, file="b")
    with pytest.raises(BundleError, match=rf"unknown field 'decision\.{part}\.extra'"):
        parse_bundle_info(more, file="b")
