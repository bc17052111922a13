"""When is what sent, how often, and when not; no network."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import pytest

from sonolesion.errors import DeliveryError, PeerError
from sonolesion.node import sender as module
from sonolesion.node.backoff import Backoff
from sonolesion.node.destination import ResultFile
from sonolesion.node.queue import READ, SEND, Queue, Result
from sonolesion.node.refusal import Reason
from sonolesion.node.sender import Sender
from sonolesion.node.status import read_status
from sonolesion.store.database import Desk


class Middle:
    """Chance that never shortens a wait."""

    def uniform(self, low: float, high: float) -> float:
        return high


class Pacs:
    """Takes results until it is told what is wrong."""

    def __init__(self) -> None:
        self.away = False
        self.odd: set[str] = set()
        self.got: list[str] = []
        self.opened = 0

    @contextlib.contextmanager
    def open(self) -> Iterator[Pacs]:
        self.opened += 1
        if self.away:
            raise PeerError("PACS cannot be reached.")
        yield self

    def send(self, result: ResultFile) -> None:
        assert result.path.is_file()
        if result.sop_instance_uid in self.odd:
            raise DeliveryError("PACS answered with status 0xA900.")
        self.got.append(result.sop_instance_uid)


@pytest.fixture
def queue(desk: Desk) -> Queue:
    found = Queue(desk, "b" * 64)
    found.add_object("1.2.3", b"object", came_by="c-store")
    item = found.claim(READ)
    assert item is not None
    results = [Result("sr", "1.2", f"2.25.{n}", bytes([n])) for n in range(5)]
    found.keep_results(item, results)
    return found


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds of the sender's own clock; the queue's is the real one."""
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def make_sender(queue: Queue, pacs: Pacs, *, first_s: float = 5.0, attempts: int = 3) -> Sender:
    backoff = Backoff(first_s, 900.0, Middle())  # type: ignore[arg-type]
    return Sender(queue, pacs, backoff=backoff, attempts=attempts)


def test_all_that_is_due_goes_in_one_conversation(queue: Queue) -> None:
    pacs = Pacs()
    sender = make_sender(queue, pacs)
    assert sender.work() == 5
    assert pacs.got == [f"2.25.{n}" for n in range(5)]
    assert sender.work() == 0
    assert pacs.opened == 1


def test_a_stop_ends_after_the_result_in_hand(queue: Queue) -> None:
    pacs = Pacs()
    assert make_sender(queue, pacs).work(stop=lambda: len(pacs.got) == 2) == 2
    assert queue.count_waiting() == 3


def test_so_many_in_a_conversation(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_PER_CONVERSATION", 2)
    pacs = Pacs()
    sender = make_sender(queue, pacs)
    assert [sender.work() for _ in range(4)] == [2, 2, 1, 0]
    assert pacs.opened == 3


def test_a_pacs_that_is_away_is_left_alone_for_a_while(queue: Queue, clock: list[float]) -> None:
    pacs = Pacs()
    pacs.away = True
    sender = make_sender(queue, pacs, attempts=100)
    for pause_s in (5, 10, 20, 40, 60):  # twice as long each time, a minute at most
        opened = pacs.opened
        assert sender.work() == 0
        assert pacs.opened == opened + 1
        clock[0] += pause_s - 0.1
        sender.work()
        assert pacs.opened == opened + 1
        clock[0] += 0.2
    # five results were tried, each once; all wait for longer than this test takes
    assert sender.work() == 0
    queue.retry()
    pacs.away = False
    clock[0] += 1000
    assert sender.work() == 5


def test_the_first_success_makes_the_rest_due(queue: Queue, clock: list[float]) -> None:
    pacs = Pacs()
    pacs.away = True
    sender = make_sender(queue, pacs, first_s=600.0, attempts=100)
    for _ in range(4):
        sender.work()
        clock[0] += 61
    pacs.away = False
    assert sender.work() == 5  # one had not been tried; the four others need not wait any more
    assert queue.count_waiting() == 0


def test_what_is_not_taken_does_not_hold_up_the_others(
    queue: Queue, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    pacs = Pacs()
    pacs.odd = {"2.25.1"}
    sender = make_sender(queue, pacs, first_s=0.0001, attempts=3)
    with caplog.at_level(logging.INFO, "sonolesion.node"):
        assert sum(sender.work() for _ in range(6)) == 4
    (trouble,) = read_status(desk).troubles
    assert (trouble.state, trouble.reason) == ("given up", Reason.NOT_SENT)
    assert "given up" in caplog.text
    assert "2.25." not in caplog.text
    pacs.odd = set()
    assert queue.retry() == 1
    assert sender.work() == 1


def test_a_result_whose_file_is_gone(queue: Queue, desk: Desk) -> None:
    item = queue.claim(SEND)
    assert item is not None
    queue.files.discard(str(item.file_sha256))
    assert make_sender(queue, Pacs()).work() == 4
    assert [t.reason for t in read_status(desk).troubles] == ["lost"]
