"""The whole node with a PACS in this process: image in, results out, whatever happens meanwhile."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from dicom_files import to_bytes
from dicom_source import STUDY
from node_peers import (
    LEFT_SOCKETS,
    PacsPeer,
    associate,
    files_below,
    make_clip,
    make_image,
    run_node,
    run_pacs,
    send,
    wait_for,
)

from sonolesion.errors import ConfigError, StoreError
from sonolesion.node import node as module
from sonolesion.node.node import Node
from sonolesion.node.status import read_status
from sonolesion.store.database import Desk

MakeNode = Callable[..., Node]
pytestmark = [pytest.mark.usefixtures("quick_reader"), LEFT_SOCKETS]


def test_an_image_comes_back_as_seg_sr_and_sc_in_its_study(
    make_node: MakeNode, desk: Desk, tmp_path: Path
) -> None:
    with run_pacs() as pacs:
        node = make_node(f"pacs.port={pacs.port}")
        with run_node(node):
            echo = associate(node.listener.port)
            assert echo.send_c_echo().Status == 0
            echo.release()
            image = make_image()
            assert send(node.listener.port, image, image) == [0, 0]
            wait_for(lambda: len(pacs.got) == 3)
            assert send(node.listener.port, image) == [0]
        assert pacs.kinds() == ["seg", "sr", "sc"]
        assert {str(one.StudyInstanceUID) for one in pacs.got} == {STUDY}
        assert {str(one.PatientID) for one in pacs.got} == {image.PatientID}
        assert not {str(one.SeriesInstanceUID) for one in pacs.got} & {image.SeriesInstanceUID}
    status = read_status(desk)
    assert (status.objects["done"], status.results["done"]) == (1, 3)
    assert not status.troubles
    assert not [p for p in files_below(desk.folder / "node") if p.suffix == ".bin"]


def test_a_clip_is_read_in_its_middle(make_node: MakeNode) -> None:
    with run_pacs() as pacs:
        node = make_node(f"pacs.port={pacs.port}")
        with run_node(node):
            assert send(node.listener.port, make_clip()) == [0]
            wait_for(lambda: len(pacs.got) == 3)
    assert pacs.kinds() == ["seg", "sr", "sc"]
    assert {int(one.InstanceNumber) for one in pacs.got} == {3}


def test_the_pacs_is_down_and_comes_back(make_node: MakeNode, desk: Desk) -> None:
    with run_pacs() as pacs:
        pass  # a port that was free a moment ago
    node = make_node(f"pacs.port={pacs.port}")
    with run_node(node):
        images = [make_image(n, seed=n) for n in range(3)]
        assert send(node.listener.port, *images) == [0, 0, 0]
        wait_for(lambda: read_status(desk).objects["done"] == 3)
        wait_for(lambda: bool(read_status(desk).troubles))
        assert read_status(desk).troubles[0].code == "E-SND-002"
        with run_pacs(PacsPeer(pacs.port)) as pacs:
            wait_for(lambda: len(pacs.got) == 9)
            wait_for(lambda: read_status(desk).results["done"] == 9)
    assert len(set(pacs.uids())) == 9


def test_what_the_pacs_does_not_take_is_given_up_and_taken_up_again(
    make_node: MakeNode, desk: Desk
) -> None:
    with run_pacs() as pacs:
        pacs.answer = lambda one: 0xA700 if "Segmentation" in one.SOPClassUID.name else 0
        node = make_node(f"pacs.port={pacs.port}", "retry.attempts=3")
        with run_node(node):
            assert send(node.listener.port, make_image()) == [0]
            wait_for(lambda: read_status(desk).results["given up"] == 1)
            (trouble,) = read_status(desk).troubles
            assert (trouble.what, trouble.reason) == ("seg", "not_sent")
            assert "0xA700" in trouble.message
            assert sorted(pacs.kinds()) == ["sc", "sr"]
            pacs.answer = lambda one: 0
            assert node.queue.retry() == 1
            wait_for(lambda: len(pacs.got) == 3)
    assert sorted(pacs.kinds()) == ["sc", "seg", "sr"]


def test_a_pacs_that_hangs_up_gets_each_result_once(make_node: MakeNode, desk: Desk) -> None:
    calls: list[int] = []
    with run_pacs() as pacs:

        def hang_up(_: object) -> int:
            calls.append(1)
            if len(calls) == 2:
                raise ConnectionAbortedError
            return 0

        pacs.answer = hang_up  # pynetdicom answers a handler's fault with 0xC211
        node = make_node(f"pacs.port={pacs.port}")
        with run_node(node):
            send(node.listener.port, make_image())
            wait_for(lambda: read_status(desk).results["done"] == 3)
    assert sorted(pacs.kinds()) == ["sc", "seg", "sr"]


def test_a_pacs_that_takes_implicit_only(make_node: MakeNode) -> None:
    with run_pacs(syntaxes=["1.2.840.10008.1.2"]) as pacs:
        node = make_node(f"pacs.port={pacs.port}")
        with run_node(node):
            send(node.listener.port, make_image())
            wait_for(lambda: len(pacs.got) == 3)
    assert pacs.got[0].PatientName == make_image().PatientName


def test_our_own_results_that_come_back_are_dropped_quietly(
    make_node: MakeNode, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    with run_pacs() as pacs:
        node = make_node(f"pacs.port={pacs.port}")
        with run_node(node), caplog.at_level(logging.INFO, "sonolesion.node"):
            send(node.listener.port, make_image())
            wait_for(lambda: len(pacs.got) == 3)
            results = list(pacs.got)
            for one in results:
                one.file_meta = make_image().file_meta
            caplog.clear()
            assert send(node.listener.port, *results) == [0, 0, 0]
            foreign = results[2]
            foreign.SOPInstanceUID = "2.25.999"  # of another node
            assert send(node.listener.port, foreign) == [0]
            wait_for(lambda: read_status(desk).objects["refused"] == 1)
    assert len(pacs.got) == 3
    assert not read_status(desk).troubles
    assert "refused" not in caplog.text


def test_a_copy_of_what_was_read_is_not_read(make_node: MakeNode, desk: Desk) -> None:
    from pydicom.dataset import Dataset

    reference = Dataset()
    reference.ReferencedSOPClassUID = make_image().SOPClassUID
    reference.ReferencedSOPInstanceUID = make_image(1).SOPInstanceUID
    copy = make_image(2, ImageType=["DERIVED", "PRIMARY"], SourceImageSequence=[reference])
    alone = make_image(3, seed=3, ImageType=["DERIVED", "PRIMARY"])
    with run_pacs() as pacs:
        node = make_node(f"pacs.port={pacs.port}")
        with run_node(node):
            assert send(node.listener.port, make_image(1), copy, alone) == [0, 0, 0]
            wait_for(lambda: len(pacs.got) == 6)
            wait_for(lambda: read_status(desk).objects["refused"] == 1)
    assert len(pacs.got) == 6


def test_a_second_node_on_the_folder_is_refused(make_node: MakeNode) -> None:
    with (
        run_pacs() as pacs,
        run_node(make_node(f"pacs.port={pacs.port}")),
        pytest.raises(ConfigError, match="another node"),
    ):
        make_node(f"pacs.port={pacs.port}").run()


def test_after_a_kill_the_queue_goes_on(make_node: MakeNode, desk: Desk) -> None:
    """The states that a kill leaves: taken in hand, and not finished."""
    from sonolesion.node.queue import READ, SEND

    with run_pacs() as pacs:
        pass
    node = make_node(f"pacs.port={pacs.port}")
    with run_node(node):
        send(node.listener.port, make_image(1), make_image(2, seed=2))
        wait_for(lambda: read_status(desk).objects["done"] == 2)
    killed = make_node(f"pacs.port={pacs.port}")
    node.queue.retry()
    assert killed.queue.claim(SEND) is not None
    with run_pacs(PacsPeer(pacs.port)) as pacs:
        again = make_node(f"pacs.port={pacs.port}")
        with run_node(again):
            wait_for(lambda: len(pacs.got) == 6)
    assert len(set(pacs.uids())) == 6
    assert again.queue.claim(READ) is None


def test_nothing_of_the_patient_in_log_status_and_queue(
    make_node: MakeNode, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    image = make_image(
        PatientName="Canary^Anna", PatientID="CANARY-1", AccessionNumber="CANARY-2",
        StudyDescription="canary study", PatientComments="canary", InstitutionName="Canary Clinic",
    )  # fmt: skip
    other = make_image(2, Modality="CT", PatientName="Canary^Bert")
    lying = make_image(3, PhotometricInterpretation="CANARY", PatientName="Canary^Carl")
    with run_pacs() as pacs, caplog.at_level(logging.DEBUG):
        pacs.answer = lambda one: 0xA700 if "Segmentation" in one.SOPClassUID.name else 0
        node = make_node(f"pacs.port={pacs.port}", "retry.attempts=1", "keep.objects_h=1.0")
        with run_node(node):
            assert send(node.listener.port, image, other, lying) == [0, 0, 0]
            wait_for(lambda: read_status(desk).results["given up"] == 1)
            wait_for(lambda: read_status(desk).objects["refused"] == 2)
    own = [r for r in caplog.records if r.name.startswith("sonolesion")]
    said = "\n".join(r.getMessage() for r in own)
    status = read_status(desk)
    assert {t.reason for t in status.troubles} == {"not_sent", "not_ultrasound", "not_decodable"}
    for text in (said, repr(status)):
        assert "canary" not in text.lower()
        assert "2.25." not in text
        assert image.StudyInstanceUID not in text
    for path in files_below(desk.folder):
        if path.name.startswith("desk.db"):
            assert b"canary" not in path.read_bytes().lower()
            assert STUDY.encode() not in path.read_bytes()
    with sqlite3.connect(desk.folder / "desk.db") as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    raw.close()
    assert len([p for p in files_below(desk.folder / "node") if p.suffix == ".bin"]) == 6


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_the_program_ends_the_node_and_is_said(
    make_node: MakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rather than a node that listens and never reads; a service manager starts it again."""

    def go_wrong(*_: object) -> bool:
        raise RuntimeError("a fault")

    monkeypatch.setattr("sonolesion.node.node.Reader.work", go_wrong)
    assert make_node("pacs.port=9").run() is False


def test_trouble_on_purpose_does_not_end_it(
    make_node: MakeNode, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    work = module.Reader.work

    def fail_once(reader: module.Reader) -> bool:
        calls.append(1)
        if len(calls) == 1:
            raise StoreError("desk.db: locked")
        return work(reader)

    monkeypatch.setattr(module, "_AFTER_TROUBLE_S", 0.1)
    monkeypatch.setattr("sonolesion.node.node.Reader.work", fail_once)
    with run_pacs() as pacs:
        node = make_node(f"pacs.port={pacs.port}")
        with run_node(node):
            assert send(node.listener.port, make_image()) == [0]
            wait_for(lambda: len(pacs.got) == 3)


def test_once_does_what_is_due_and_ends(make_node: MakeNode, desk: Desk) -> None:
    with run_pacs() as pacs:
        node = make_node(f"pacs.port={pacs.port}")
        node.queue.add_object("2.25.771", to_bytes(make_image(1)), came_by="c-store")
        assert node.run(once=True)
    assert sorted(pacs.kinds()) == ["sc", "seg", "sr"]
    assert not [p for p in files_below(desk.folder / "node") if p.suffix == ".bin"]
