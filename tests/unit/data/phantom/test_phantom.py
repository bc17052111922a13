import numpy as np
import pytest
from numpy.typing import NDArray

from sonolesion.data.phantom import LesionKind, Phantom, PhantomSettings, make_phantom
from sonolesion.data.phantom.attenuation import edge_shadows, posterior_gain
from sonolesion.data.phantom.outline import draw_outline, fill_outline
from sonolesion.data.phantom.phantom import draw_scan
from sonolesion.data.phantom.placement import place_lesions
from sonolesion.data.phantom.signs import choose_signs
from sonolesion.types import LesionClass

SMALL = PhantomSettings(
    width_px=(280, 340), height_px=(240, 280), text_fraction=0.0, caliper_fraction=0.0
)
LESIONS = (LesionClass.BENIGN, LesionClass.MALIGNANT)


@pytest.fixture(scope="module")
def drawn() -> dict[LesionClass, list[Phantom]]:
    return {
        label: [draw_scan(np.random.default_rng([11, k]), label, SMALL) for k in range(10)]
        for label in LesionClass
    }


@pytest.mark.parametrize("label", list(LesionClass))
def test_repeats_bit_for_bit(label: LesionClass) -> None:
    one, two = (make_phantom(np.random.default_rng(4), label, SMALL) for _ in "ab")
    np.testing.assert_array_equal(one.pixels, two.pixels)
    assert [m.tobytes() for m in one.masks] == [m.tobytes() for m in two.masks]
    assert one.lesions == two.lesions


def test_generator_advances_alike_for_every_class() -> None:
    after = []
    for label in LesionClass:
        rng = np.random.default_rng(5)
        make_phantom(rng, label, SMALL)
        after.append(rng.random())
    assert len(set(after)) == 1


def test_sizes_types_and_masks(drawn: dict[LesionClass, list[Phantom]]) -> None:
    for label, phantoms in drawn.items():
        for phantom in phantoms:
            height, width = phantom.pixels.shape
            assert 240 <= height <= 280
            assert 280 <= width <= 340
            assert phantom.pixels.dtype == np.uint8
            assert all(m.shape == (height, width) and m.dtype == bool for m in phantom.masks)
            assert bool(phantom.masks) is (label is not LesionClass.NORMAL)


def test_lesion_area_stays_in_range(drawn: dict[LesionClass, list[Phantom]]) -> None:
    low, high = SMALL.lesion_area
    for label in LESIONS:
        for phantom in drawn[label]:
            share = np.any(phantom.masks, axis=0).mean()
            assert 0.9 * low < share < 1.05 * high


