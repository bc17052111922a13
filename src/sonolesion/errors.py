"""Everything that sonolesion raises on purpose.

::

    SonolesionError                    exit code 1
    |-- InvalidInputError              an argument of a function or command is off      (2)
    |   `-- ConfigError                a setting is unknown or has a wrong value        (2)
    |-- MissingExtraError              an optional dependency is not installed          (1)
    |-- ProcessStartError              a process of this program cannot be started      (1)
    |-- OutputExistsError              an output is there already                       (1)
    |-- OutputWriteError               disk full, read-only or not permitted            (1)
    |-- DatasetError                   a data set or a prepared folder is not usable    (1)
    |   `-- VerificationError          a prepared folder fails its checks               (1)
    |-- ImageError                     one image cannot be used                         (4)
    |   |-- UnreadableImageError       not an image, truncated, damaged
    |   |-- UnsupportedImageError      an image of a kind that is not read
    |   |-- ImageSizeError             too small or too large
    |   |-- MaskMismatchError          a mask does not fit its image
    |   |-- ImageFaultError            sonolesion itself went wrong over one image
    |   |-- ImageTimeError             one image took longer than allowed
    |   `-- ImageCrashError            a process died over one image
    |-- BundleError                    a model bundle is missing, damaged or newer      (1)
    |-- StoreError                     the reading desk's folder is not usable          (1)
    |   `-- AuditError                 its audit log was changed
    |-- DeliveryError                  a result could not be sent to the PACS           (1)
    |   `-- PeerError                  the PACS cannot be reached, or ends the talk
    |-- DeskError                      a request to the reading desk cannot be met      (1)
    |   |-- NotFoundError              no such case, job, study or path
    |   |-- ConflictError              not in this state
    |   |   `-- OwnReadFirstError      the reader's own read comes first
    |   |-- NotOfferedError            this server or this case has no such answer
    |   |-- MalformedRequestError      a request that is no request
    |   |-- TooLargeError              a request of too many bytes or parts
    |   |-- BusyError                  the queue is full
    |   |-- SlowRequestError           a request that did not come in time
    |   |-- AccessError                no token, or a wrong one
    |   `-- ForeignRequestError        sent by another site, or to another name
    `-- TrainingError                  training cannot start or go on (a loss became nan) (1)

A message says what was expected, what came, where, and what to do. `code` is stable and may be
searched for; `exit_code` is what the command line ends with.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AccessError",
    "AuditError",
    "BundleError",
    "BusyError",
    "ConfigError",
    "ConflictError",
    "DatasetError",
    "DeliveryError",
    "DeskError",
    "ForeignRequestError",
    "ImageCrashError",
    "ImageError",
    "ImageFaultError",
    "ImageSizeError",
    "ImageTimeError",
    "InvalidInputError",
    "MalformedRequestError",
    "MaskMismatchError",
    "MissingExtraError",
    "NotFoundError",
    "NotOfferedError",
    "OutputExistsError",
    "OutputWriteError",
    "OwnReadFirstError",
    "PeerError",
    "ProcessStartError",
    "SlowRequestError",
    "SonolesionError",
    "StoreError",
    "TooLargeError",
    "TrainingError",
    "UnreadableImageError",
    "UnsupportedImageError",
    "VerificationError",
]


class SonolesionError(Exception):
    """Base of all errors that sonolesion raises on purpose."""

    code: ClassVar[str] = "E-GEN-001"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return f"{self.code} {self.message}"


class InvalidInputError(SonolesionError):
    """An argument has a wrong value, type or shape."""

    code = "E-ARG-001"
    exit_code = 2


class ConfigError(InvalidInputError):
    """A setting is unknown or has a wrong value."""

    code = "E-CFG-001"


class MissingExtraError(SonolesionError):
    """An optional dependency is needed and not installed."""

    code = "E-EXT-001"


class ProcessStartError(SonolesionError):
    """A process of this program ends before it begins to work: its installation is broken."""

    code = "E-EXT-002"


class OutputExistsError(SonolesionError):
    """An output is there already and was not to be overwritten."""

    code = "E-OUT-001"


class OutputWriteError(SonolesionError):
    """An output cannot be written: disk full, read-only, not permitted."""

    code = "E-OUT-002"


class DatasetError(SonolesionError):
    """A data set or a prepared folder is missing something or not what it should be."""

    code = "E-DAT-001"


class VerificationError(DatasetError):
    """A prepared folder fails its checks."""

    code = "E-DAT-002"


class ImageError(SonolesionError):
    """One image cannot be used; others of the same run still can."""

    code = "E-IMG-001"
    exit_code = 4


class UnreadableImageError(ImageError):
    """Not an image, truncated or damaged."""

    code = "E-IMG-002"


class UnsupportedImageError(ImageError):
    """An image of a kind that is not read (animation, nan pixels, ...)."""

    code = "E-IMG-003"


class ImageSizeError(ImageError):
    """An image is too small or too large."""

    code = "E-IMG-004"


class MaskMismatchError(ImageError):
    """A mask does not fit its image."""

    code = "E-IMG-005"


class ImageFaultError(ImageError):
    """Sonolesion itself went wrong over one image of many; a fault to report."""

    code = "E-IMG-006"


class ImageTimeError(ImageError):
    """Decoding or predicting one image took longer than allowed."""

    code = "E-IMG-007"


class ImageCrashError(ImageError):
    """The process that read one image died over it; others are not affected."""

    code = "E-IMG-008"


class BundleError(SonolesionError):
    """A model bundle is missing, damaged, or newer than this program."""

    code = "E-BUN-001"


class StoreError(SonolesionError):
    """The reading desk's folder is damaged, newer than this program, or not writable."""

    code = "E-STO-001"


class AuditError(StoreError):
    """A row of the audit log was changed, dropped or moved."""

    code = "E-STO-002"


class DeliveryError(SonolesionError):
    """A result could not be sent: the PACS does not take it."""

    code = "E-SND-001"


class PeerError(DeliveryError):
    """The PACS cannot be reached, does not let this node in, or ends the conversation."""

    code = "E-SND-002"


class DeskError(SonolesionError):
    """A request to the reading desk cannot be met."""

    code = "E-DSK-000"


class NotFoundError(DeskError):
    """There is no such case, read, outline, job, study or path."""

    code = "E-DSK-001"


class ConflictError(DeskError):
    """The thing asked of is not in a state that allows it."""

    code = "E-DSK-002"


class OwnReadFirstError(ConflictError):
    """The model's answer is not given before the reader's own read."""

    code = "E-READ-001"


class NotOfferedError(DeskError):
    """This server, or this case, has no such answer."""

    code = "E-DSK-003"


class MalformedRequestError(DeskError):
    """A request whose form is wrong: method, media type, headers, parts."""

    code = "E-DSK-004"


class TooLargeError(DeskError):
    """A request of more bytes or parts than are taken."""

    code = "E-LIM-001"


class BusyError(DeskError):
    """The queue is full; the same request may succeed a little later."""

    code = "E-LIM-002"


class SlowRequestError(DeskError):
    """A request that did not come to its end in time."""

    code = "E-LIM-003"


class AccessError(DeskError):
    """A token is needed, and none or a wrong one came."""

    code = "E-ACC-001"


class ForeignRequestError(DeskError):
    """A request that another site sent, or that was sent to another name."""

    code = "E-ACC-002"


class TrainingError(SonolesionError):
    """Training cannot start or cannot go on."""

    code = "E-TRN-001"
