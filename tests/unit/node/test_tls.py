"""TLS between the node and its peers, with certificates made on the spot."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from node_peers import HERE, KINDS, LEFT_SOCKETS, associate, make_image
from pynetdicom import AE

from sonolesion.errors import ConfigError, PeerError
from sonolesion.node.listener import Listener
from sonolesion.node.pacs import Pacs
from sonolesion.node.queue import Queue
from sonolesion.node.room import Room
from sonolesion.node.settings import ListenSettings, NodeSettings, PacsSettings
from sonolesion.node.tls import make_listener_context, make_pacs_context
from sonolesion.store.database import Desk

pytestmark = [
    LEFT_SOCKETS,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed"),
]


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[str, str]]:
    """Certificate and key of a name, made out to 127.0.0.1 and signed by itself."""
    folder = tmp_path_factory.mktemp("pem")

    def make(name: str) -> tuple[str, str]:
        certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
        if not certificate.exists():
            words = [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", str(key), "-out",
                str(certificate), "-addext", f"subjectAltName=IP:{HERE}",
            ]  # fmt: skip
            subprocess.run(words, check=True, capture_output=True)
        return str(certificate), str(key)

    return make


def client_context(ca: str, own: tuple[str, str] | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca)
    if own is not None:
        context.load_cert_chain(*own)
    return context


def test_callers_by_tls(
    desk: Desk, settings: Callable[..., NodeSettings], pem: Callable[[str], tuple[str, str]]
) -> None:
    (certificate, key), caller = pem("node"), pem("scanner")
    found = settings(
        f"listen.certificate_file={certificate}", f"listen.key_file={key}",
        f"listen.ca_file={caller[0]}", "listen.timeout_s=3.0",
    )  # fmt: skip
    queue = Queue(desk, "b" * 64)
    room = Room(found.keep, queue, desk.folder)
    listener = Listener(found.listen, queue, room=room, wake=threading.Event())
    listener.start()
    port = listener.port
    try:
        with socket.create_connection((HERE, port)):  # says nothing, shakes no hands
            image = make_image()
            known = (client_context(certificate, caller), HERE)
            association = associate(port, image, tls=known)
            assert association.is_established
            assert association.send_c_store(image).Status == 0
            association.release()
        unknown = (client_context(certificate, pem("stranger")), HERE)
        assert not associate(port, image, tls=unknown).is_established
        assert not associate(port, image, tls=(client_context(certificate), HERE)).is_established
        assert not associate(port, image).is_established
    finally:
        listener.stop(wait_s=1.0)
    assert queue.count_waiting() == 1


def test_results_by_tls(pem: Callable[[str], tuple[str, str]]) -> None:
    (certificate, key), own = pem("pacs"), pem("node")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(own[0])
    entity = AE(ae_title="PACS")
    for sop_class in KINDS:
        entity.add_supported_context(sop_class)
    server = entity.start_server((HERE, 0), block=False, ssl_context=context)
    port = server.server_address[1]

    def to(**changes: object) -> Pacs:
        return Pacs(PacsSettings(host=HERE, port=port, timeout_s=5.0, **changes))

    with to(tls=True, ca_file=certificate, certificate_file=own[0], key_file=own[1]).open():
        pass
    for changes in (
        {"tls": True, "certificate_file": own[0], "key_file": own[1]},  # nobody vouches for it
        {"tls": True, "ca_file": own[0], "certificate_file": own[0], "key_file": own[1]},
    ):
        with pytest.raises(PeerError), to(**changes).open():
            pass
    server.shutdown()


def test_settings_that_cannot_be(pem: Callable[[str], tuple[str, str]], tmp_path: Path) -> None:
    certificate, key = pem("node")
    other = pem("pacs")[1]
    (tmp_path / "text").write_text("no certificate")
    for changes, name in (
        ({"key_file": key}, "certificate_file"),
        ({"certificate_file": "none"}, "certificate_file"),
        ({"certificate_file": certificate, "key_file": other}, "key_file"),
        ({"certificate_file": certificate, "key_file": key, "ca_file": "none"}, "ca_file"),
        (
            {"certificate_file": certificate, "key_file": key, "ca_file": str(tmp_path / "text")},
            "ca_file",
        ),
    ):
        with pytest.raises(ConfigError, match=name):
            make_listener_context(ListenSettings(**changes))
    with pytest.raises(ConfigError, match=r"pacs\.tls"):
        make_pacs_context(PacsSettings(ca_file=certificate))
    assert make_listener_context(ListenSettings()) is None
    assert make_pacs_context(PacsSettings()) is None
    made = make_pacs_context(PacsSettings(tls=True))
    assert made is not None
    assert made.check_hostname
    assert made.verify_mode is ssl.CERT_REQUIRED
    assert made.minimum_version is ssl.TLSVersion.TLSv1_2
