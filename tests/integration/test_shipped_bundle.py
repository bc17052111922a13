"""The package ships a model that loads without being told where it is."""

from __future__ import annotations

from sonolesion.bundle import DEFAULT_BUNDLE, load_bundle, shipped_bundles
from sonolesion.types import CLASS_NAMES


def test_the_default_bundle_is_shipped() -> None:
    assert DEFAULT_BUNDLE in shipped_bundles()
    info = load_bundle().info
    assert info.class_names == CLASS_NAMES
    assert info.training, "the card does not say what it was trained on"
