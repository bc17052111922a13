"""Typed settings: a preset or TOML file, then `--set section.key=value`, checked strictly.

An unknown key is an error that names the nearest key; a value of a wrong type or range is an
error that names the key. Each field below states its unit and range.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sonolesion.errors import ConfigError


class Section(BaseModel):
    """Settings that belong together: unknown keys, wrong types, nan and infinity are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


SectionType = TypeVar("SectionType", bound=Section)


class ModelSettings(Section):
    """Which network.

    "classic_unet" is the mission document's; `width` is the number of channels of its first block
    (the mission: 64). "encoder_unet" puts a light decoder on any timm `encoder`, from ImageNet
    weights when `pretrained` (needs the extra `backbones`).
    """

    name: Literal["classic_unet", "encoder_unet"] = "classic_unet"
    width: int = Field(64, ge=1, le=256)
    dropout_first: float = Field(0.5, ge=0.0, lt=1.0)
    dropout_second: float = Field(0.3, ge=0.0, lt=1.0)
    encoder: str = "tf_efficientnet_lite0"
    pretrained: bool = True


class OptimSettings(Section):
    """The optimiser and its schedule: cosine from `learning_rate` to `final_learning_rate`.

    The rate changes once per "epoch" (the mission's way) or with each "step", there after a rise
    over `warmup_epochs`. `ema_decay` above 0 keeps a moving average of the weights, which is what
    is validated and kept. `keep` "best" takes the epoch with the lowest validation loss and stops
    after `patience` epochs without a better one; "last" trains to the end, needs no validation
    part and takes the last weights. `clip_norm` 0 leaves gradients as they are.
    """

    epochs: int = Field(50, ge=1, le=10_000)
    batch_size: int = Field(16, ge=1, le=4096)
    learning_rate: float = Field(1e-3, gt=0.0, le=1.0)
    final_learning_rate: float = Field(1e-6, ge=0.0, le=1.0)
    weight_decay: float = Field(1e-5, ge=0.0, le=1.0)
    patience: int = Field(3, ge=1, le=10_000)
    optimizer: Literal["adam", "adamw"] = "adam"
    rate_per: Literal["epoch", "step"] = "epoch"
    warmup_epochs: float = Field(0.0, ge=0.0, le=1000.0)
    clip_norm: float = Field(0.0, ge=0.0)
    ema_decay: float = Field(0.0, ge=0.0, lt=1.0)
    keep: Literal["best", "last"] = "best"

    @model_validator(mode="after")
    def _warm_up_in_steps(self) -> Self:
        if self.warmup_epochs and self.rate_per == "epoch":
            raise ValueError("warmup_epochs needs rate_per = 'step'")
        return self


class LossSettings(Section):
    """Weighted sum of a Dice loss of the mask and a cross-entropy of the class.

    `dice_over` "batch" flattens the batch into one region (the mission's way), "image" averages
    one Dice per image, where an image without lesion is charged even for a small mark.
    `class_weights` "balanced" weighs each class by the inverse of its frequency in training.
    `miss_weight` above 0.5 charges missed pixels more than wrongly marked ones (Tversky, for
    "image"); `label_smoothing` takes that share from the true class.
    """

    mask_weight: float = Field(0.85, ge=0.0, le=1.0)
    class_weight: float = Field(0.15, ge=0.0, le=1.0)
    dice_over: Literal["batch", "image"] = "batch"
    class_weights: Literal["none", "balanced"] = "none"
    miss_weight: float = Field(0.5, gt=0.0, lt=1.0)
    label_smoothing: float = Field(0.0, ge=0.0, lt=1.0)


class DistillSettings(Section):
    """How much a network learns from teachers, where `train --teacher` gives some.

    `weight` is the share of the loss that compares with the teachers' mean answer; `temperature`
    softens their classes.
    """

    weight: float = Field(0.5, ge=0.0, le=1.0)
    temperature: float = Field(2.0, gt=0.0, le=100.0)


