from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_bundle import disc, make_bundle, make_gate, speckle_image
from tiny_decision import make_decision

import sonolesion
from sonolesion.bundle import Bundle, store
from sonolesion.bundle.decision import Presence
from sonolesion.errors import (
    BundleError,
    ImageSizeError,
    InvalidInputError,
    UnreadableImageError,
    UnsupportedImageError,
)
from sonolesion.imaging.geometry import ResizeMode
from sonolesion.inference import FailedInput, Predictor, load_predictor
from sonolesion.metrics.probability import softmax
from sonolesion.types import LesionClass, Prediction, UltrasoundImage


@pytest.fixture(scope="module")
def predictor(tiny_bundle: Bundle) -> Predictor:
    return Predictor(tiny_bundle, threads=1)


def save(path: Path, pixels: np.ndarray) -> Path:
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize(("height", "width"), [(128, 160), (300, 190), (120, 211)])
def test_lesion_is_found_where_it_is_at_the_images_own_size(
    predictor: Predictor, height: int, width: int
) -> None:
    prediction = predictor.predict(speckle_image(height, width, radius_px=height // 4))
    truth = disc(height, width, height // 4)
    dice = 2 * (prediction.mask & truth).sum() / (prediction.mask.sum() + truth.sum())
    assert prediction.mask.shape == prediction.lesion_prob.shape == (height, width)
    assert dice > 0.9
    assert prediction.mask_coverage == pytest.approx(prediction.mask.mean())


@pytest.mark.parametrize(
    ("radius_px", "label"),
    [(0, LesionClass.NORMAL), (25, LesionClass.BENIGN), (55, LesionClass.MALIGNANT)],
)
def test_class_follows_the_area(predictor: Predictor, radius_px: int, label: LesionClass) -> None:
    prediction = predictor.predict(speckle_image(128, 128, radius_px=radius_px))
    assert prediction.label is label
    assert prediction.class_prob.sum() == pytest.approx(1.0)
    assert prediction.confidence == prediction.class_prob.max()
    assert prediction.bundle == "tiny 0.1"
    assert prediction.seconds > 0


def test_file_bytes_array_colour_and_image_agree(predictor: Predictor, tmp_path: Path) -> None:
    pixels = speckle_image()
    path = save(tmp_path / "a.png", pixels)
    sources = [path, str(path), path.read_bytes(), pixels, np.stack([pixels] * 3, axis=2)]
    results = [predictor.predict(s) for s in (*sources, UltrasoundImage(pixels))]
    for result in results[1:]:
        np.testing.assert_array_equal(result.lesion_prob, results[0].lesion_prob)
        np.testing.assert_array_equal(result.class_prob, results[0].class_prob)
    names = [r.source for r in results]
    assert names == [str(path), str(path), "image bytes", "array", "array", "array"]
    assert predictor.predict(pixels, "mine").source == "mine"


def test_square_prediction_is_what_predict_starts_from(predictor: Predictor) -> None:
    image = UltrasoundImage(speckle_image())
    square, whole = predictor.predict_square(image), predictor.predict(image)
    assert square.lesion_prob.shape == (64, 64)
    assert square.class_logits.dtype == np.float64
    assert (square.fit.height_px, square.fit.width_px) == image.pixels.shape
    np.testing.assert_array_equal(square.class_prob, whole.class_prob)


def test_square_prediction_has_no_gate(predictor: Predictor) -> None:
    black = UltrasoundImage(np.zeros((40, 40), np.uint8))
    assert predictor.predict_square(black).class_prob.argmax() == 0
    with pytest.raises(UnsupportedImageError, match="no ultrasound content"):
        predictor.predict(black)


def test_temperature_threshold_and_resize_come_from_the_bundle(
    predictor: Predictor, tmp_path: Path
) -> None:
    image = UltrasoundImage(speckle_image())
    hot = Predictor(make_bundle(tmp_path / "hot", temperature=4.0), threads=1)
    plain = predictor.predict_square(image)
    np.testing.assert_allclose(
        hot.predict_square(image).class_prob, softmax(plain.class_logits, temperature=4.0)
    )
    strict = Predictor(make_bundle(tmp_path / "strict", mask_threshold=0.99), threads=1)
    assert strict.predict(image).mask.sum() < predictor.predict(image).mask.sum()
    squeeze = Predictor(make_bundle(tmp_path / "squeeze", resize=ResizeMode.SQUEEZE), threads=1)
    assert squeeze.predict_square(image).fit.content_height_px == 64
    assert plain.fit.content_height_px == 51


def test_contradiction_and_colour_are_remarked(predictor: Predictor) -> None:
    prediction = predictor.predict(speckle_image(256, 256, radius_px=20))
    assert prediction.label is LesionClass.NORMAL
    assert prediction.notes == (
        "outline and class disagreed: the class alone was normal, the outline alone marked "
        f"{prediction.mask_coverage:.1%} of the image",
    )
    assert prediction.disagreement
    colour = np.stack([speckle_image()] * 3, axis=2)
    colour[:20, :20] = (255, 0, 0)
    assert "2.0% of the pixels are coloured" in predictor.predict(colour).notes[0]


def test_an_image_far_from_the_training_data_is_remarked_and_unsure(tmp_path: Path) -> None:
    gated = {"feature_output": "features", "decision": make_decision()}
    near = make_bundle(tmp_path / "near", feature_gate=make_gate(20.0), **gated)
    far = make_bundle(tmp_path / "far", feature_gate=make_gate(1.0), **gated)
    image = UltrasoundImage(speckle_image(128, 128, radius_px=55))
    predictor = Predictor(far, threads=1)
    features = predictor.predict_square(image).features
    assert features is not None
    distance = np.sqrt(901) / 2 * features[0]
    ordinary, odd = Predictor(near, threads=1).predict(image), predictor.predict(image)
    remark = f"far from the training data (distance {distance:.2f}, ordinary up to 1.00)"
    assert [note for note in odd.notes if note not in ordinary.notes] == [remark]
    assert odd.unsure
    np.testing.assert_array_equal(odd.mask, ordinary.mask)
    np.testing.assert_array_equal(odd.class_prob, ordinary.class_prob)


def test_without_a_decision_there_is_no_set_and_no_alert(predictor: Predictor) -> None:
    prediction = predictor.predict(speckle_image(128, 128, radius_px=55))
    assert prediction.label is LesionClass.MALIGNANT
    assert prediction.prediction_set == ()
    assert (prediction.unsure, prediction.malignant_alert) == (False, False)
    assert not prediction.disagreement
    square = predictor.predict_square(UltrasoundImage(speckle_image(128, 128, radius_px=55)))
    assert prediction.class_logits is not None
    np.testing.assert_array_equal(prediction.class_logits, square.class_logits)
    highest = np.sort(square.lesion_prob, axis=None)[-4:]  # a thousandth of 4096 pixels
    assert prediction.lesion_peak == pytest.approx(highest.mean())


def decide(tmp_path: Path, name: str, **presence: float) -> Predictor:
    """The tiny bundle with a decision whose presence has these weights."""
    weights = {"intercept": 0.0, "class_weight": 1.0, "peak_weight": 1.0} | presence
    decision = make_decision(presence=Presence(**weights, n_lesion=60, n_normal=20))
    return Predictor(make_bundle(tmp_path / name, decision=decision), threads=1)


def test_the_outline_overrules_the_class_where_the_decision_says_so(
    predictor: Predictor, tmp_path: Path
) -> None:
    image = speckle_image(256, 256, radius_px=20)  # a mark that the class head calls normal
    alone = predictor.predict(image)
    joint = decide(tmp_path, "joint", peak_weight=5.0).predict(image)
    assert alone.label is LesionClass.NORMAL
    assert joint.label is LesionClass.BENIGN
    assert alone.disagreement
    assert joint.disagreement
    np.testing.assert_array_equal(joint.mask, alone.mask)
    np.testing.assert_array_equal(joint.lesion_prob, alone.lesion_prob)
    z, peak = joint.class_logits, joint.lesion_peak
    assert z is not None
    assert peak is not None
    odds = np.exp(np.logaddexp(z[1], z[2]) - z[0]) * (peak / (1 - peak)) ** 5
    assert joint.class_prob[0] == pytest.approx(1 / (1 + odds))
    assert joint.class_prob[2] / joint.class_prob[1] == pytest.approx(np.exp(z[2] - z[1]))


def test_no_lesion_empties_the_mask(tmp_path: Path) -> None:
    image = speckle_image(128, 128, radius_px=25)
    joint = decide(tmp_path, "never", intercept=-1000.0).predict(image)
    assert joint.label is LesionClass.NORMAL
    assert not joint.mask.any()
    assert joint.mask_coverage == 0.0
    assert joint.lesion_prob.max() > 0.9


def test_a_lesion_without_a_pixel_at_the_threshold_is_marked_at_half_its_peak(
    tmp_path: Path,
) -> None:
    image = speckle_image(128, 128, radius_px=0)
    joint = decide(tmp_path, "always", intercept=1000.0).predict(image)
    assert joint.label is not LesionClass.NORMAL
    assert joint.lesion_prob.max() < 0.5
    np.testing.assert_array_equal(joint.mask, joint.lesion_prob >= 0.5 * joint.lesion_prob.max())
    assert 0 < joint.mask.sum() < joint.mask.size
    assert joint.mask_coverage == pytest.approx(joint.mask.mean())


def test_an_unsure_answer_says_why(tmp_path: Path) -> None:
    # z = (0, 2.5, 2) or so: benign or malignant, both above their least probability
    image = speckle_image(128, 128, radius_px=36)
    joint = decide(tmp_path, "torn").predict(image)
    assert joint.prediction_set == (LesionClass.BENIGN, LesionClass.MALIGNANT)
    assert joint.unsure
    assert joint.malignant_alert
    assert joint.notes == ("unsure, have it read: could be benign or malignant",)
    clear = decide(tmp_path, "clear").predict(speckle_image(128, 128, radius_px=0))
    assert clear.prediction_set == (LesionClass.NORMAL,)
    assert (clear.unsure, clear.malignant_alert, clear.notes) == (False, False, ())


def test_predict_many_gives_one_result_per_source_in_order(
    predictor: Predictor, tmp_path: Path
) -> None:
    good = save(tmp_path / "good.png", speckle_image())
    (tmp_path / "text.png").write_text("no image")
    sources = [good, tmp_path / "missing.png", tmp_path / "text.png", np.zeros((9, 9), np.uint8)]
    results = list(predictor.predict_many([*sources, good]))
    assert [type(r) for r in results] == [Prediction, *[FailedInput] * 3, Prediction]
    errors = [r.error for r in results if isinstance(r, FailedInput)]
    assert [type(e) for e in errors] == [UnreadableImageError] * 2 + [ImageSizeError]


def test_predict_many_can_raise(predictor: Predictor, tmp_path: Path) -> None:
    results = predictor.predict_many([tmp_path / "missing.png"], on_error="raise")
    with pytest.raises(UnreadableImageError):
        next(results)
    with pytest.raises(InvalidInputError, match="on_error"):
        predictor.predict_many([], on_error="ignore")  # type: ignore[arg-type]


def test_load_predictor_takes_a_folder_or_the_default(
    tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_predictor(tiny_bundle.folder, threads=1).info == tiny_bundle.info
    monkeypatch.setattr(store, "SHIPPED_FOLDER", tiny_bundle.folder.parent / "none")
    with pytest.raises(BundleError, match=f"no bundle '{store.DEFAULT_BUNDLE}'"):
        load_predictor()


def test_predicting_imports_neither_torch_nor_matplotlib(
    tiny_bundle: Bundle, tmp_path: Path
) -> None:
    path = save(tmp_path / "a.png", speckle_image())
    code = (
        "import sys\n"
        "for name in ('torch', 'onnx', 'matplotlib'): sys.modules[name] = None\n"
        "from sonolesion.inference import load_predictor\n"
        "bundle, path = sys.argv[1:]\n"
        "print(load_predictor(bundle, threads=1).predict(path).label)\n"
    )
    command = [sys.executable, "-c", code, str(tiny_bundle.folder), str(path)]
    source = str(Path(sonolesion.__file__).parents[1])
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": source}
    )
    assert done.stdout.strip() == "benign"
    assert done.stderr == ""


def test_the_result_holds_the_measured_lesions(predictor: Predictor) -> None:
    image = UltrasoundImage(speckle_image(128, 128, radius_px=30), spacing_mm=(0.1, 0.1))
    prediction = predictor.predict(image)
    assert prediction.measured is not None
    assert prediction.measured.spacing_mm == (0.1, 0.1)
    (lesion,) = prediction.lesions
    assert lesion.size.area_px == prediction.mask.sum()
    assert lesion.size.longest_mm == pytest.approx(6.0, rel=0.1)
    assert lesion.size_range is not None
    assert lesion.size_range.low.longest_px <= lesion.size.longest_px
    assert lesion.draft.shape.word is not None
    assert "Draft" in lesion.draft.notice


def test_without_a_scale_nothing_is_in_mm(predictor: Predictor) -> None:
    (lesion,) = predictor.predict(speckle_image(128, 128, radius_px=30)).lesions
    assert lesion.size.longest_mm is lesion.size.area_mm2 is None
    assert lesion.size.longest_px == pytest.approx(60, rel=0.1)


def test_an_empty_mask_has_no_lesion_but_was_measured(predictor: Predictor) -> None:
    prediction = predictor.predict(speckle_image(128, 128, radius_px=0))
    assert prediction.measured is not None
    assert prediction.lesions == ()


def test_measuring_can_be_switched_off(tiny_bundle: Bundle) -> None:
    quick = Predictor(tiny_bundle, threads=1, measure=False)
    prediction = quick.predict(speckle_image(128, 128, radius_px=30))
    assert prediction.measured is None
    assert prediction.lesions == ()
    assert prediction.mask.any()


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "RGBA", "1", "I;16"])
def test_a_pillow_image_is_read_as_its_file(
    predictor: Predictor, tmp_path: Path, mode: str
) -> None:
    grey = Image.fromarray(speckle_image())
    if mode == "I;16":
        image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    else:
        image = grey.convert(mode)
    image.save(tmp_path / "a.png")
    direct, file = predictor.attempt(image), predictor.attempt(tmp_path / "a.png")
    assert direct.source == "image"
    if isinstance(file, FailedInput):  # one bit: no ultrasound
        assert isinstance(direct, FailedInput)
        assert type(direct.error) is type(file.error)
        return
    assert not isinstance(direct, FailedInput)
    np.testing.assert_array_equal(direct.lesion_prob, file.lesion_prob)
