from __future__ import annotations

import json

import pytest

from sonolesion.config import load_train_settings, parse_train_settings, preset_names
from sonolesion.errors import ConfigError


def test_the_mission_preset_has_the_document_s_values():
    settings = load_train_settings("mission")
    assert settings.optim.model_dump() == {
        "epochs": 50, "batch_size": 16, "learning_rate": 1e-3, "final_learning_rate": 1e-6,
        "weight_decay": 1e-5, "patience": 3, "optimizer": "adam", "rate_per": "epoch",
        "warmup_epochs": 0.0, "clip_norm": 0.0, "ema_decay": 0.0, "keep": "best",
    }  # fmt: skip
    assert (settings.loss.mask_weight, settings.loss.class_weight) == (0.85, 0.15)
    assert (settings.model.dropout_first, settings.model.dropout_second) == (0.5, 0.3)
    assert not settings.augment.enabled


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_survives_a_round_trip(name):
    settings = load_train_settings(name)
    assert settings.preset == name
    assert parse_train_settings(settings.model_dump()) == settings


def test_file_then_overrides_win(tmp_path):
    file = tmp_path / "my.toml"
    file.write_text("seed = 7\n[optim]\nepochs = 9\nbatch_size = 2\n")
    settings = load_train_settings("classic", file=file, overrides=["optim.epochs=4"])
    assert (settings.seed, settings.optim.epochs, settings.optim.batch_size) == (7, 4, 2)
    assert settings.augment.enabled


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optim.epoch=3", r"unknown setting 'optim\.epoch'; did you mean 'optim\.epochs'\?"),
        ("optim.lr=3", r"there are: optim\.epochs, optim\.batch_size"),
        ("optim.epochs='three'", r"optim\.epochs: input should be a valid integer"),
        ("optim.epochs=-1", r"optim\.epochs: .*greater than or equal to 1"),
        ("optim.learning_rate=nan", r"optim\.learning_rate: .*finite"),
        ("augment.flip_prob=1.5", r"augment\.flip_prob"),
        ("epochs", r"--set takes section\.key=value"),
    ],
)
def test_a_wrong_setting_is_named(override, message):
    with pytest.raises(ConfigError, match=message):
        load_train_settings("mission", overrides=[override])


def test_an_unknown_preset_names_those_there_are():
    with pytest.raises(ConfigError, match="classic, flagship, mission, small"):
        load_train_settings("missing")


def test_a_broken_file_is_named(tmp_path):
    (tmp_path / "x.toml").write_text("[optim\n")
    with pytest.raises(ConfigError, match=r"x\.toml: not a TOML file"):
        load_train_settings("mission", file=tmp_path / "x.toml")


def test_settings_of_an_earlier_version_are_the_same_where_a_default_was_added():
    settings = load_train_settings("flagship")
    stored = json.loads(json.dumps(settings.model_dump()))
    assert settings.equal_those(stored)
    del stored["augment"]["stretch"]
    assert settings.equal_those(stored)
    stored["augment"]["scale"] = 0.5
    assert not settings.equal_those(stored)
    assert not settings.equal_those(None)
    assert not settings.equal_those({"unknown": 1})