class SamplingSettings(Section):
    """How often a case is seen in an epoch.

    A data set (a class inside it) with n cases is drawn in proportion to n to the power of
    `dataset_power` (`class_power`): 1 takes each case once, 0 all of them equally often.
    `derived_weight` is how often a derived case (an erased lesion) comes for one real one.
    """

    dataset_power: float = Field(1.0, ge=0.0, le=1.0)
    class_power: float = Field(1.0, ge=0.0, le=1.0)
    derived_weight: float = Field(1.0, ge=0.0, le=100.0)


class AugmentSettings(Section):
    """Ranges from which one set of parameters per image and epoch is drawn; 0 turns one off.

    Angles in degrees, shift and shadow width as share of the image's side, gains as factors;
    `scale` .5 is 1/1.5 to 1.5 times the size, `stretch` the same for the width alone.
    `curve` to `marks_prob` give an image the look of another scanner: a bent grey curve, lower
    resolution, amplitudes or grey levels of another image (from another data set where there are
    several), and painted calipers and texts that say nothing of the class. `paste_prob` is how
    often an image without a lesion gets a patch: one half of them a lesion, which makes it a case
    of that lesion's class, one half plain tissue, which leaves it normal.
    """

    enabled: bool = False
    flip_prob: float = Field(0.5, ge=0.0, le=1.0)
    rotate_deg: float = Field(10.0, ge=0.0, le=180.0)
    scale: float = Field(0.15, ge=0.0, lt=1.0)
    stretch: float = Field(0.0, ge=0.0, lt=1.0)
    shift: float = Field(0.06, ge=0.0, lt=1.0)
    gain: float = Field(0.2, ge=0.0, lt=1.0)
    gamma: float = Field(0.25, ge=0.0, lt=1.0)
    depth_gain: float = Field(0.25, ge=0.0, lt=1.0)
    speckle: float = Field(0.12, ge=0.0, lt=1.0)
    shadow_prob: float = Field(0.15, ge=0.0, le=1.0)
    blur_prob: float = Field(0.15, ge=0.0, le=1.0)
    curve: float = Field(0.0, ge=0.0, le=0.25)
    resample_prob: float = Field(0.0, ge=0.0, le=1.0)
    style_prob: float = Field(0.0, ge=0.0, le=1.0)
    marks_prob: float = Field(0.0, ge=0.0, le=1.0)
    paste_prob: float = Field(0.0, ge=0.0, le=1.0)


class RuntimeSettings(Section):
    """Where and how to compute. "auto" precision is chosen by a short measurement.

    `checkpoint_every_s` is the longest time in seconds that a kill can cost.
    """

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    devices: int = Field(1, ge=1, le=1024)
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed"] = "auto"
    channels_last: bool = True
    workers: int = Field(0, ge=0, le=256)
    threads: int = Field(0, ge=0, le=1024)
    checkpoint_every_s: float = Field(120.0, ge=0.0)


class TrainSettings(Section):
    """All that decides a training run, with the mission document's values as defaults."""

    preset: str = "mission"
    seed: int = Field(42, ge=0, le=2**31 - 1)
    model: ModelSettings = ModelSettings()
    optim: OptimSettings = OptimSettings()
    loss: LossSettings = LossSettings()
    distill: DistillSettings = DistillSettings()
    sampling: SamplingSettings = SamplingSettings()
    augment: AugmentSettings = AugmentSettings()
    runtime: RuntimeSettings = RuntimeSettings()

    def equal_those(self, stored: object) -> bool:
        """Whether settings that `model_dump` wrote are these ones.

        A setting that came into being since has its default, which changes nothing.
        """
        try:
            return TrainSettings.model_validate(stored) == self
        except ValidationError:
            return False


def preset_names() -> tuple[str, ...]:
    """Names of the presets that the package ships."""
    folder = resources.files("sonolesion") / "presets"
    return tuple(sorted(p.name[:-5] for p in folder.iterdir() if p.name.endswith(".toml")))


