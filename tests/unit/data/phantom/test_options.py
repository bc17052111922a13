import cv2
import numpy as np
import pytest

from sonolesion.data.phantom import Phantom, PhantomSettings, make_phantom
from sonolesion.data.phantom.phantom import draw_scan
from sonolesion.data.phantom.twin import make_twin
from sonolesion.errors import InvalidInputError
from sonolesion.types import LesionClass


def settings(*, calipers: float = 0.0, text: float = 0.0, double: float = 0.0) -> PhantomSettings:
    return PhantomSettings(
        width_px=(300, 300),
        height_px=(240, 240),
        caliper_fraction=calipers,
        text_fraction=text,
        double_mask_fraction=double,
    )


def draw(label: LesionClass, seed: int, chosen: PhantomSettings) -> Phantom:
    return make_phantom(np.random.default_rng(seed), label, chosen)


def test_calipers_change_nothing_below_them() -> None:
    plain = draw(LesionClass.BENIGN, 1, settings())
    marked = draw(LesionClass.BENIGN, 1, settings(calipers=1.0))
    assert marked.marks.calipers == 2
    changed = plain.pixels != marked.pixels
    assert 0.0 < changed.mean() < 0.03
    assert np.median(marked.pixels[changed]) == 230
    np.testing.assert_array_equal(plain.masks[0], marked.masks[0])


def test_calipers_sit_on_the_outline() -> None:
    plain = draw(LesionClass.BENIGN, 2, settings())
    marked = draw(LesionClass.BENIGN, 2, settings(calipers=1.0))
    changed = (plain.pixels != marked.pixels).astype(np.uint8)
    mask = plain.masks[0].astype(np.uint8)
    near = cv2.dilate(mask, np.ones((51, 51), np.uint8))
    assert not (changed & (1 - near)).any()
    assert (changed & mask).any()


def test_normals_get_text_but_no_calipers() -> None:
    phantom = draw(LesionClass.NORMAL, 3, settings(calipers=1.0, text=1.0))
    assert phantom.marks.calipers == 0
    assert phantom.marks.text
    plain = draw(LesionClass.NORMAL, 3, settings())
    assert (phantom.pixels != plain.pixels).any()


def test_double_masks_are_apart_or_touch_but_never_overlap() -> None:
    counts = set()
    for seed in range(7):
        phantom = draw_scan(np.random.default_rng(seed), LesionClass.BENIGN, settings(double=1.0))
        assert len(phantom.masks) == 2
        assert all(mask.any() for mask in phantom.masks)
        assert not (phantom.masks[0] & phantom.masks[1]).any()
        counts.add(len(phantom.lesions))
    assert counts == {1, 2}


def test_twins_are_near_duplicates() -> None:
    for seed in range(3):
        plain = draw(LesionClass.MALIGNANT, seed, settings())
        twin = make_twin(np.random.default_rng(seed), plain)
        small = [
            cv2.resize(p.pixels, (64, 64), interpolation=cv2.INTER_AREA).ravel()
            for p in (plain, twin)
        ]
        assert float(np.ravel(np.corrcoef(small))[1]) > 0.93
        assert twin.label is plain.label
        assert twin.masks[0].shape == twin.pixels.shape


def test_a_contradictory_twin_has_another_label_and_mask() -> None:
    plain = draw(LesionClass.BENIGN, 5, settings())
    same, other = (
        make_twin(np.random.default_rng(0), plain, contradict=flag) for flag in (False, True)
    )
    np.testing.assert_array_equal(same.pixels, other.pixels)
    assert other.label is LesionClass.MALIGNANT
    assert (same.masks[0] != other.masks[0]).any()


def test_normals_cannot_contradict() -> None:
    plain = draw(LesionClass.NORMAL, 5, settings())
    twin = make_twin(np.random.default_rng(0), plain, contradict=True)
    assert twin.label is LesionClass.NORMAL


@pytest.mark.parametrize(
    "wrong",
    [
        {"text_fraction": 1.2},
        {"twin_fraction": -0.1},
        {"caliper_fraction": float("nan")},
        {"width_px": (500, 400)},
        {"height_px": (20, 400)},
        {"lesion_area": (0.1, 0.6)},
        {"normal_fraction": 0.0, "benign_fraction": 0.0, "malignant_fraction": 0.0},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInputError):
        PhantomSettings(**wrong)  # type: ignore[arg-type]
