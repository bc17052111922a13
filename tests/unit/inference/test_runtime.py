from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tiny_bundle import SIZE_PX, make_bundle, make_gate, make_graph, make_info

from sonolesion.bundle import Bundle, write_bundle
from sonolesion.errors import BundleError, InvalidInputError
from sonolesion.inference.runtime import Session


def batch(count: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.random((count, 1, SIZE_PX, SIZE_PX), np.float32)


def test_shapes_and_types(tiny_bundle: Bundle) -> None:
    output = Session(tiny_bundle, threads=1).run(batch(2))
    assert output.mask_logits.shape == (2, SIZE_PX, SIZE_PX)
    assert output.class_logits.shape == (2, 3)
    assert output.mask_logits.dtype == output.class_logits.dtype == np.float32


def test_values_worked_out_by_hand(tiny_bundle: Bundle) -> None:
    flat = np.full((1, 1, SIZE_PX, SIZE_PX), 0.125, np.float32)
    output = Session(tiny_bundle, threads=1).run(flat)
    # away from the padded edge: min(40 * (.25 - .125), 400 * (.125 - .02)) = 5
    np.testing.assert_allclose(output.mask_logits[0, 8:-8, 8:-8], 5.0, rtol=1e-5)


def test_features_are_given_where_the_bundle_names_them(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "b", feature_output="features")
    output = Session(bundle, threads=1).run(batch(2))
    share = 1 / (1 + np.exp(-output.mask_logits.astype(np.float64)))
    expected = share.mean(axis=(1, 2))[:, None] * [1.0, -20.0, 10.0, 20.0]
    assert output.features is not None
    assert output.features.dtype == np.float32
    np.testing.assert_allclose(output.features, expected, rtol=1e-4)


def test_a_graph_may_have_features_that_nobody_asks_for(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b", make_info(), make_graph(with_features=True))
    assert Session(bundle, threads=1).run(batch(1)).features is None


def test_features_missing_or_of_another_length_are_named(
    tmp_path: Path, tiny_bundle: Bundle
) -> None:
    info = make_info(feature_output="features")
    without = write_bundle(tmp_path / "b", info, tiny_bundle.graph)
    with pytest.raises(BundleError, match=r"bundle.json names 'features' \(feature_output\)"):
        Session(without)
    gate = dataclasses.replace(
        make_gate(2.0), mean=np.zeros(3, np.float32), scale=np.ones(3, np.float32),
        directions=np.zeros((0, 3), np.float32),
    )  # fmt: skip
    with pytest.raises(BundleError, match=r"expected \(N, F\) with 3 features"):
        Session(make_bundle(tmp_path / "c", feature_output="features", feature_gate=gate))


def test_same_result_each_time_alone_and_in_a_batch(tiny_bundle: Bundle) -> None:
    session, images = Session(tiny_bundle, threads=2), batch(4)
    together = session.run(images)
    for index in range(4):
        alone = session.run(images[index : index + 1])
        np.testing.assert_array_equal(alone.mask_logits[0], together.mask_logits[index])
        np.testing.assert_array_equal(alone.class_logits[0], together.class_logits[index])


def test_may_run_in_several_threads(tiny_bundle: Bundle) -> None:
    session, images = Session(tiny_bundle, threads=1), batch(1)
    expected = session.run(images).class_logits
    with ThreadPoolExecutor(4) as pool:
        for output in pool.map(session.run, [images] * 20):
            np.testing.assert_array_equal(output.class_logits, expected)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((1, 1, SIZE_PX, SIZE_PX)),
        np.zeros((1, SIZE_PX, SIZE_PX), np.float32),
        np.zeros((1, 3, SIZE_PX, SIZE_PX), np.float32),
        np.zeros((1, 1, SIZE_PX, SIZE_PX + 1), np.float32),
    ],
)
def test_wrong_batch_is_refused(tiny_bundle: Bundle, wrong: np.ndarray) -> None:
    with pytest.raises(InvalidInputError, match=r"expected float32 \(B, 1, 64, 64\)"):
        Session(tiny_bundle, threads=1).run(wrong)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"input_name": "pixels"}, r"inputs are \['image'\], bundle.json names \['pixels'\]"),
        ({"mask_output": "mask"}, r"bundle.json names 'mask' \(mask_output\)"),
        ({"class_output": "label"}, r"bundle.json names 'label' \(class_output\)"),
        ({"image_size_px": 128}, r"image is tensor\(float\) .* expected .*\(N, 1, 128, 128\)"),
    ],
)
def test_fields_that_the_graph_does_not_keep(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    bundle = write_bundle(tmp_path / "b", make_info(**changes), make_graph())
    with pytest.raises(BundleError, match=message):
        Session(bundle)


def test_fixed_batch_is_refused(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b", make_info(), make_graph(batch=1))
    with pytest.raises(BundleError, match="with N left open"):
        Session(bundle)


def test_nan_weights_are_refused(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b", make_info(), make_graph(dark=float("nan")))
    with pytest.raises(BundleError, match="mask_logits holds nan"):
        Session(bundle, threads=1).run(batch(1))


def test_graph_that_the_runtime_refuses(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b", make_info(), make_graph(input_name="image"))
    broken = Bundle(bundle.info, bundle.graph[: len(bundle.graph) // 2], bundle.folder)
    with pytest.raises(BundleError, match=r"ONNX Runtime .* refuses it"):
        Session(broken)


@pytest.mark.parametrize("threads", [0, -1])
def test_threads_below_one(tiny_bundle: Bundle, threads: int) -> None:
    with pytest.raises(InvalidInputError, match="threads"):
        Session(tiny_bundle, threads=threads)
