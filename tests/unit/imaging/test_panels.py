from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tiny_bundle import disc, speckle_image

from sonolesion.imaging.panels import add_margin, draw_panels
from sonolesion.types import LesionClass, Prediction


def make(height: int = 120, width: int = 160, **changes: object) -> tuple[np.ndarray, Prediction]:
    mask = disc(height, width, 25)
    prediction = Prediction(
        source="a.png",
        label=LesionClass.BENIGN,
        class_prob=np.array([0.1, 0.7, 0.2]),
        lesion_prob=mask.astype(np.float32),
        mask=mask,
        mask_coverage=float(mask.mean()),
        bundle="tiny 0.1",
        seconds=0.1,
    )
    return speckle_image(height, width), dataclasses.replace(prediction, **changes)


@pytest.mark.parametrize(
    ("height", "width"), [(32, 3000), (3000, 32), (33, 40), (719, 1048), (500, 500)]
)
def test_any_shape_gives_a_picture_of_sensible_size(height: int, width: int) -> None:
    drawn = draw_panels(*make(height, width))
    assert drawn.dtype == np.uint8
    assert drawn.shape[2] == 3
    assert 860 <= drawn.shape[1] <= 1290
    assert drawn.shape[0] <= 640


def test_same_input_same_picture_and_another_result_another_picture() -> None:
    pixels, prediction = make()
    first = draw_panels(pixels, prediction)
    np.testing.assert_array_equal(first, draw_panels(pixels, prediction))
    other = dataclasses.replace(prediction, label=LesionClass.MALIGNANT)
    assert (draw_panels(pixels, other) != first).any()


def test_notes_make_the_footer_grow() -> None:
    short = draw_panels(*make())
    long = draw_panels(*make(notes=("word " * 80,)))
    assert long.shape[0] >= short.shape[0] + 40


@pytest.mark.parametrize(
    "source", ["x" * 3000, "", "a\nb\x00c.png", "乳房 \u202egnp.png", "🩻.png"]
)
def test_odd_names_do_no_harm(source: str) -> None:
    assert draw_panels(*make(source=source)).shape == draw_panels(*make()).shape


def test_folders_of_the_source_are_not_drawn() -> None:
    plain, deep = draw_panels(*make(source="a.png")), draw_panels(*make(source="jane doe/a.png"))
    np.testing.assert_array_equal(plain, deep)
    assert (draw_panels(*make(source="b.png")) != plain).any()


def test_a_title_takes_the_place_of_the_source() -> None:
    named = draw_panels(*make(source="jane doe.dcm"), title="DICOM image 3f9a1c2e")
    other = draw_panels(*make(source="b.png"), title="DICOM image 3f9a1c2e")
    np.testing.assert_array_equal(named, other)
    assert (draw_panels(*make(source="b.png")) != other).any()


@pytest.mark.parametrize("width", [32, 160, 600])
def test_margin_lies_outside_the_image(width: int) -> None:
    pixels, prediction = make(64, width)
    rgb = np.repeat(pixels[:, :, None], 3, axis=2)
    drawn = add_margin(rgb, prediction)
    np.testing.assert_array_equal(drawn[:64], rgb)
    assert drawn.shape[0] > 64
    assert drawn.shape[1] == width
