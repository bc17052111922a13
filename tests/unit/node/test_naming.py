"""What may stand in the log, and that nothing else gets there."""

from __future__ import annotations

import hashlib
import logging
import threading
import warnings
from collections.abc import Iterator

import pytest

from sonolesion.node.naming import is_uid, short_name, silence_libraries

CANARY = "Canary^Anna"


@pytest.fixture
def silenced(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Libraries kept back as in the program, and let loose again."""
    names = ("pynetdicom", "pydicom", "highdicom", "httpx", "httpcore")
    loggers = [logging.getLogger(name) for name in names]
    before = [(one.handlers, one.propagate, one.level) for one in loggers]
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    with warnings.catch_warnings():
        silence_libraries()
        yield
    for one, (handlers, propagate, level) in zip(loggers, before, strict=True):
        one.handlers, one.propagate = handlers, propagate
        one.setLevel(level)


def test_short_names() -> None:
    assert short_name("1.2.840") == hashlib.sha256(b"1.2.840").hexdigest()[:12]


@pytest.mark.parametrize("text", ["1", "1.2.3", "1.02", "1." * 31 + "22"])
def test_uids(text: str) -> None:
    assert is_uid(text)


@pytest.mark.parametrize("text", ["", ".", "1..2", "1.2.", "1.2/3", "a", "1.2\n", "1." * 32 + "2"])
def test_no_uids(text: str) -> None:
    assert not is_uid(text)


def test_libraries_say_nothing(
    silenced: None, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("pynetdicom.assoc", "pydicom", "httpx", "httpcore.http11", "highdicom.base"):
        logging.getLogger(name).error(CANARY)
    warnings.warn(CANARY, UserWarning, stacklevel=1)
    said = capfd.readouterr()
    assert CANARY not in caplog.text + said.out + said.err


def test_a_fault_is_named_without_its_text(
    silenced: None, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    def go_wrong() -> None:
        raise ValueError(CANARY)

    logger = logging.getLogger("sonolesion.node")
    logger.propagate = True
    with caplog.at_level(logging.INFO, "sonolesion.node"):
        thread = threading.Thread(target=go_wrong, name="reader")
        thread.start()
        thread.join()
    said = capfd.readouterr()
    assert CANARY not in caplog.text + said.out + said.err
    assert "the reader ended by ValueError at test_naming.py:" in caplog.text
