from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from prepared_folder import make_prepared_folder  # noqa: E402

from sonolesion.bundle import int8_bundle, load_bundle  # noqa: E402
from sonolesion.bundle.decision import measure_peak  # noqa: E402
from sonolesion.bundle.int8 import probe_image  # noqa: E402
from sonolesion.calibration import (  # noqa: E402
    Calibration,
    HeldOut,
    calibration,
    fit_decision,
    fit_feature_gate,
    read_calibration,
    write_calibration,
)
from sonolesion.config import load_train_settings  # noqa: E402
from sonolesion.errors import InvalidInputError, TrainingError  # noqa: E402
from sonolesion.files import sha256_file  # noqa: E402
from sonolesion.imaging.geometry import ResizeMode  # noqa: E402
from sonolesion.imaging.read import read_image  # noqa: E402
from sonolesion.inference import Predictor  # noqa: E402
from sonolesion.inference.runtime import Session  # noqa: E402
from sonolesion.train import export, int8_change  # noqa: E402
from sonolesion.train.checkpoint import load_model_state, save_best  # noqa: E402
from sonolesion.train.models import ClassicUNet, build_model  # noqa: E402
from sonolesion.types import CLASS_INDEX  # noqa: E402

pytestmark = [pytest.mark.torch, pytest.mark.slow]


@pytest.fixture
def checkpoint(tmp_path):
    settings = load_train_settings("mission", overrides=["model.width=2"])
    torch.manual_seed(1)
    network = build_model(settings.model)
    save_best(
        tmp_path / "best_model.pth",
        model_state=network.state_dict(),
        about={
            "epoch": 1,
            "settings": settings.model_dump_json(),
            "image_size_px": 32,
            "resize": "fit",
        },
    )
    return tmp_path / "best_model.pth", network.eval()


def test_the_bundle_computes_what_torch_does_at_any_batch_size(tmp_path, checkpoint):
    path, network = checkpoint
    manifest = make_prepared_folder(tmp_path / "data")
    bundle = export.bundle_from_checkpoints([path], tmp_path / "bundle", manifest=manifest)
    assert bundle.info.image_size_px == 32
    assert bundle.info.resize is ResizeMode.FIT
    assert bundle.info.training["split_hash"] == manifest.record.split_hash
    session = Session(load_bundle(tmp_path / "bundle"))
    for count in (1, 3):
        images = np.random.default_rng(count).random((count, 1, 32, 32), np.float32)
        with torch.no_grad():
            ours = network(torch.from_numpy(images))
        output = session.run(images)
        np.testing.assert_allclose(output.mask_logits, ours.mask_logits[:, 0].numpy(), atol=1e-4)
        np.testing.assert_allclose(output.class_logits, ours.class_logits.numpy(), atol=1e-4)
        assert output.features.shape == (count, 32)  # 16 times the width of 2
        np.testing.assert_allclose(output.features, ours.features.numpy(), atol=1e-4)


def test_a_graph_that_differs_is_refused(tmp_path, checkpoint, monkeypatch):
    path, _ = checkpoint
    other = ClassicUNet(width=2).eval()
    real = export.export_graph
    monkeypatch.setattr(export, "export_graph", lambda _network, info, **_: real(other, info))
    manifest = make_prepared_folder(tmp_path / "data")
    with pytest.raises(TrainingError, match="export refused"):
        export.bundle_from_checkpoints([path], tmp_path / "bundle", manifest=manifest)
    assert not (tmp_path / "bundle").exists()


def test_features_that_differ_are_refused(tmp_path, checkpoint, monkeypatch):
    real = export.export_graph

    def with_other_features(network, info, **choices):
        forward = network.forward
        network.forward = lambda images: forward(images)._replace(
            features=forward(images).features + 0.01
        )
        graph = real(network, info, **choices)
        network.forward = forward
        return graph

    monkeypatch.setattr(export, "export_graph", with_other_features)
    with pytest.raises(TrainingError, match="export refused: the features of torch"):
        export.bundle_from_checkpoints([checkpoint[0]], tmp_path / "bundle")


