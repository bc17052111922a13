from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from sonolesion.config import OptimSettings, load_train_settings  # noqa: E402
from sonolesion.errors import ConfigError  # noqa: E402
from sonolesion.train.optimizer import (  # noqa: E402
    WeightAverage,
    build_optimizer,
    learning_rate,
    set_rate,
)

pytestmark = pytest.mark.torch


def test_the_rate_rises_and_falls():
    optim = OptimSettings(epochs=12, learning_rate=1.0, final_learning_rate=0.0,
                          rate_per="step", warmup_epochs=2.0)  # fmt: skip
    assert learning_rate(optim, 0.0) == pytest.approx(0.04)
    assert learning_rate(optim, 1.0) == pytest.approx(0.52)
    assert learning_rate(optim, 2.0) == pytest.approx(1.0)
    assert learning_rate(optim, 7.0) == pytest.approx(0.5)
    assert learning_rate(optim, 12.0) == pytest.approx(0.0)


def test_a_rise_needs_a_rate_per_step():
    with pytest.raises(ConfigError, match="rate_per"):
        load_train_settings("mission", overrides=["optim.warmup_epochs=1.0"])


def test_the_average_follows_the_formula_and_leaves_the_weights():
    network = torch.nn.Linear(1, 1, bias=False)
    network.weight.data.fill_(0.0)
    average = WeightAverage(network, decay=0.5)
    seen = 0.0
    for step, value in enumerate((1.0, 2.0, 3.0)):
        network.weight.data.fill_(value)
        average.update()
        keep = min(0.5, (1 + step) / (10 + step))
        seen = keep * seen + (1 - keep) * value
    with average.applied():
        assert network.weight.item() == pytest.approx(seen)
    assert network.weight.item() == 3.0
    again = WeightAverage(network, decay=0.5)
    again.load_state_dict(average.state_dict())
    with again.applied():
        assert network.weight.item() == pytest.approx(seen)


def test_without_decay_nothing_is_averaged():
    network = torch.nn.Linear(1, 1)
    average = WeightAverage(network, decay=0.0)
    average.update()
    assert average.state_dict() == {"steps": 0}


@pytest.mark.parametrize(("name", "decayed"), [("adam", False), ("adamw", True)])
def test_weight_decay_is_decoupled_in_adamw_only(name, decayed):
    # with a gradient of zero AdamW still shrinks the weight, by rate * decay
    network = torch.nn.Linear(1, 1, bias=False)
    network.weight.data.fill_(1.0)
    optimizer = build_optimizer(
        network, OptimSettings(optimizer=name, learning_rate=0.1, weight_decay=0.5)
    )
    set_rate(optimizer, 0.2)
    network.weight.grad = torch.zeros_like(network.weight)
    optimizer.step()
    # Adam turns the decay into a gradient, whose size its own scaling takes away again
    assert network.weight.item() == pytest.approx(1.0 - 0.2 * 0.5 if decayed else 0.8, abs=1e-5)
