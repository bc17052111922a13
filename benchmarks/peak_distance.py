"""How far from this CPU's limit a bundle's network runs, in fp32 and in int8.

Operations (a product and its sum are two) of all convolutions and matrix products of the graph,
counted from its shapes, over the time of one run; against the operations per second of one large
matrix product in the same runtime, the same precision and with the same threads. Graph and product
take turns, each in a process of its own, so that a busy machine hits both alike.

What the rewritten graph saves (`train/graph_forms.py`) is counted as saved: the rate is of products
that are computed. int8's first three convolutions and its mask head are computed in fp32.

    python benchmarks/peak_distance.py [--bundle fast] [--pairs 20] [--threads 0] [--json FILE]

Needs the packages onnx and onnxruntime.
"""

from __future__ import annotations

import argparse
import json
import math
import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from turns import Step, time_turns

from sonolesion.bundle import (
    DEFAULT_BUNDLE,
    Bundle,
    Precision,
    PrecisionChoice,
    int8_bundle,
    load_bundle,
)
from sonolesion.inference.concurrency import count_cores
from sonolesion.inference.precision import choose_form
from sonolesion.inference.speed_record import describe_cpu

SIDE = 2048
"""Of the square matrices; 2 * 2048^3 = 17 billion operations a product."""


def count_operations(graph: bytes) -> int:
    """Count products and sums of a graph's convolutions and matrix products, for one image."""
    model = onnx.load_from_string(graph)
    for value in model.graph.input:
        value.type.tensor_type.shape.dim[0].dim_value = 1
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {t.name: list(t.dims) for t in inferred.initializer}
    for info in (*inferred.input, *inferred.value_info, *inferred.output):
        shapes[info.name] = [d.dim_value for d in info.type.tensor_type.shape.dim]
    constants = {t.name for t in inferred.initializer}
    total = 0
    for node in inferred.node:
        if all(name in constants or not name for name in node.input):
            constants.update(node.output)  # computed when the graph is loaded
            continue
        out = shapes.get(node.output[0], [])
        if node.op_type == "Conv":
            total += 2 * math.prod(out) * math.prod(shapes[node.input[1]][1:])
        elif node.op_type == "ConvTranspose":
            total += 2 * math.prod(shapes[node.input[0]]) * math.prod(shapes[node.input[1]][1:])
        elif node.op_type in ("Gemm", "MatMul"):
            total += 2 * math.prod(out) * shapes[node.input[0]][-1]
    if total <= 0:
        raise SystemExit("no operations found: the graph's shapes are not fixed.")
    return total


def make_product(precision: Precision) -> bytes:
    """A graph of one matrix product with a constant, as the runtime computes it fastest."""
    rng = np.random.default_rng(0)
    shape = [SIDE, SIDE]
    if precision is Precision.FP32:
        weight = numpy_helper.from_array(rng.normal(size=shape).astype(np.float32), "w")
        nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
        kind, result, weights = TensorProto.FLOAT, TensorProto.FLOAT, [weight]
    else:
        values = rng.integers(-100, 100, shape).astype(np.int8)
        weights = [
            numpy_helper.from_array(values, "w"),
            numpy_helper.from_array(np.array(128, np.uint8), "zero"),
        ]
        nodes = [helper.make_node("MatMulInteger", ["x", "w", "zero"], ["y"])]
        kind, result = TensorProto.UINT8, TensorProto.INT32
    graph = helper.make_graph(
        nodes,
        "product",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", result, shape)],
        weights,
    )
    opsets = [helper.make_opsetid("", 18)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())


def make_product_run(precision: Precision, threads: int) -> tuple[Step, str]:
    """The matrix product in ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        make_product(precision), options, providers=["CPUExecutionProvider"]
    )
    rng = np.random.default_rng(1)
    if precision is Precision.FP32:
        feed = {"x": rng.normal(size=(SIDE, SIDE)).astype(np.float32)}
    else:
        feed = {"x": rng.integers(0, 255, (SIDE, SIDE)).astype(np.uint8)}

    def step() -> None:
        session.run(None, feed)

    return step, f"{SIDE} x {SIDE} x {SIDE}, {precision.value}, {threads} threads"


def make_network_run(name: str, precision: Precision, threads: int) -> tuple[Step, str]:
    """One form of the network."""
    chosen = choose_form(
        load_bundle(name), PrecisionChoice(precision.value), threads=threads, fall_back=False
    )
    size = chosen.bundle.info.image_size_px
    image = np.random.default_rng(0).random((1, 1, size, size), dtype=np.float32)

    def step() -> None:
        chosen.session.run(image)

    return step, chosen.bundle.info.label


def measure(bundle: Bundle, name: str, *, threads: int, pairs: int) -> dict[str, Any]:
    """Rates of network and product, in operations a second, and their ratio."""
    sides = {
        "product": partial(make_product_run, bundle.precision, threads),
        "network": partial(make_network_run, name, bundle.precision, threads),
    }
    seconds, kinds = time_turns(sides, pairs=pairs)
    # an int8 graph has the operations of the fp32 one: quantising adds none of these kinds
    work = count_operations(load_bundle(name).graph)
    peak = 2 * SIDE**3 / np.array(seconds["product"])
    rate = work / np.array(seconds["network"])
    return {
        **kinds,
        "operations_of_the_network": work,
        "milliseconds_network": round(1e3 * float(np.median(seconds["network"])), 2),
        "network_gops": round(float(np.median(rate)) / 1e9, 1),
        "peak_gops": round(float(np.median(peak)) / 1e9, 1),
        "share_of_peak_median": round(float(np.median(rate / peak)), 4),
        "share_of_peak_min": round(float((rate / peak).min()), 4),
        "share_of_peak_max": round(float((rate / peak).max()), 4),
        "n_pairs": len(rate),
    }


def main() -> None:
    """Measure both forms and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", default=DEFAULT_BUNDLE)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--threads", type=int, default=0, help="0: one a core")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    threads = arguments.threads or count_cores()
    bundle = load_bundle(arguments.bundle)
    forms = [bundle] if bundle.int8 is None else [bundle, int8_bundle(bundle)]
    result = {
        "command": f"python benchmarks/peak_distance.py --bundle {arguments.bundle} "
        f"--pairs {arguments.pairs} --threads {threads}",
        "cpu": describe_cpu(),
        "cores": os.cpu_count(),
        **{
            form.precision.value: measure(
                form, arguments.bundle, threads=threads, pairs=arguments.pairs
            )
            for form in forms
        },
    }
    text = json.dumps(result, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