def load_train_settings(
    preset: str = "mission", *, file: Path | None = None, overrides: Iterable[str] = ()
) -> TrainSettings:
    """Build settings: the preset, then the file's keys, then each override.

    Args:
        preset: one of `preset_names()`.
        file: TOML file whose sections are those of `TrainSettings`.
        overrides: "section.key=value" texts; the value is TOML, a bare word is taken as text.

    Raises:
        ConfigError: an unknown preset or key (the nearest is named), a value of a wrong type or
            out of range, or a file that is not TOML.

    >>> load_train_settings("mission", overrides=["optim.epochs=3"]).optim.epochs
    3
    """
    if preset not in preset_names():
        raise ConfigError(f"no preset {preset!r}; there are: {', '.join(preset_names())}.")
    text = (resources.files("sonolesion") / "presets" / f"{preset}.toml").read_text("utf-8")
    values: dict[str, Any] = {"preset": preset} | tomllib.loads(text)
    return load_settings(TrainSettings, file=file, overrides=overrides, base=values)


def load_settings(
    kind: type[SectionType],
    *,
    file: Path | None = None,
    overrides: Iterable[str] = (),
    base: Mapping[str, Any] | None = None,
) -> SectionType:
    """Build settings of a kind: what `base` says, then the file's keys, then each override.

    Args:
        kind: a `Section` whose fields are sections or values.
        file: TOML file with the fields of `kind`.
        overrides: "section.key=value" texts; the value is TOML, a bare word is taken as text.
        base: values that file and overrides go on top of.

    Raises:
        ConfigError: see `load_train_settings`.
    """
    values: dict[str, Any] = dict(base or {})
    if file is not None:
        values = _merge(values, _read_toml(file))
    for override in overrides:
        values = _merge(values, _parse_override(override))
    return parse_settings(kind, values)


def parse_train_settings(values: Mapping[str, Any]) -> TrainSettings:
    """Check a nested mapping strictly and return it as `TrainSettings`.

    Raises:
        ConfigError: see `load_train_settings`.
    """
    return parse_settings(TrainSettings, values)


def parse_settings(kind: type[SectionType], values: Mapping[str, Any]) -> SectionType:
    """Check a nested mapping strictly and return it as settings of a kind.

    Raises:
        ConfigError: see `load_train_settings`.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise ConfigError(" ".join(_explain(dict(e), kind) for e in error.errors())) from error


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not a TOML file ({error}).") from error


def _parse_override(text: str) -> dict[str, Any]:
    key, separator, value = text.partition("=")
    if not separator or not key.strip():
        raise ConfigError(f"--set takes section.key=value, got {text!r}.")
    try:
        parsed: Any = tomllib.loads(f"v = {value.strip()}")["v"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()
    for part in reversed(key.strip().split(".")):
        parsed = {part: parsed}
    return dict(parsed)


def _merge(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in top.items():
        old = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(old, Mapping)
        merged[key] = _merge(old, value) if both and isinstance(old, Mapping) else value
    return merged


def _explain(error: Mapping[str, Any], kind: type[Section]) -> str:
    path = ".".join(str(p) for p in error["loc"])
    if error["type"] != "extra_forbidden":
        return f"setting {path}: {error['msg'].lower()}, got {error['input']!r}."
    keys = _all_keys(kind)
    section, _, name = path.rpartition(".")
    siblings = {k.rpartition(".")[2]: k for k in keys if k.rpartition(".")[0] == section}
    near = difflib.get_close_matches(name, siblings, n=1)
    if near:
        return f"unknown setting {path!r}; did you mean {siblings[near[0]]!r}?"
    return f"unknown setting {path!r}; there are: {', '.join(siblings.values() or keys)}."


def _all_keys(kind: type[Section]) -> list[str]:
    keys: list[str] = []
    for name, field in kind.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            keys += [f"{name}.{inner}" for inner in section.model_fields]
        else:
            keys.append(name)
    return keys
