"""TLS for DICOM (PS3.15 B.12, BCP 195): 1.2 or newer, certificates always verified."""

from __future__ import annotations

import ssl

from sonolesion.errors import ConfigError
from sonolesion.node.settings import ListenSettings, PacsSettings


def make_listener_context(settings: ListenSettings) -> ssl.SSLContext | None:
    """Make what the listener needs; None where no certificate is set.

    With `ca_file` a caller has to show a certificate that it signed.

    Raises:
        ConfigError: a file cannot be read, or is no certificate or key.
    """
    if not settings.certificate_file:
        if settings.key_file or settings.ca_file:
            raise ConfigError("setting listen.certificate_file: a key or ca_file needs it, too.")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load_own(context, settings.certificate_file, settings.key_file, section="listen")
    if settings.ca_file:
        context.verify_mode = ssl.CERT_REQUIRED
        _load_ca(context, settings.ca_file, section="listen")
    return context


def make_pacs_context(settings: PacsSettings) -> ssl.SSLContext | None:
    """Make what the sender needs; None where TLS is off.

    Raises:
        ConfigError: a file cannot be read, or is no certificate or key.
    """
    if not settings.tls:
        if settings.certificate_file or settings.ca_file:
            raise ConfigError("setting pacs.tls: certificate_file and ca_file are for TLS only.")
        return None
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.ca_file:
        _load_ca(context, settings.ca_file, section="pacs")
    if settings.certificate_file:
        _load_own(context, settings.certificate_file, settings.key_file, section="pacs")
    return context


def _load_own(context: ssl.SSLContext, certificate: str, key: str, *, section: str) -> None:
    def no_question() -> str:
        """A key with a password would be asked for on a terminal that a service has not."""
        return ""

    try:
        context.load_cert_chain(certificate, key or None, password=no_question)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        raise ConfigError(
            f"setting {section}.certificate_file, {section}.key_file: no certificate with its key "
            "(PEM, without a password) can be read there."
        ) from None


def _load_ca(context: ssl.SSLContext, file: str, *, section: str) -> None:
    try:
        context.load_verify_locations(file)
    except OSError:
        raise ConfigError(
            f"setting {section}.ca_file: no certificates (PEM) can be read there."
        ) from None
