"""Everything that sonolesion raises on purpose.

::

    SonolesionError                    exit code 1
    |-- InvalidInputError              an argument of a function or command is off      (2)
    |   `-- ConfigError                a setting is unknown or has a wrong value        (2)
    |-- MissingExtraError              an optional dependency is not installed          (1)
    |-- OutputExistsError              an output is there already                       (1)
    |-- OutputWriteError               disk full, read-only or not permitted            (1)
    |-- DatasetError                   a data set or a prepared folder is not usable    (1)
    |   `-- VerificationError          a prepared folder fails its checks               (1)
    |-- ImageError                     one image cannot be used                         (4)
    |   |-- UnreadableImageError       not an image, truncated, damaged
    |   |-- UnsupportedImageError      an image of a kind that is not read
    |   |-- ImageSizeError             too small or too large
    |   |-- MaskMismatchError          a mask does not fit its image
    |   `-- ImageFaultError            sonolesion itself went wrong over one image
    |-- BundleError                    a model bundle is missing, damaged or newer      (1)
    `-- TrainingError                  training cannot start or go on (a loss became nan) (1)

A message says what was expected, what came, where, and what to do. `code` is stable and may be
searched for; `exit_code` is what the command line ends with.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "BundleError",
    "ConfigError",
    "DatasetError",
    "ImageError",
    "ImageFaultError",
    "ImageSizeError",
    "InvalidInputError",
    "MaskMismatchError",
    "MissingExtraError",
    "OutputExistsError",
    "OutputWriteError",
    "SonolesionError",
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


class BundleError(SonolesionError):
    """A model bundle is missing, damaged, or newer than this program."""

    code = "E-BUN-001"


class TrainingError(SonolesionError):
    """Training cannot start or cannot go on."""

    code = "E-TRN-001"
