from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from prepared_folder import make_prepared_folder  # noqa: E402

from sonolesion.bundle import load_bundle  # noqa: E402
from sonolesion.config import load_train_settings  # noqa: E402
from sonolesion.errors import TrainingError  # noqa: E402
from sonolesion.imaging.geometry import ResizeMode  # noqa: E402
from sonolesion.inference.runtime import Session  # noqa: E402
from sonolesion.train import export  # noqa: E402
from sonolesion.train.checkpoint import save_best  # noqa: E402
from sonolesion.train.models import ClassicUNet, build_model  # noqa: E402

pytestmark = [pytest.mark.torch, pytest.mark.slow]


@pytest.fixture
def checkpoint(tmp_path):
    settings = load_train_settings("mission", overrides=["model.width=2"])
    torch.manual_seed(1)
    network = build_model(settings.model)
    save_best(
        tmp_path / "best_model.pth",
        model_state=network.state_dict(),
        about={"epoch": 1, "settings": settings.model_dump_json()},
    )
    return tmp_path / "best_model.pth", network.eval()


def test_the_bundle_computes_what_torch_does_at_any_batch_size(tmp_path, checkpoint):
    path, network = checkpoint
    manifest = make_prepared_folder(tmp_path / "data")
    bundle = export.bundle_from_checkpoint(path, tmp_path / "bundle", manifest=manifest)
    assert bundle.info.image_size_px == 32
    assert bundle.info.resize is ResizeMode.FIT
    assert bundle.info.training["split_hash"] == manifest.record.split_hash
    session = Session(load_bundle(tmp_path / "bundle"))
    for count in (1, 3):
        images = np.random.default_rng(count).random((count, 1, 32, 32), np.float32)
        with torch.no_grad():
            mask_logits, class_logits = network(torch.from_numpy(images))
        output = session.run(images)
        np.testing.assert_allclose(output.mask_logits, mask_logits[:, 0].numpy(), atol=1e-4)
        np.testing.assert_allclose(output.class_logits, class_logits.numpy(), atol=1e-4)


def test_a_graph_that_differs_is_refused(tmp_path, checkpoint, monkeypatch):
    path, _ = checkpoint
    other = ClassicUNet(width=2).eval()
    real = export.export_graph
    monkeypatch.setattr(export, "export_graph", lambda _network, info: real(other, info))
    manifest = make_prepared_folder(tmp_path / "data")
    with pytest.raises(TrainingError, match="export refused"):
        export.bundle_from_checkpoint(path, tmp_path / "bundle", manifest=manifest)
    assert not (tmp_path / "bundle").exists()


def test_a_checkpoint_of_another_split_is_refused(tmp_path):
    settings = load_train_settings("mission", overrides=["model.width=2"])
    save_best(
        tmp_path / "best_model.pth",
        model_state=build_model(settings.model).state_dict(),
        about={"settings": settings.model_dump_json(), "split_hash": "abc"},
    )
    manifest = make_prepared_folder(tmp_path / "data")
    with pytest.raises(TrainingError, match="trained on split abc"):
        export.bundle_from_checkpoint(
            tmp_path / "best_model.pth", tmp_path / "bundle", manifest=manifest
        )


def test_the_settings_travel_with_the_bundle(tmp_path, checkpoint):
    manifest = make_prepared_folder(tmp_path / "data")
    export.bundle_from_checkpoint(checkpoint[0], tmp_path / "bundle", manifest=manifest)
    training = json.loads((tmp_path / "bundle" / "bundle.json").read_text())["training"]
    assert training["settings"]["model"]["width"] == 2
    assert training["preset"] == "mission"
