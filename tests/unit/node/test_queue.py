"""What the queue keeps, and how long it keeps files."""

from __future__ import annotations

import os
import time

import pytest
from node_peers import files_below

from sonolesion.errors import PeerError
from sonolesion.node.queue import READ, SEND, Added, Queue, Result
from sonolesion.node.refusal import CRASHED, LOST, Reason, Refusal
from sonolesion.node.status import read_status
from sonolesion.store.database import Desk
from sonolesion.store.queue import QueueItem

RESULTS = [Result(kind, f"1.2.{n}", f"2.25.90{n}", kind.encode())
           for n, kind in enumerate(("seg", "sr", "sc"))]  # fmt: skip


@pytest.fixture
def queue(desk: Desk) -> Queue:
    return Queue(desk, "b" * 64)


def add(queue: Queue, uid: str = "1.2.3", data: bytes = b"object") -> Added:
    return queue.add_object(uid, data, came_by="c-store")


def take(queue: Queue, kind: str = READ) -> QueueItem:
    item = queue.claim(kind)
    assert item is not None
    return item


def n_files(queue: Queue) -> int:
    return len(files_below(queue.files.folder))


def test_an_object_is_read_once_by_a_model(desk: Desk, queue: Queue) -> None:
    assert add(queue) is Added.NEW
    assert add(queue) is Added.KNOWN
    assert queue.knows("1.2.3")
    assert not queue.knows("1.2.30")
    assert n_files(queue) == 1
    other_model = Queue(desk, "c" * 64)
    assert not other_model.knows("1.2.3")
    assert add(other_model) is Added.NEW
    assert n_files(queue) == 1


@pytest.mark.parametrize("end", ["refuse", "give_up"])
def test_a_better_copy_of_what_was_refused_is_tried_again(end: str, queue: Queue) -> None:
    add(queue, data=b"damaged")
    getattr(queue, end)(take(queue), Refusal(Reason.DAMAGED, "damaged"))
    assert add(queue, data=b"damaged") is Added.KNOWN
    queue.tidy(keep_s=0.0)
    assert add(queue, data=b"damaged") is Added.KNOWN
    assert add(queue, data=b"whole") is Added.AGAIN
    item = take(queue)
    assert item.attempts == 1
    assert queue.files.get(str(item.file_sha256)) == b"whole"
    assert add(queue, data=b"a third") is Added.KNOWN


def test_results_are_kept_in_order_and_sent_once(queue: Queue) -> None:
    add(queue)
    queue.keep_results(take(queue), RESULTS)
    queue.tidy(keep_s=0.0)
    assert n_files(queue) == 3  # the object itself has gone
    for result in RESULTS:
        item = take(queue, SEND)
        assert item.detail["kind"] == result.kind
        assert queue.is_result(result.sop_instance_uid)
        queue.mark_sent(item)
    assert queue.claim(SEND) is None
    queue.tidy(keep_s=0.0)
    assert n_files(queue) == 0
    assert queue.count_waiting() == 0
    assert add(queue) is Added.KNOWN
    assert add(queue, RESULTS[0].sop_instance_uid) is Added.OWN


def test_files_stay_as_long_as_is_wanted(queue: Queue) -> None:
    add(queue)
    queue.refuse(take(queue), Refusal(Reason.SIZE, "small"))
    assert queue.tidy(keep_s=60.0) == 0
    assert n_files(queue) == 1
    assert queue.tidy(keep_s=0.0) == 1
    assert n_files(queue) == 0


def test_what_was_given_up_keeps_its_file_until_it_is_dropped(queue: Queue) -> None:
    add(queue)
    queue.give_up(take(queue), CRASHED)
    queue.tidy(keep_s=0.0)
    assert n_files(queue) == 1
    assert queue.retry() == 1
    queue.give_up(take(queue), CRASHED)
    assert queue.drop_given_up() == 1
    queue.tidy(keep_s=0.0)
    assert n_files(queue) == 0


def test_waiting_and_hurrying(queue: Queue) -> None:
    add(queue)
    queue.keep_results(take(queue), RESULTS[:2])
    first = take(queue, SEND)
    queue.postpone(first, Refusal(Reason.NOT_SENT, "away", PeerError.code), wait_s=3600.0)
    second = take(queue, SEND)
    assert second.id != first.id
    queue.postpone(second, Refusal(Reason.NOT_SENT, "not taken", "E-SND-001"), wait_s=3600.0)
    assert queue.claim(SEND) is None
    queue.hurry()
    assert take(queue, SEND).id == first.id
    queue.mark_sent(first)
    assert queue.claim(SEND) is None
    queue.retry()
    assert take(queue, SEND).id == second.id


def test_sources(queue: Queue) -> None:
    add(queue, "1.2.3")
    assert queue.has_source(["9.9", "1.2.3"])
    assert not queue.has_source(["1.2", "1.2.34", "%"])
    assert not queue.has_source([])
    queue.refuse(take(queue), Refusal(Reason.DAMAGED, "damaged"))
    assert not queue.has_source(["1.2.3"])


def test_a_new_model_takes_over_what_is_not_read(desk: Desk, queue: Queue) -> None:
    add(queue, "1.2.3")
    add(queue, "1.2.4", b"other")
    newer = Queue(desk, "c" * 64)
    add(newer, "1.2.4", b"other")
    newer.begin()
    assert newer.knows("1.2.3")
    assert not queue.knows("1.2.3")
    assert queue.knows("1.2.4")


def test_a_file_without_a_row_goes_when_it_is_old(queue: Queue) -> None:
    add(queue)
    left = queue.files.put(b"left by a kill")
    assert queue.sweep() == 0
    half = queue.files.path(left).with_name(".half.tmp")
    half.write_bytes(b"written when it was killed")
    assert queue.sweep() == 0
    old = time.time() - 7200
    for path in files_below(queue.files.folder):
        os.utime(path, (old, old))
    assert queue.sweep() == 2
    assert n_files(queue) == 1


def test_what_was_lost_may_be_sent_again(queue: Queue) -> None:
    add(queue)
    item = take(queue)
    queue.files.discard(str(item.file_sha256))
    queue.refuse(item, LOST)
    assert add(queue) is Added.AGAIN
    assert queue.files.get(str(take(queue).file_sha256)) == b"object"


def test_a_node_s_own_results_are_no_trouble(desk: Desk, queue: Queue) -> None:
    add(queue, "1.2.3")
    queue.refuse(take(queue), Refusal(Reason.OWN_RESULT, "ours"))
    add(queue, "1.2.4")
    queue.refuse(take(queue), Refusal(Reason.DOPPLER, "coloured"))
    status = read_status(desk)
    assert status.objects["refused"] == 2
    assert [t.reason for t in status.troubles] == ["doppler"]
