"""A bundle whose graph can be worked out by hand, and images for it.

The graph smooths (5x5 mean), calls dark but not black pixels lesion, and reads the class from
the share of the square that is lesion: 0 is normal, .1 benign, .4 malignant. Its features, where
it has them, are that share once and times -20, 10 and 20.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from sonolesion.bundle import Bundle, BundleInfo, write_bundle
from sonolesion.bundle.gate import FeatureGate
from sonolesion.bundle.int8 import Int8Form

SIZE_PX = 64


def make_info(**changes: object) -> BundleInfo:
    info = BundleInfo(
        name="tiny",
        version="0.1",
        created="2026-11-30",
        description="Calls dark regions lesion.",
        licence="Apache-2.0",
        intended_use="Tests only.",
        image_size_px=SIZE_PX,
        training={"preset": "none", "seed": 0},
        figures={"dice": 0.9},
    )
    return dataclasses.replace(info, **changes)  # type: ignore[arg-type]


def make_model(
    *,
    size_px: int = SIZE_PX,
    batch: str | int = "N",
    input_name: str = "image",
    mask_output: str = "mask_logits",
    dark: float = 0.25,
    op_domain: str = "",
    opset: int = 18,
    with_features: bool = False,
) -> onnx.ModelProto:
    def constant(name: str, values: object, shape: tuple[int, ...]) -> onnx.TensorProto:
        return numpy_helper.from_array(np.array(values, np.float32).reshape(shape), name)

    nodes = [
        helper.make_node(
            "AveragePool", [input_name], ["smooth"], kernel_shape=[5, 5], pads=[2, 2, 2, 2]
        ),
        helper.make_node("Sub", ["dark", "smooth"], ["darkness"]),
        helper.make_node("Mul", ["darkness", "steep"], ["is_dark"]),
        helper.make_node("Sub", ["smooth", "black"], ["lightness"]),
        helper.make_node("Mul", ["lightness", "steeper"], ["not_black"]),
        helper.make_node("Min", ["is_dark", "not_black"], [mask_output]),
        helper.make_node("Sigmoid", [mask_output], ["prob"], domain=op_domain),
        helper.make_node("GlobalAveragePool", ["prob"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["area"]),
        helper.make_node("Mul", ["area", "gain"], ["scaled"]),
        helper.make_node("Add", ["scaled", "bias"], ["class_logits"]),
    ]
    outputs = [("class_logits", 3)]
    if with_features:
        nodes.append(helper.make_node("Concat", ["area", "scaled"], ["features"], axis=1))
        outputs.append(("features", 4))
    shape = [batch, 1, size_px, size_px]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(input_name, TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info(mask_output, TensorProto.FLOAT, shape),
            *(
                helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, width])
                for name, width in outputs
            ),
        ],
        [
            constant("dark", dark, (1,)),
            constant("steep", 40.0, (1,)),
            constant("black", 0.02, (1,)),
            constant("steeper", 400.0, (1,)),
            constant("gain", [-20.0, 10.0, 20.0], (1, 3)),
            constant("bias", [2.0, 0.0, -3.0], (1, 3)),
        ],
    )
    opsets = [helper.make_opsetid("", opset)]
    if op_domain:
        opsets.append(helper.make_opsetid(op_domain, 1))
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def make_graph(**choices: object) -> bytes:
    return bytes(make_model(**choices).SerializeToString())  # type: ignore[arg-type]


def make_bundle(folder: Path, **changes: object) -> Bundle:
    info = make_info(**changes)
    return write_bundle(folder, info, make_graph(with_features=info.feature_output is not None))


INT8_SHIFT = 0.01


def make_int8_graph() -> bytes:
    """A stand-in for an int8 form: lacks the weights, and adds .01 to the first class logit."""
    model = make_model()
    kept = [t for t in model.graph.initializer if t.name == "bias"]
    del model.graph.initializer[:]
    values = numpy_helper.to_array(kept[0]) + np.array([[INT8_SHIFT, 0, 0]], np.float32)
    model.graph.initializer.append(numpy_helper.from_array(values, "shifted"))
    next(n for n in model.graph.node if n.input[-1] == "bias").input[-1] = "shifted"
    return bytes(model.SerializeToString())


def make_int8_bundle(folder: Path, *, probe_error: float = 0.0, **changes: object) -> Bundle:
    """The tiny bundle with an int8 form; `probe_error` is how far its stored probe is off."""
    from sonolesion.bundle.int8 import probe_image
    from sonolesion.inference.runtime import Session

    probe = probe_image(SIZE_PX)[np.newaxis, np.newaxis]
    logits = Session(make_bundle(folder, **changes), threads=1).run(probe).class_logits[0]
    form = Int8Form(
        onnx_sha256="",
        n_images=2,
        split_hash="0" * 12,
        class_logit_change=INT8_SHIFT,
        mask_change=0.0,
        probe_logits=tuple(
            (logits + np.array([INT8_SHIFT + probe_error, 0, 0], np.float32)).tolist()
        ),
    )
    return write_bundle(folder, make_info(**changes, int8=form), make_graph(), make_int8_graph())


def make_gate(threshold: float) -> FeatureGate:
    """The distance of the tiny bundle's features is half of the share times sqrt(901)."""
    return FeatureGate(
        mean=np.zeros(4, np.float32),
        scale=np.ones(4, np.float32),
        directions=np.zeros((0, 4), np.float32),
        variances=np.zeros(0, np.float32),
        residual_variance=1.0,
        threshold=threshold,
        n_fit=50,
        n_held_out=50,
    )


def speckle_image(
    height: int = 128, width: int = 160, *, radius_px: int = 25, seed: int = 0
) -> NDArray[np.uint8]:
    """Bright speckle with one dark disc in the middle; radius 0 for none. uint8 (H, W).

    Its grain lies in the rows, as an ultrasound beam is wider than it is deep.
    """
    noise = np.random.default_rng(seed).rayleigh(1.0, (height + 1, width + 6))
    smooth = np.mean(
        [noise[r : r + height, c : c + width] for r in range(2) for c in range(7)], axis=0
    )
    level = np.where(disc(height, width, radius_px), 20.0, 130.0)
    return np.clip(level * smooth / 1.25, 0, 255).astype(np.uint8)


def disc(height: int, width: int, radius_px: int) -> NDArray[np.bool_]:
    rows, cols = np.ogrid[:height, :width]
    return np.asarray((rows - height / 2 + 0.5) ** 2 + (cols - width / 2 + 0.5) ** 2 < radius_px**2)


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return make_bundle(tmp_path_factory.mktemp("bundles") / "tiny")
