"""One training step of the classic network: as `sonolesion train` takes it, against plain PyTorch.

The plain step is what a first version of such a program does: fp32, contiguous memory. Ours is
channels_last in the precision that `runtime.precision = "auto"` chooses on this machine, with freed
memory kept (the allocator's setting holds for a whole process).

    python benchmarks/train_step.py [--batch 4] [--pairs 5] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import platform
from functools import partial
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor
from turns import Step, ratio_figures, time_turns

from sonolesion.config import load_train_settings
from sonolesion.train.allocator import keep_freed_memory
from sonolesion.train.losses import MultiTaskLoss
from sonolesion.train.models import build_model
from sonolesion.train.optimizer import build_optimizer
from sonolesion.train.precision import build_precision_plugin, choose_device, choose_precision


def make_batch(batch: int, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Noise images, a tenth of each marked, and labels."""
    torch.manual_seed(1)
    shape = (batch, 1, size, size)
    return torch.rand(shape), (torch.rand(shape) > 0.9).to(torch.uint8), torch.arange(batch) % 3


def make_plain_step(batch: int, size: int) -> tuple[Step, str]:
    """Adam on the classic network in fp32 and contiguous memory, nothing else."""
    settings = load_train_settings("mission")
    torch.manual_seed(0)
    network, loss = build_model(settings.model), MultiTaskLoss(settings.loss)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, weight_decay=1e-5)
    images, masks, labels = make_batch(batch, size)

    def step() -> None:
        optimizer.zero_grad()
        loss(network(images), masks, labels).total.backward()
        optimizer.step()

    return step, "fp32"


def make_our_step(batch: int, size: int) -> tuple[Step, str]:
    """The same step as `sonolesion.train.run` sets it up, and the precision it chose."""
    settings = load_train_settings("mission")
    torch.manual_seed(0)
    device = choose_device("auto")
    if device == "cpu":
        keep_freed_memory()
    network, loss = build_model(settings.model), MultiTaskLoss(settings.loss)
    precision = choose_precision(settings.runtime, network, device)
    plugin = build_precision_plugin(precision, device)
    fabric = Fabric(accelerator=device, devices=1, plugins=[plugin] if plugin else None)
    network = network.to(memory_format=torch.channels_last)
    optimizer = build_optimizer(network, settings.optim, fused=device == "cpu")
    model, optimizer = fabric.setup(network, optimizer)
    loss = fabric.to_device(loss)
    batches = make_batch(batch, size)

    def step() -> None:
        images, masks, labels = fabric.to_device(batches)
        optimizer.zero_grad(set_to_none=True)
        output = model(images.to(memory_format=torch.channels_last))
        terms = loss(output, masks, labels)
        fabric.backward(terms.total)
        optimizer.step()
        terms.total.item()

    return step, f"{device} {precision}"


def main() -> None:
    """Run the pairs and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    batch, size = arguments.batch, arguments.size
    seconds, kinds = time_turns(
        {
            "plain": partial(make_plain_step, batch, size),
            "ours": partial(make_our_step, batch, size),
        },
        pairs=arguments.pairs,
    )
    result = {
        "command": f"python benchmarks/train_step.py --batch {batch} "
        f"--pairs {arguments.pairs} --size {size}",
        "ours": kinds["ours"],
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "seconds_plain": [round(s, 3) for s in seconds["plain"]],
        "seconds_ours": [round(s, 3) for s in seconds["ours"]],
        **ratio_figures(seconds["plain"], seconds["ours"]),
    }
    text = json.dumps(result, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