def test_the_gate_of_a_network_goes_into_its_bundle_only(tmp_path, checkpoint):
    path, _ = checkpoint
    features = np.random.default_rng(0).normal(size=(120, 32))
    gate = fit_feature_gate(features[:60], features[60:])
    given = Calibration(
        temperature=1.0, decision=None, note="", feature_gates={sha256_file(path): gate}
    )
    write_calibration(tmp_path / "calibration.json", given)
    read = read_calibration(tmp_path / "calibration.json")
    bundle = export.bundle_from_checkpoints([path], tmp_path / "bundle", calibration=read)
    assert bundle.info.feature_gate is not None
    assert bundle.info.feature_gate.threshold == gate.threshold
    assert load_bundle(tmp_path / "bundle").info.feature_gate is not None
    state, about = load_model_state(path)
    save_best(tmp_path / "other.pth", model_state=state, about=about | {"epoch": 2})
    other = export.bundle_from_checkpoints(
        [tmp_path / "other.pth", path], tmp_path / "other", calibration=read
    )
    assert other.info.feature_gate is None


def test_a_calibration_from_before_the_gates_is_read(tmp_path):
    values = {"temperature": 2.0, "decision": None, "note": "", "split_hash": "ab"}
    (tmp_path / "c.json").write_text(json.dumps(values), "utf-8")
    assert read_calibration(tmp_path / "c.json").feature_gates == {}


def test_a_checkpoint_of_another_split_is_refused(tmp_path):
    settings = load_train_settings("mission", overrides=["model.width=2"])
    save_best(
        tmp_path / "best_model.pth",
        model_state=build_model(settings.model).state_dict(),
        about={"settings": settings.model_dump_json(), "split_hash": "abc"},
    )
    manifest = make_prepared_folder(tmp_path / "data")
    with pytest.raises(TrainingError, match="trained on split abc"):
        export.bundle_from_checkpoints(
            [tmp_path / "best_model.pth"], tmp_path / "bundle", manifest=manifest
        )


def test_the_settings_travel_with_the_bundle(tmp_path, checkpoint):
    manifest = make_prepared_folder(tmp_path / "data")
    export.bundle_from_checkpoints([checkpoint[0]], tmp_path / "bundle", manifest=manifest)
    training = json.loads((tmp_path / "bundle" / "bundle.json").read_text())["training"]
    assert training["settings"]["model"]["width"] == 2
    assert training["preset"] == "mission"


def test_several_checkpoints_answer_with_their_mean_in_half_the_space(tmp_path, checkpoint):
    path, network = checkpoint
    _, about = load_model_state(path)
    torch.manual_seed(2)
    other = build_model(load_train_settings("mission", overrides=["model.width=2"]).model).eval()
    save_best(tmp_path / "other.pth", model_state=other.state_dict(), about=about)
    both = [path, tmp_path / "other.pth"]
    whole = export.bundle_from_checkpoints(both, tmp_path / "whole")
    half = export.bundle_from_checkpoints(both, tmp_path / "half", half_weights=True)
    assert half.info.training["members"] == 2
    assert "mean of 2 networks" in half.info.description
    assert len(half.graph) < len(whole.graph)
    images = np.random.default_rng(0).random((1, 1, 32, 32), np.float32)
    with torch.no_grad():
        alone = [
            member(torch.from_numpy(images)).class_logits.numpy() for member in (network, other)
        ]
        first = network(torch.from_numpy(images)).features.numpy()
    mean = (alone[0] + alone[1]) / 2
    np.testing.assert_allclose(Session(whole).run(images).class_logits, mean, atol=1e-4)
    np.testing.assert_allclose(Session(whole).run(images).features, first, atol=1e-4)
    np.testing.assert_allclose(Session(half).run(images).class_logits, mean, atol=0.02)


