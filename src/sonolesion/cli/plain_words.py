"""The plain words of `sonolesion predict`, understood without typer.

typer and what it brings (pydantic among it) take as long as half a prediction. What is plain needs
nothing of it: options by their full names, each value a word of its own. Everything else, above
all what is wrong or asks for help, is left to typer, which alone knows what to say to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sonolesion.cli.predict_run import PredictRequest

FLAGS: dict[str, tuple[str, bool]] = {
    "--pictures": ("pictures", True),
    "--no-pictures": ("pictures", False),
    "--parquet": ("parquet", True),
    "--dicom": ("dicom", True),
    "--no-dicom": ("dicom", False),
    "--explain": ("explain", True),
    "--overwrite": ("overwrite", True),
    "--json": ("json_output", True),
    "--quiet": ("quiet", True),
    "-q": ("quiet", True),
}
"""Option -> field of `PredictRequest` and its value."""

VALUES: dict[str, tuple[str, type[str] | type[Path] | type[int]]] = {
    "--out": ("out", Path),
    "-o": ("out", Path),
    "--bundle": ("bundle", str),
    "-b": ("bundle", str),
    "--list": ("path_list", str),
    "--table": ("table", Path),
    "--column": ("column", str),
    "--shard": ("shard", str),
    "--workers": ("workers", int),
    "--threads": ("threads", int),
    "--frame": ("frame", str),
    "--mm-per-px": ("mm_per_px", str),
    "--cluster": ("cluster", str),
}
"""Option that takes a word -> field of `PredictRequest` and type."""

_REPORT = "--report"
_MOST_DIGITS = 9


def read_plain_words(words: Sequence[str]) -> PredictRequest | None:
    """Understand what stands after `sonolesion predict`; None for what is not plain.

    Args:
        words: the words of the command line.

    >>> read_plain_words(["scan.png", "-o", "results"]).inputs
    ('scan.png',)
    >>> read_plain_words(["scan.png", "--help"]) is None
    True
    """
    fields: dict[str, object] = {}
    inputs: list[str] = []
    reports: list[str] = []
    rest = iter(words)
    for word in rest:
        if not _is_plain(word):
            return None
        if not word.startswith("-"):
            inputs.append(word)
            continue
        if word in FLAGS:
            name, value = FLAGS[word]
        else:
            text = next(rest, "")
            if not _is_plain(text) or text.startswith("-"):
                return None
            if word == _REPORT:
                reports.append(text)
                continue
            if word not in VALUES:
                return None
            name, kind = VALUES[word]
            if kind is int and not (
                text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
            ):
                return None
            value = kind(text)  # type: ignore[assignment]
        if fields.setdefault(name, value) != value:
            return None  # given twice
    return PredictRequest(inputs=tuple(inputs), report=tuple(reports), **fields)  # type: ignore[arg-type]


def _is_plain(word: str) -> bool:
    """Whether the word is not empty and made of signs that every encoding of typer's keeps."""
    return word.isprintable() and bool(word)
