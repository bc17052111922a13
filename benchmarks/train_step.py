"""One training step of the classic network: as `sonolesion train` takes it, against plain PyTorch.

The plain step is what a first version of such a program does: fp32, contiguous memory. Ours is
channels_last in the precision that `runtime.precision = "auto"` chooses on this machine, with freed
memory kept. Each has a process of its own (the allocator's setting holds for a whole process), and
they take turns (A B A B ...), so that a noisy machine hits both; the ratio of each pair counts.

    python benchmarks/train_step.py [--batch 4] [--pairs 5] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from sonolesion.config import load_train_settings
from sonolesion.train.allocator import keep_freed_memory
from sonolesion.train.losses import MultiTaskLoss
from sonolesion.train.models import build_model
from sonolesion.train.precision import build_precision_plugin, choose_device, choose_precision

Step = Callable[[Tensor, Tensor, Tensor], None]


def make_plain_step() -> tuple[Step, str]:
    """Adam on the classic network in fp32 and contiguous memory, nothing else; and "fp32"."""
    settings = load_train_settings("mission")
    torch.manual_seed(0)
    network, loss = build_model(settings.model), MultiTaskLoss(settings.loss)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, weight_decay=1e-5)

    def step(images: Tensor, masks: Tensor, labels: Tensor) -> None:
        optimizer.zero_grad()
        loss(network(images), masks, labels).total.backward()
        optimizer.step()

    return step, "fp32"


def make_our_step() -> tuple[Step, str]:
    """The same step as `sonolesion.train.run` sets it up; also the precision it chose."""
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
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, weight_decay=1e-5)
    model, optimizer = fabric.setup(network, optimizer)
    loss = fabric.to_device(loss)

    def step(images: Tensor, masks: Tensor, labels: Tensor) -> None:
        images, masks, labels = fabric.to_device((images, masks, labels))
        optimizer.zero_grad(set_to_none=True)
        output = model(images.to(memory_format=torch.channels_last))
        terms = loss(output, masks, labels)
        fabric.backward(terms.total)
        optimizer.step()
        terms.total.item()

    return step, f"{device} {precision}"


def take_steps(kind: str, connection: Connection, batch: int, size: int) -> None:
    """Serve one side: say the precision, then one step for each True, answered in seconds."""
    step, precision = make_plain_step() if kind == "plain" else make_our_step()
    torch.manual_seed(1)
    shape = (batch, 1, size, size)
    data = (torch.rand(shape), (torch.rand(shape) > 0.9).to(torch.uint8), torch.arange(batch) % 3)
    connection.send(precision)
    while connection.recv():
        start = time.perf_counter()
        step(*data)
        connection.send(time.perf_counter() - start)


def time_pairs(pairs: int, batch: int, size: int) -> tuple[dict[str, list[float]], str]:
    """Let both sides take turns, two warm-up pairs first; seconds of each, and our precision."""
    context = multiprocessing.get_context("spawn")
    ends, precision = {}, {}
    for kind in ("plain", "ours"):
        ends[kind], theirs = context.Pipe()
        context.Process(target=take_steps, args=(kind, theirs, batch, size), daemon=True).start()
        precision[kind] = ends[kind].recv()
    seconds: dict[str, list[float]] = {"plain": [], "ours": []}
    for pair in range(pairs + 2):
        for kind, end in ends.items():
            end.send(True)
            taken = end.recv()
            if pair > 1:
                seconds[kind].append(taken)
    for end in ends.values():
        end.send(False)
    return seconds, precision["ours"]


def main() -> None:
    """Run the pairs and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    seconds, kind = time_pairs(arguments.pairs, arguments.batch, arguments.size)
    ratios = np.array(seconds["plain"]) / np.array(seconds["ours"])
    result = {
        "command": f"python benchmarks/train_step.py --batch {arguments.batch} "
        f"--pairs {arguments.pairs} --size {arguments.size}",
        "ours": kind,
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "n_pairs": arguments.pairs,
        "seconds_plain": [round(s, 3) for s in seconds["plain"]],
        "seconds_ours": [round(s, 3) for s in seconds["ours"]],
        "ratio_median": round(float(np.median(ratios)), 3),
        "ratio_min": round(float(ratios.min()), 3),
        "ratio_max": round(float(ratios.max()), 3),
    }
    text = json.dumps(result, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