def test_a_mirrored_bundle_answers_for_both_sides(tmp_path, checkpoint):
    path, network = checkpoint
    bundle = export.bundle_from_checkpoints([path], tmp_path / "bundle", mirror=True)
    assert bundle.info.training["mirror"] is True
    assert bundle.info.description.endswith("32 px, each image and its mirror image.")
    images = np.random.default_rng(0).random((3, 1, 32, 32), np.float32)
    session = Session(bundle)
    output, turned = session.run(images), session.run(images[..., ::-1].copy())
    with torch.no_grad():
        plain = network(torch.from_numpy(images))
        other = network(torch.from_numpy(images[..., ::-1].copy()))
    mask = (plain.mask_logits[:, 0].numpy() + other.mask_logits[:, 0].numpy()[..., ::-1]) / 2
    classes = (plain.class_logits + other.class_logits).numpy() / 2
    np.testing.assert_allclose(output.mask_logits, mask, atol=1e-4)
    np.testing.assert_allclose(output.class_logits, classes, atol=1e-4)
    np.testing.assert_allclose(output.features, plain.features.numpy(), atol=1e-4)
    np.testing.assert_allclose(turned.class_logits, output.class_logits, atol=1e-5)
    np.testing.assert_allclose(turned.mask_logits, output.mask_logits[..., ::-1], atol=1e-5)


def with_split(path, out, split_hash):
    """The checkpoint as one that was trained on a split."""
    state, about = load_model_state(path)
    save_best(out, model_state=state, about=about | {"split_hash": split_hash})
    return out


@pytest.fixture
def loose_limits(monkeypatch):
    """A network with random weights changes by more than a trained one may."""
    monkeypatch.setattr(int8_change, "MAX_MASK_CHANGE", 1.0)
    monkeypatch.setattr(int8_change, "MAX_CLASS_LOGIT_CHANGE", 10.0)


@pytest.mark.parametrize("mirror", [False, True])
def test_an_int8_form_is_measured_on_training_cases_alone(
    tmp_path, checkpoint, loose_limits, monkeypatch, mirror
):
    manifest = make_prepared_folder(tmp_path / "data", count=30)
    trained = with_split(checkpoint[0], tmp_path / "t.pth", manifest.record.split_hash)
    seen = []
    real = export.load_part
    monkeypatch.setattr(
        export, "load_part", lambda m, rows, part: seen.extend(rows) or real(m, rows, part)
    )
    made = export.bundle_from_checkpoints(
        [trained, trained], tmp_path / "bundle", int8_from=[manifest], half_weights=True,
        mirror=mirror,
    )  # fmt: skip
    assert {row.part for row in seen} == {"train"}
    assert len(seen) == len(manifest.part("train")) == 18
    bundle = load_bundle(tmp_path / "bundle")
    assert bundle == made
    assert bundle.info.int8.n_images == 18
    assert bundle.info.int8.split_hash == manifest.record.split_hash
    rounded = Session(int8_bundle(bundle), threads=1)
    found = rounded.run(probe_image(32)[None, None])
    np.testing.assert_allclose(found.class_logits[0], bundle.info.int8.probe_logits, atol=1e-3)
    whole = Session(bundle, threads=1).run(probe_image(32)[None, None])
    assert found.features.shape == whole.features.shape
    scale = np.abs(whole.features).max()
    np.testing.assert_allclose(found.features, whole.features, atol=0.2 * scale)


def test_an_int8_form_from_data_of_another_split_is_refused(tmp_path, checkpoint):
    manifest = make_prepared_folder(tmp_path / "data")
    trained = with_split(checkpoint[0], tmp_path / "t.pth", "0123456789ab")
    with pytest.raises(InvalidInputError, match="trained on split 0123456789ab, which"):
        export.bundle_from_checkpoints([trained], tmp_path / "bundle", int8_from=[manifest])
    assert not (tmp_path / "bundle").exists()


