from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter
from sklearn.datasets import load_sample_image
from tiny_bundle import disc, speckle_image

from sonolesion.data.phantom import make_phantom
from sonolesion.errors import ImageSizeError, UnsupportedImageError
from sonolesion.imaging.finding import Severity
from sonolesion.imaging.quality import Limit, check_content, inspect_content
from sonolesion.imaging.read import image_from_array, read_image
from sonolesion.types import LesionClass, UltrasoundImage

NOISE = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)
EMPTY = {
    "black": np.zeros((64, 64), np.uint8),
    "white": np.full((64, 64), 255, np.uint8),
    "grey": np.full((64, 64), 90, np.uint8),
    "mask": disc(64, 64, 20).astype(np.uint8) * np.uint8(255),
    "rows": np.tile(np.arange(256, dtype=np.uint8)[:, None], (1, 256)),
    "columns": np.tile(np.arange(256, dtype=np.uint8), (256, 1)),
    "faint": (100 + NOISE // 16).astype(np.uint8) // np.uint8(2) * np.uint8(1),
    "noise": NOISE,
}


@pytest.mark.parametrize("name", EMPTY)
def test_no_content_is_refused_with_a_reason(name: str) -> None:
    with pytest.raises(UnsupportedImageError, match=r"f\.png: no ultrasound content \(.+\)\. Give"):
        check_content(UltrasoundImage(EMPTY[name]), name="f.png")


def test_speckle_passes_without_remark() -> None:
    assert check_content(UltrasoundImage(speckle_image()), name="f") == ()


@pytest.mark.parametrize("seed", range(6))
def test_phantoms_pass_without_remark(seed: int) -> None:
    label = tuple(LesionClass)[seed % 3]
    phantom = make_phantom(np.random.default_rng([5, seed]), label)
    assert inspect_content(UltrasoundImage(phantom.pixels)) == ()


@pytest.mark.parametrize(
    ("fraction", "share"), [(0.05, "5.0%"), (0.25, "25.0%"), (0.0003, "under 0.1%")]
)
def test_local_colour_is_remarked(fraction: float, share: str) -> None:
    remarks = check_content(UltrasoundImage(speckle_image(), colour_fraction=fraction), name="f")
    assert remarks == (f"{share} of the pixels are coloured (Doppler or marks)",)


def test_colour_all_over_is_refused_unless_the_grain_is_that_of_ultrasound() -> None:
    weak, strong = speckle_image(128, 160), speckle_image(128, 160, radius_px=0)
    with pytest.raises(UnsupportedImageError, match="a colour picture, 90% of the pixels"):
        check_content(UltrasoundImage(weak, colour_fraction=0.9), name="f")
    assert len(check_content(UltrasoundImage(strong, colour_fraction=0.9), name="f")) == 1


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("name", ["china.jpg", "flower.jpg"])
def test_photographs_are_refused(name: str, grey: bool) -> None:
    image = image_from_array(load_sample_image(name))
    if grey:
        image = UltrasoundImage(image.pixels)
    findings = inspect_content(image)
    refused = {f.subject for f in findings if f.severity is Severity.REFUSE}
    assert ("colour" in refused) is not grey
    assert "grain" in {f.subject for f in findings}
    with pytest.raises(UnsupportedImageError, match="no ultrasound content"):
        check_content(image, name=name)


def test_colour_noise_is_refused() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    with pytest.raises(UnsupportedImageError):
        check_content(image_from_array(rgb), name="f")
    coarse = np.kron(rgb[:50, :50], np.ones((4, 4, 1), np.uint8))
    with pytest.raises(UnsupportedImageError, match="a colour picture"):
        check_content(image_from_array(coarse), name="f")


def write_page(ink: int, paper: int) -> UltrasoundImage:
    """A page with eighteen lines of text, slightly blurred as by a camera, on uneven paper."""
    page = Image.new("L", (600, 440), paper)
    draw = ImageDraw.Draw(page)
    for row in range(18):
        draw.text((30, 20 + 22 * row), "The quick brown fox jumps over the lazy dog. " * 2, ink)
    pixels = np.asarray(page.filter(ImageFilter.GaussianBlur(0.7)), dtype=np.float32)
    noise = np.random.default_rng(0).normal(0, 2, pixels.shape)
    return UltrasoundImage(np.clip(pixels + noise, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("paper", [110, 160, 240])
def test_a_page_of_text_is_refused_as_paper(paper: int) -> None:
    findings = inspect_content(write_page(ink=20, paper=paper))
    assert ("paper", Severity.REFUSE) in {(f.subject, f.severity) for f in findings}


def test_white_on_black_text_is_refused() -> None:
    with pytest.raises(UnsupportedImageError, match="level lines, like stripes or text"):
        check_content(write_page(ink=230, paper=12), name="f")


def test_turned_ultrasound_is_refused_with_a_hint() -> None:
    phantom = make_phantom(np.random.default_rng(0), LesionClass.BENIGN)
    turned = UltrasoundImage(np.ascontiguousarray(np.rot90(phantom.pixels)))
    with pytest.raises(UnsupportedImageError, match="turned by 90 degrees"):
        check_content(turned, name="f")


def test_upside_down_is_remarked() -> None:
    fading = speckle_image(200, 300, radius_px=0) * np.linspace(1.6, 0.2, 200)[:, None]
    image = np.clip(fading, 0, 255).astype(np.uint8)
    assert check_content(UltrasoundImage(image), name="f") == ()
    remarks = check_content(UltrasoundImage(np.ascontiguousarray(image[::-1])), name="f")
    assert remarks == ("dark above and bright below: is it upside down?",)


def test_a_dual_view_is_remarked_with_its_seam() -> None:
    views = np.hstack([speckle_image(200, 250), speckle_image(200, 250, seed=1)])
    remarks = check_content(UltrasoundImage(views), name="f")
    assert remarks == ("two images side by side, seam at 50% of the width: give one at a time",)


@pytest.mark.parametrize(("side", "verdict"), [(63, "refused"), (64, "remark"), (127, "remark"),
                                               (128, "fine")])  # fmt: skip
def test_size(side: int, verdict: str) -> None:
    image = UltrasoundImage(speckle_image(side, 200, radius_px=0))
    if verdict == "refused":
        with pytest.raises(ImageSizeError, match="f: 200x63 px, expected at least 64 px a side"):
            check_content(image, name="f")
    else:
        assert bool(check_content(image, name="f")) is (verdict == "remark")


def test_all_reasons_are_given() -> None:
    blocks = np.random.default_rng(2).integers(0, 256, (40, 40), dtype=np.uint8)
    mosaic = np.kron(blocks, np.ones((12, 12), np.uint8))
    with pytest.raises(UnsupportedImageError) as caught:
        check_content(UltrasoundImage(mosaic, colour_fraction=0.8), name="f")
    for reason in ("a colour picture", "its grain lies in no direction"):
        assert reason in caught.value.message


@pytest.mark.parametrize(
    ("value", "severity"),
    [(1.0, None), (1.1, Severity.WARN), (2.0, Severity.WARN), (2.1, Severity.REFUSE)],
)
def test_limits_in_both_directions(value: float, severity: Severity | None) -> None:
    for sign in (1, -1):
        found = Limit("x", sign * 1.0, sign * 2.0, "odd").judge(sign * value)
        assert (found.severity if found else None) is severity


@pytest.mark.realdata
def test_no_busi_image_is_refused(busi_root: Path) -> None:
    paths = [p for p in sorted(busi_root.glob("*/*.png")) if "_mask" not in p.name][::13]
    assert len(paths) == 60
    for path in paths:
        remarks = check_content(read_image(path), name=path.name)
        assert all("coloured" in remark for remark in remarks), path.name


@pytest.mark.realdata
def test_busi_images_with_doppler_or_marks_pass_with_a_remark(busi_root: Path) -> None:
    for number in (6, 102, 234, 277, 330):
        (remark,) = check_content(read_image(busi_root / f"benign/benign ({number}).png"), name="f")
        assert "coloured (Doppler or marks)" in remark
