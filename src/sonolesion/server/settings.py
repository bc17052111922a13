"""What a server is started with; what a user may change while it runs is in `store.settings`."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sonolesion.bundle import DEFAULT_BUNDLE, PrecisionChoice
from sonolesion.errors import InvalidInputError

DEFAULT_PORT = 8765
MAX_BODY_BYTES = 32 * 2**20
MIN_TOKEN_LENGTH = 16
STATIC_FOLDER = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """How a server runs.

    Attributes:
        data: the desk's folder.
        host, port: where it listens.
        token: what a request must bring; None on loopback only.
        names: host names that it may be called by, besides loopback's and IP addresses.
        bundles: further models, name -> folder; the shipped ones are always there.
        bundle: name of the model that reads, if the settings in the store name none.
        precision: in which form models answer, those that have it; auto is measured on `bundle`.
            None for what the environment says, else fp32.
        workers: processes that decode and predict.
        threads: of one network run.
        time_limit_s: for one image.
        memory_mb: what one image may map.
        queue_cap: requests that may wait for a worker.
        max_body_bytes: of one request.
        body_timeout_s: in which a body must have come.
        inbox: folder whose images a job may read; None for none.
        own_read_first: set this at the start; None to leave what is stored.
        docs: serve the page that describes the interface.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    token: str | None = None
    names: tuple[str, ...] = ()
    bundles: Mapping[str, str] = field(default_factory=dict)
    bundle: str = DEFAULT_BUNDLE
    precision: PrecisionChoice | str | None = None
    workers: int = 1
    threads: int = 1
    time_limit_s: float = 30.0
    memory_mb: int = 2048
    queue_cap: int = 64
    max_body_bytes: int = MAX_BODY_BYTES
    body_timeout_s: float = 30.0
    inbox: Path | None = None
    own_read_first: bool | None = None
    docs: bool = True

    def __post_init__(self) -> None:
        """Refuse an address that others can reach without a token.

        Raises:
            InvalidInputError: no token, or one that is easily guessed.
        """
        if self.token is None and not is_loopback(self.host):
            raise InvalidInputError(
                f"--host {self.host}: others can reach this address, so a token is needed: "
                "write one of at least 16 characters into a file and give --token-file, or set "
                "SONOLESION_TOKEN."
            )
        if self.token is not None and not (
            len(self.token) >= MIN_TOKEN_LENGTH
            and self.token.isascii()
            and self.token.isprintable()
        ):
            raise InvalidInputError(
                f"token: expected at least {MIN_TOKEN_LENGTH} printable ASCII characters. "
                "`openssl rand -hex 24` makes a good one."
            )


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own, which no other machine can reach.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
