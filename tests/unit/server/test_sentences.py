"""The server's own sentences in the page's second language: none that a reader can meet is missing.

Sentences are taken from the source, where they are raised or noted, with every expression in braces
replaced by a sample. `sentences.js` looks up in the same way (`tests/e2e/page/test_modules.py`).
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from sonolesion import errors
from sonolesion.errors import SonolesionError

SOURCE = Path(str(files("sonolesion")))
TEXTS = SOURCE / "server" / "static" / "texts"
SAMPLE = "7"
MODULES = sorted(
    [
        *SOURCE.glob("server/**/*.py"),
        *SOURCE.glob("store/*.py"),
        *SOURCE.glob("imaging/dicom/*.py"),
        SOURCE / "imaging" / "read.py",
        SOURCE / "imaging" / "size.py",
        SOURCE / "imaging" / "quality.py",
        SOURCE / "writers" / "dicom" / "source.py",
    ]
)
NOT_FOR_READERS = {
    "backup.py", "audit.py", "migrate.py", "database.py", "folder_lock.py", "extra.py",
    "settings.py", "serving.py", "client.py", "frames.py", "removal.py", "blobs.py",
}  # fmt: skip
"""The command line's and the log's: the interface hides what the store says."""
FOR_CALLERS = (
    "expected an array", "expected uint8", "spacing: expected two numbers", "frame: expected",
    "Check the path and its permissions", "7.",
)  # fmt: skip
"""Raised for callers in Python; and HTTP's own phrases, which are told by their id."""
WORKED_OUT = {
    "7: 7. Export the frames that you want uncompressed, or as PNG.": "MPEG or HEVC video. Export "
    "the frames that you want uncompressed, or as PNG.",
    "mm_per_px: 7": "mm_per_px: mm per pixel: expected two numbers (row, col) above 0 and at most "
    "10 mm, got (0, 0).",
}
"""Sentences of which only a part stands where they are raised, as they come out."""


def read_sentences() -> dict[str, str]:
    found: dict[str, str] = json.loads((TEXTS / "sentences.de.json").read_text("utf-8"))
    return found


def shape(template: str) -> str:
    parts = re.split(r"\{(\w+)\}", template)
    return "".join(
        f"(?P<{part}>.+?)" if at % 2 else re.escape(part) for at, part in enumerate(parts)
    )


def is_known(text: str, sentences: dict[str, str]) -> bool:
    bare = re.sub(r"^(?:case [0-9a-f]{16}|upload|image|outline|mm_per_px|7): ", "", text)
    return any(re.fullmatch(shape(template), one) for template in sentences for one in (bare, text))


def texts_of(node: ast.AST) -> Iterator[str]:
    """The text of an expression, every part that is worked out as a sample."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else SAMPLE for part in node.values
        )


def raised() -> Iterator[tuple[str, str]]:
    for path in MODULES:
        if path.name in NOT_FOR_READERS:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            kind = getattr(errors, node.func.id, None)
            if isinstance(kind, type) and issubclass(kind, SonolesionError):
                for text in node.args and texts_of(node.args[0]):
                    yield path.name, text


@pytest.mark.parametrize(("place", "text"), sorted(set(raised())))
def test_every_error_that_a_reader_can_meet_is_there(place: str, text: str) -> None:
    if any(text == part if part == "7." else part in text for part in FOR_CALLERS):
        return
    text = WORKED_OUT.get(text, text)
    assert is_known(text, read_sentences()), f"{place}: {text}"


def test_the_source_was_found() -> None:
    assert len(set(raised())) > 80


def noted() -> Iterator[str]:
    from sonolesion.imaging import quality
    from sonolesion.inference.measure import change
    from sonolesion.types.explanation import EXPLANATION_NOTICE
    from sonolesion.types.notice import OUTLINE_EDITED

    yield from (EXPLANATION_NOTICE, OUTLINE_EDITED, change.PX_WARNING)
    for name in ("GRAIN", "STRIPES", "EVENNESS", "LINK", "FLATNESS", "PAPER", "BACKGROUND"):
        yield f"{getattr(quality, name).text} (0.50)"
    for module in ("imaging/read.py", "imaging/dicom/levels.py", "imaging/dicom/read.py"):
        for node in ast.walk(ast.parse((SOURCE / module).read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and (node.func.attr == "append" and ast.unparse(node.func.value) == "notes")
            ):
                yield from texts_of(node.args[0])
    for module, names in (
        ("imaging/quality.py", ("reason",)),
        ("imaging/spacing.py", ("note",)),
        ("imaging/dicom/regions.py", ("note",)),
        ("bundle/gate.py", ("reason",)),
    ):
        for node in ast.walk(ast.parse((SOURCE / module).read_text("utf-8"))):
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in names:
                yield from texts_of(node.value)
    for node in ast.walk(ast.parse(inspect.getsource(change))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "warnings.append":
            for text in texts_of(node.args[0]):
                for name in ("earlier", "later"):
                    sizes = "7 x 7 and 7 x 7" if "differ in size" in text else name
                    yield text.replace(SAMPLE, sizes)


@pytest.mark.parametrize("text", sorted(set(noted())))
def test_every_remark_is_there(text: str) -> None:
    assert is_known(text, read_sentences())


def test_what_the_answer_says_of_itself_is_there() -> None:
    from sonolesion.imaging.evidence_caption import caption_evidence
    from sonolesion.inference.postprocess import UNSURE_NOTE, describe_conflict
    from sonolesion.types import LesionClass
    from sonolesion.types.explanation import EvidenceFigures, EvidenceShare

    sentences = read_sentences()
    share = EvidenceShare(0.3, 0.1, 3.0)
    said = [
        *describe_conflict(LesionClass.NORMAL, 0.1),
        *describe_conflict(LesionClass.BENIGN, 0.0),
        f"{UNSURE_NOTE}: could be benign or malignant",
        f"{UNSURE_NOTE}: confidence too low",
        f"{UNSURE_NOTE}: the image is unlike the held-out ones of every class",
        caption_evidence(EvidenceFigures("occlusion", "benign", 0.0, 49)),
        caption_evidence(EvidenceFigures("occlusion", "benign", 2.0, 49, share)),
        caption_evidence(EvidenceFigures("occlusion", "benign", 2.0, 49, share, share)),
    ]
    assert [text for text in said if not is_known(text, sentences)] == []


@pytest.mark.parametrize(("english", "german"), read_sentences().items())
def test_placeholders_agree(english: str, german: str) -> None:
    asked = set(re.findall(r"\{(\w+)\}", german))
    given = re.findall(r"\{(\w+)\}", english)
    assert asked <= set(given)
    assert len(given) == len(set(given))
    assert german.strip()
    assert german != english


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_id_of_the_interface_has_a_text(language: str) -> None:
    from sonolesion.server.failures import _STATUSES

    texts = json.loads((TEXTS / f"{language}.json").read_text("utf-8"))
    kinds = {kind for kind, _ in _STATUSES} | {errors.SonolesionError}
    kinds |= {errors.BundleError, errors.StoreError, errors.OwnReadFirstError}
    kinds |= set(errors.ImageError.__subclasses__())
    kinds -= {errors.DeskError}
    assert {f"error.{kind.code}" for kind in kinds} <= set(texts)
