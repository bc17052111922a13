"""The page's texts: both languages say the same things, and every text that is used exists."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

STATIC = Path(str(files("sonolesion"))) / "server" / "static"
LANGUAGES = ("en", "de")
CALL = re.compile(r"""\b(?:t|hasText)\(\s*(?:"([^"]+)"|`([^`]+)`)""")


def read_texts(language: str) -> dict[str, str]:
    texts: dict[str, str] = json.loads(
        (STATIC / "texts" / f"{language}.json").read_text(encoding="utf-8")
    )
    return texts


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def source() -> str:
    return "\n".join(p.read_text(encoding="utf-8") for p in sorted((STATIC / "js").rglob("*.js")))


def test_both_languages_have_the_same_keys() -> None:
    first, second = (read_texts(language) for language in LANGUAGES)
    assert list(first) == list(second)


@pytest.mark.parametrize("key", read_texts("en"))
def test_placeholders_agree(key: str) -> None:
    first, second = (read_texts(language)[key] for language in LANGUAGES)
    assert placeholders(first) == placeholders(second)
    assert second.strip()


def test_every_text_that_is_asked_for_exists() -> None:
    texts = read_texts("en")
    asked = {plain for plain, _ in CALL.findall(source()) if plain}
    assert len(asked) > 150
    assert {key for key in asked if key not in texts and f"{key}.other" not in texts} == set()


def test_patterns_of_keys_meet_at_least_one_text() -> None:
    texts = read_texts("en")
    patterns = {pattern for _, pattern in CALL.findall(source()) if pattern}
    for pattern in patterns:
        shape = re.sub(r"\\\$\\\{.*?\\\}", ".+", re.escape(pattern))
        assert any(re.fullmatch(shape, key) for key in texts), pattern


def test_plurals_have_both_forms() -> None:
    texts = read_texts("en")
    ones = {key[: -len(".one")] for key in texts if key.endswith(".one")}
    others = {key[: -len(".other")] for key in texts if re.search(r"\.other$", key)}
    assert ones <= others


def test_the_words_of_the_lexicon_are_all_there() -> None:
    from sonolesion.types.lexicon import (
        EchoPattern,
        Margin,
        Orientation,
        PosteriorFeatures,
        Shape,
    )

    kinds = {
        "shape": Shape,
        "orientation": Orientation,
        "margin": Margin,
        "echo_pattern": EchoPattern,
        "posterior": PosteriorFeatures,
    }
    wanted = {
        f"lexicon.{name}.{re.sub('[^a-z]+', '_', word.value)}"
        for name, words in kinds.items()
        for word in words
    }
    assert wanted <= set(read_texts("en"))


def test_the_page_names_no_foreign_address() -> None:
    """Everything comes from the server itself; comments of the vendored library aside."""
    for path in STATIC.rglob("*"):
        if path.suffix in {".js", ".css", ".html", ".json"} and "vendor" not in path.parts:
            addresses = re.findall(r"https?://[^\s\"'`)]+", path.read_text(encoding="utf-8"))
            assert addresses == [], path


def test_nothing_is_inline() -> None:
    """The policy `default-src 'self'` would drop it, so it must not be there."""
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)
    assert not re.search(r"html`[^`]*\sstyle=", source())


def test_every_vendored_library_has_its_licence() -> None:
    folders = [path for path in (STATIC / "vendor").iterdir() if path.is_dir()]
    readme = (STATIC / "vendor" / "README.md").read_text(encoding="utf-8")
    for folder in folders:
        assert (folder / "LICENSE").is_file()
        assert folder.name in readme