def test_an_int8_form_that_changes_too_much_is_refused(tmp_path, checkpoint, monkeypatch):
    monkeypatch.setattr(int8_change, "MAX_CLASS_LOGIT_CHANGE", -1.0)
    monkeypatch.setattr(int8_change, "MAX_MASK_CHANGE", 1.0)
    manifest = make_prepared_folder(tmp_path / "data")
    trained = with_split(checkpoint[0], tmp_path / "t.pth", manifest.record.split_hash)
    with pytest.raises(TrainingError, match=r"int8 refused: it changes .* Export without --int8"):
        export.bundle_from_checkpoints([trained], tmp_path / "bundle", int8_from=[manifest])


def test_checkpoints_of_two_sizes_are_refused(tmp_path, checkpoint):
    path, _ = checkpoint
    state, about = load_model_state(path)
    save_best(tmp_path / "b.pth", model_state=state, about=about | {"image_size_px": 64})
    with pytest.raises(InvalidInputError, match="one size"):
        export.bundle_from_checkpoints([path, tmp_path / "b.pth"], tmp_path / "bundle")
    with pytest.raises(InvalidInputError, match="none"):
        export.bundle_from_checkpoints([], tmp_path / "bundle")


def test_a_given_calibration_goes_into_the_bundle(tmp_path, checkpoint):
    given = Calibration(temperature=2.5, decision=None, note="out of fold", split_hash="abc")
    write_calibration(tmp_path / "calibration.json", given)
    read = read_calibration(tmp_path / "calibration.json")
    assert read == given
    manifest = make_prepared_folder(tmp_path / "data")
    bundle = export.bundle_from_checkpoints(
        [checkpoint[0]], tmp_path / "bundle", manifest=manifest, calibration=read
    )
    assert bundle.info.temperature == 2.5
    assert bundle.info.training["decision"] == "out of fold"


def test_held_out_cases_fit_temperature_and_decision(tmp_path, checkpoint, monkeypatch):
    monkeypatch.setattr(calibration, "MIN_NORMALS", 12)
    manifest = make_prepared_folder(tmp_path / "data", count=180)
    bundle = export.bundle_from_checkpoints([checkpoint[0]], tmp_path / "bundle", manifest=manifest)
    decision = bundle.info.decision
    assert decision is not None
    assert decision.sets.n == (12, 12, 12)
    assert (decision.presence.n_lesion, decision.presence.n_normal) == (24, 12)
    assert "fitted on 12 normal, 12 benign, 12 malignant" in bundle.info.training["decision"]
    assert load_bundle(tmp_path / "bundle").info == bundle.info
    # the same numbers come out of what the shipped graph gives through the predictor
    predictor, val = Predictor(bundle, threads=1), manifest.part("val")
    peaks = []
    for row in val:
        image = read_image(manifest.folder / row.processed_image)
        peaks.append(measure_peak(predictor.predict_square(image).lesion_prob))
    logits = np.array(
        [
            predictor.predict_square(read_image(manifest.folder / r.processed_image)).class_logits
            for r in val
        ]
    )
    labels = np.array([CLASS_INDEX[row.label] for row in val])
    groups = np.array([row.group for row in val])
    temperature, again = fit_decision(HeldOut(logits, np.array(peaks), labels, groups))
    assert bundle.info.temperature == pytest.approx(temperature, rel=1e-3)
    assert decision.presence.intercept == pytest.approx(again.presence.intercept, abs=1e-2)
    assert decision.sets.min_prob == pytest.approx(again.sets.min_prob, abs=1e-3)


def test_too_few_normals_give_no_decision_and_a_note(tmp_path, checkpoint):
    manifest = make_prepared_folder(tmp_path / "data")
    bundle = export.bundle_from_checkpoints([checkpoint[0]], tmp_path / "bundle", manifest=manifest)
    assert bundle.info.decision is None
    assert "needs 30 normals" in bundle.info.training["decision"]
    assert "got 1 normal, 1 benign, 1 malignant" in bundle.info.training["decision"]


def test_without_data_there_is_neither_temperature_nor_decision(tmp_path, checkpoint):
    bundle = export.bundle_from_checkpoints([checkpoint[0]], tmp_path / "bundle")
    assert (bundle.info.temperature, bundle.info.decision) == (1.0, None)
    assert "decision" not in bundle.info.training
