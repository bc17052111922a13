"""The short way must understand the words as typer does, or leave them to typer."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from sonolesion.cli import predict
from sonolesion.cli.plain_words import FLAGS, VALUES, read_plain_words
from sonolesion.cli.predict_run import PredictRequest


def by_typer(words: list[str], monkeypatch: pytest.MonkeyPatch) -> PredictRequest:
    """What the command makes of the words."""
    made: list[PredictRequest] = []
    monkeypatch.setattr(predict, "run_predict", made.append)
    app = typer.Typer()
    app.command()(predict.predict_command)
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return made[0]


VALUES_GIVEN = {str: "3/16", Path: "some folder/x", int: "3"}


@pytest.mark.parametrize("option", FLAGS)
def test_a_flag_means_the_same(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["a.png", option]
    assert read_plain_words(words) == by_typer(words, monkeypatch)


@pytest.mark.parametrize("option", VALUES)
def test_a_value_means_the_same(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = [option, VALUES_GIVEN[VALUES[option][1]], "a.png"]
    assert read_plain_words(words) == by_typer(words, monkeypatch)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["a.png", "b c.png", "scans/*.png"],
        ["--report", "html", "a.png", "--report", "pdf"],
        ["a.png", "-q", "--quiet"],
        ["a.png", "--workers", "007", "--threads", "0"],
        ["größe.png", "-o", "out"],
    ],
)
def test_words_mean_the_same(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_plain_words(words) == by_typer(words, monkeypatch)


def test_every_option_is_known() -> None:
    known = {"inputs", "report"} | {n for n, _ in FLAGS.values()} | {n for n, _ in VALUES.values()}
    left_to_typer = {"precision"}  # which knows its three values
    assert known | left_to_typer == {field.name for field in dataclasses.fields(PredictRequest)}


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["-h"],
        ["a.png", "--out"],  # nothing follows
        ["a.png", "--out", "--json"],
        ["a.png", "--out=x"],
        ["a.png", "-ox"],
        ["a.png", "--workers", "-1"],
        ["a.png", "--workers", "two"],
        ["a.png", "--workers", "²"],
        ["a.png", "--workers", "٣"],
        ["a.png", "-o", "x", "-o", "y"],
        ["a.png", "--pictures", "--no-pictures"],
        ["a.png", "--frobnicate"],
        ["a.png", "--list", "-"],
        ["a.png", "--precision", "int8"],
        ["--", "a.png"],
        ["-"],
        [""],
        ["a.png", "-o", ""],
        ["a\udcff.png"],
        ["a\n.png"],
    ],
)
def test_what_is_not_plain_is_left_to_typer(words: list[str]) -> None:
    assert read_plain_words(words) is None
