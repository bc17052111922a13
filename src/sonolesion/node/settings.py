"""Settings of the node: a TOML file and `--set section.key=value`, checked strictly."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sonolesion.config import Section, load_settings
from sonolesion.errors import ConfigError

Title = Annotated[str, Field(min_length=1, max_length=16, pattern=r"^[ -\[\]-~]*[!-\[\]-~]$")]
"""An application entity title: 1 to 16 printable characters without backslash."""

Port = Annotated[int, Field(ge=1, le=65535)]


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine only.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class ListenSettings(Section):
    """What may come in by C-STORE.

    `callers` are the titles that may call; an empty list lets every title in, which is refused on
    any other address than loopback. `addresses` are addresses or networks (10.1.2.0/24) that may
    connect; empty for all. `max_pdu_bytes` is the largest piece taken at once, `max_object_mb`
    the largest object; up to `max_associations` objects are held in memory. `timeout_s` is the
    longest silence of a caller. Port 0 takes any that is free. `certificate_file` and `key_file`
    (PEM) turn TLS on; with `ca_file` callers need a certificate that it signed.
    """

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = Field(11112, ge=0, le=65535)
    ae_title: Title = "SONOLESION"
    callers: list[Title] = Field(default_factory=list)
    addresses: list[str] = Field(default_factory=list)
    max_associations: int = Field(4, ge=1, le=100)
    max_pdu_bytes: int = Field(131072, ge=4096, le=16777216)
    max_object_mb: int = Field(256, ge=1, le=4096)
    timeout_s: float = Field(30.0, gt=0.0, le=600.0)
    certificate_file: str = ""
    key_file: str = ""
    ca_file: str = ""

    @model_validator(mode="after")
    def _keep_strangers_out(self) -> Self:
        for text in self.addresses:
            ipaddress.ip_network(text, strict=False)
        if self.enabled and not self.callers and not is_loopback(self.host):
            raise ValueError("an address other than 127.0.0.1 needs a list of callers")
        return self


class ReadSettings(Section):
    """How objects are read.

    `bundle` is a folder or the name of a shipped bundle, empty for the shipped one; `threads` 0
    takes all cores. Of a clip `clip_frames` frames are read, evenly spread (1: the middle one; 0:
    all). An image of which more than `max_colour_share` is coloured is refused as Doppler. A
    reading that takes longer than `timeout_s`, or `max_memory_mb` more memory than the model
    itself, is ended.
    """

    bundle: str = ""
    threads: int = Field(0, ge=0, le=1024)
    clip_frames: int = Field(1, ge=0, le=10_000)
    max_colour_share: float = Field(0.02, ge=0.0, le=1.0)
    timeout_s: float = Field(300.0, gt=0.0, le=86_400.0)
    max_memory_mb: int = Field(4096, ge=256, le=1_000_000)


class PacsSettings(Section):
    """Where results go by C-STORE: address, its title, and the title that the node calls itself.

    `tls` speaks TLS; the PACS' certificate has to be signed by `ca_file` (empty for the system's
    authorities) and made out to `host`. `certificate_file` and `key_file` are the node's own.
    """

    host: str = ""
    port: Port = 104
    ae_title: Title = "PACS"
    calling_ae_title: Title = "SONOLESION"
    timeout_s: float = Field(30.0, gt=0.0, le=600.0)
    tls: bool = False
    certificate_file: str = ""
    key_file: str = ""
    ca_file: str = ""


class WebSettings(Section):
    """A DICOMweb service: its root, and how to log in.

    A password or token never stands here: `password_file` or `token_file` name a file that holds
    nothing else, `password_env` or `token_env` a variable. `user` with a password is basic
    authentication, a token is a bearer. `ca_file` holds the certificates of the hospital's own
    authority; certificates are always verified. http instead of https to another machine needs
    `plain_http`.
    """

    url: str = ""
    plain_http: bool = False
    user: str = ""
    password_file: str = ""
    password_env: str = ""
    token_file: str = ""
    token_env: str = ""
    ca_file: str = ""
    timeout_s: float = Field(30.0, gt=0.0, le=600.0)


class SendSettings(Section):
    """By which way results go: "c-store" to `[pacs]`, or "stow" to `[web]`."""

    way: Literal["c-store", "stow"] = "c-store"


class PollSettings(Section):
    """Asking a DICOMweb service for new images every `interval_s` seconds; 0 for not at all.

    Studies with `modality` of the last `days` days (0: of today) are looked at.
    """

    interval_s: float = Field(0.0, ge=0.0, le=86_400.0)
    modality: str = Field("US", pattern=r"^[A-Z]{2,16}$")
    days: int = Field(1, ge=0, le=366)


class RetrySettings(Section):
    """How often sending is tried: after `first_s`, then after twice the time, up to `cap_s`.

    Each wait is shortened by up to a half, by chance. After so many `attempts` (by default about
    three days) a result is given up; `sonolesion listen --retry` takes it up again.
    """

    first_s: float = Field(5.0, gt=0.0, le=3600.0)
    cap_s: float = Field(900.0, gt=0.0, le=86_400.0)
    attempts: int = Field(400, ge=1, le=1_000_000)


class KeepSettings(Section):
    """What stays on the disk: objects and results for `objects_h` hours after their answer.

    New objects are turned away (the sender tries again later) while `max_waiting` are waiting or
    less than `min_free_mb` of the disk is free.
    """

    objects_h: float = Field(0.0, ge=0.0, le=8760.0)
    max_waiting: int = Field(10_000, ge=1, le=10_000_000)
    min_free_mb: int = Field(1024, ge=0, le=10_000_000)


class NodeSettings(Section):
    """All settings of the node."""

    listen: ListenSettings = ListenSettings()
    read: ReadSettings = ReadSettings()
    send: SendSettings = SendSettings()
    pacs: PacsSettings = PacsSettings()
    web: WebSettings = WebSettings()
    poll: PollSettings = PollSettings()
    retry: RetrySettings = RetrySettings()
    keep: KeepSettings = KeepSettings()


def load_node_settings(file: Path | None, *, overrides: Iterable[str] = ()) -> NodeSettings:
    """Read the settings.

    Raises:
        ConfigError: an unknown key (the nearest is named), a wrong value, or no TOML file.
    """
    return load_settings(NodeSettings, file=file, overrides=overrides)


def check_ways(settings: NodeSettings, *, comes_in: bool = True) -> None:
    """Refuse settings that a node cannot work with.

    Args:
        settings: all of them.
        comes_in: whether something has to come in by itself.

    Raises:
        ConfigError: nowhere to send to, or nowhere to ask.
    """
    if settings.send.way == "c-store" and not settings.pacs.host:
        raise ConfigError(
            "setting pacs.host: where are results to be sent? Give the PACS' address."
        )
    if settings.send.way == "stow" and not settings.web.url:
        raise ConfigError("setting web.url: where are results to be sent? Give the DICOMweb root.")
    if settings.poll.interval_s and not settings.web.url:
        raise ConfigError("setting web.url: which service is to be asked? Give the DICOMweb root.")
    if comes_in and not (settings.listen.enabled or settings.poll.interval_s):
        raise ConfigError("nothing comes in: set listen.enabled, or poll.interval_s above 0.")