def ring(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    grown = mask.copy()
    for _ in range(14):
        padded = np.pad(grown, 1)
        grown = padded[1:-1, 1:-1] | padded[:-2, 1:-1] | padded[2:, 1:-1]
        grown |= padded[1:-1, :-2] | padded[1:-1, 2:]
    return grown & ~mask


def test_lesions_are_darker_than_their_surround(drawn: dict[LesionClass, list[Phantom]]) -> None:
    for label in LESIONS:
        drop = []
        for phantom in drawn[label]:
            mask = np.any(phantom.masks, axis=0)
            drop.append(phantom.pixels[ring(mask)].mean() - phantom.pixels[mask].mean())
        assert np.mean(np.array(drop) > 0) >= 0.9
        assert 20 < np.mean(drop) < 90


def test_cysts_are_the_darkest(drawn: dict[LesionClass, list[Phantom]]) -> None:
    benign = drawn[LesionClass.BENIGN]
    cysts = [p.lesions[0].contrast_db for p in benign if p.lesions[0].kind is LesionKind.CYST]
    solid = [
        p.lesions[0].contrast_db for p in benign if p.lesions[0].kind is LesionKind.FIBROADENOMA
    ]
    assert min(cysts) > max(solid)


def aspect(label: LesionClass, seed: int) -> float:
    rng = np.random.default_rng([12, seed])
    shape = (200, 260)
    (place,) = place_lesions(rng, label, shape, SMALL, count=1)
    margin = choose_signs(rng, label, place, SMALL).margin
    rows, columns = np.nonzero(fill_outline(draw_outline(rng, margin), place, shape))
    return float(np.ptp(columns) / np.ptp(rows))


def test_benign_is_wider_than_malignant() -> None:
    benign = [aspect(LesionClass.BENIGN, seed) for seed in range(80)]
    malignant = [aspect(LesionClass.MALIGNANT, seed) for seed in range(80)]
    assert np.median(benign) > 1.4 > 1.2 > np.median(malignant)
    assert min(malignant) < 0.8
    assert max(malignant) > min(benign)  # they overlap: aspect alone does not decide


def test_lesions_stay_below_the_skin(drawn: dict[LesionClass, list[Phantom]]) -> None:
    for label in LESIONS:
        for phantom in drawn[label]:
            assert not any(mask[:10].any() for mask in phantom.masks)


def box() -> NDArray[np.bool_]:
    mask = np.zeros((200, 160), dtype=bool)
    mask[60:100, 50:110] = True
    return mask


@pytest.mark.parametrize("through_db", [-12.0, 8.0])
def test_gain_behind_a_lesion_builds_up_inside_and_fades(through_db: float) -> None:
    gain = posterior_gain(np.random.default_rng(0), box(), through_db=through_db)
    behind = gain[105:120, 60:100].mean()
    assert behind == pytest.approx(through_db, rel=0.35)
    assert abs(gain[185:, 60:100].mean()) < abs(behind)
    assert abs(gain[:40].mean()) < 0.01
    assert abs(gain[105:, :35].mean()) < 0.05


def test_edge_shadows_lie_below_the_sides() -> None:
    gain = edge_shadows(np.random.default_rng(1), box(), loss_db=8.0)
    assert gain.max() <= 0.0
    below = gain[100:130].mean(axis=0)
    assert min(below[45:55].min(), below[105:115].min()) < -1.0
    assert below[75:85].min() > -0.5


def test_nothing_behind_no_lesion() -> None:
    empty = np.zeros((50, 60), dtype=bool)
    assert not posterior_gain(np.random.default_rng(0), empty, through_db=-9.0).any()
    assert not edge_shadows(np.random.default_rng(0), empty, loss_db=9.0).any()


def test_cysts_enhance_and_dark_shadowing_cancers_shadow_in_the_picture(
    drawn: dict[LesionClass, list[Phantom]],
) -> None:
    behind = {True: [0.0], False: [0.0]}
    for label in LESIONS:
        for phantom in drawn[label]:
            through = phantom.lesions[0].through_db
            if abs(through) >= 7.0:
                behind[through > 0].append(step_behind(phantom))
    assert np.mean(behind[True][1:]) > 8.0
    assert np.mean(behind[False][1:]) < -8.0


def step_behind(phantom: Phantom) -> float:
    """Grey level below the lesion's middle, less that beside it at the same depth."""
    mask = phantom.masks[0]
    columns = np.flatnonzero(mask.any(axis=0))
    left, right = columns[0], columns[-1] + 1
    quarter = (right - left) // 4
    bottom = int(np.flatnonzero(mask.any(axis=1)).max())
    band = phantom.pixels[bottom + 4 : bottom + 34].astype(float)
    middle = band[:, left + quarter : right - quarter].mean()
    beside = np.hstack([band[:, max(0, left - 60) : left], band[:, right : right + 60]])
    return float(middle - beside.mean())


def test_grey_levels_resemble_busi(drawn: dict[LesionClass, list[Phantom]]) -> None:
    every = [p.pixels for phantoms in drawn.values() for p in phantoms]
    quantiles = np.mean([np.percentile(a, [5, 50, 95]) for a in every], axis=0)
    np.testing.assert_allclose(quantiles, [16, 78, 177], atol=18)


def test_no_single_grey_mean_decides_the_class(drawn: dict[LesionClass, list[Phantom]]) -> None:
    means = {k: [float(p.pixels.mean()) for p in v] for k, v in drawn.items()}
    for label in LESIONS:
        assert min(means[label]) < np.median(means[LesionClass.NORMAL]) < max(means[label])
