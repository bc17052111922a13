"""What `import sonolesion` gives, and what it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import sonolesion
from sonolesion import errors

PUBLIC = {
    "__version__",
    "load_predictor",
    "read_image",
    "Predictor",
    "Prediction",
    "AccessError",
    "AuditError",
    "FailedInput",
    "case_report_html",
    "case_report_pdf",
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
}


def test_exported_names_are_exactly_these() -> None:
    assert set(sonolesion.__all__) == PUBLIC
    assert len(sonolesion.__all__) == len(PUBLIC)


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_exported_name_is_there(name: str) -> None:
    assert getattr(sonolesion, name) is not None


def test_every_error_is_exported() -> None:
    defined = {n for n, v in vars(errors).items() if isinstance(v, type) and v is not type}
    defined = {n for n in defined if issubclass(getattr(errors, n), errors.SonolesionError)}
    assert defined == set(errors.__all__)


def test_error_codes_are_unique() -> None:
    codes = [getattr(errors, name).code for name in errors.__all__]
    assert len(set(codes)) == len(codes)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        sonolesion.no_such_name  # noqa: B018


def test_import_is_light() -> None:
    code = "import sys, sonolesion; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"numpy", "cv2", "PIL", "onnxruntime", "torch", "pydantic", "matplotlib"}
