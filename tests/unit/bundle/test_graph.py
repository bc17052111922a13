from __future__ import annotations

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from tiny_bundle import make_graph, make_model

from sonolesion.bundle.graph import check_graph
from sonolesion.errors import BundleError

GRAPH = make_graph()


def test_standard_graph_passes() -> None:
    check_graph(GRAPH, file="m")


@pytest.mark.parametrize("where", ["initializer", "attribute", "sparse"])
def test_external_data_is_refused_wherever_it_stands(where: str) -> None:
    model = make_model()
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    if where == "initializer":
        model.graph.initializer.append(tensor)
    elif where == "attribute":
        model.graph.node.append(helper.make_node("Constant", [], ["c"], value=tensor))
    else:
        model.graph.sparse_initializer.add().values.CopyFrom(tensor)
    with pytest.raises(BundleError, match=r"m\.onnx: .*external data"):
        check_graph(model.SerializeToString(), file="m.onnx")


def test_custom_operator_is_refused() -> None:
    with pytest.raises(BundleError, match=r"domain 'com\.example'"):
        check_graph(make_graph(op_domain="com.example"), file="m")


def test_custom_operator_in_a_branch_is_refused() -> None:
    inner = helper.make_graph(
        [helper.make_node("Evil", [], ["x"], domain="com.evil")],
        "then",
        [],
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
    )
    model = make_model()
    model.graph.node.append(
        helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
    )
    with pytest.raises(BundleError, match=r"com\.evil"):
        check_graph(model.SerializeToString(), file="m")


@pytest.mark.parametrize("opset", [1, 12, 27, 99])
def test_opset_out_of_range_is_refused(opset: int) -> None:
    with pytest.raises(BundleError, match=f"needs opset {opset}, expected 13 to 26"):
        check_graph(make_graph(opset=opset), file="m")


@pytest.mark.parametrize("opset", [13, 26])
def test_opset_bounds_pass(opset: int) -> None:
    check_graph(make_graph(opset=opset), file="m")


@pytest.mark.parametrize(
    "data", [b"", b"<!DOCTYPE html><html></html>", b"\x00" * 100, b"PK\x03\x04zip", b"version 1"]
)
def test_other_content_is_refused(data: bytes) -> None:
    with pytest.raises(BundleError, match="not an ONNX model"):
        check_graph(data, file="m")


def test_every_truncation_is_refused() -> None:
    for length in range(len(GRAPH) - 1):
        with pytest.raises(BundleError):
            check_graph(GRAPH[:length], file="m")


def test_model_without_graph_is_refused() -> None:
    empty = onnx.ModelProto(ir_version=8, opset_import=[helper.make_opsetid("", 18)])
    with pytest.raises(BundleError, match="no graph in it"):
        check_graph(empty.SerializeToString(), file="m")


def test_deep_nesting_is_refused_without_recursion_error() -> None:
    def message(number: int, payload: bytes) -> bytes:
        size, length = len(payload), b""
        while size > 127:
            length, size = length + bytes([size & 127 | 128]), size >> 7
        return bytes([number << 3 | 2]) + length + bytes([size]) + payload

    graph = b""
    for _ in range(400):  # a graph in an attribute of a node of a graph ...
        graph = message(1, message(5, message(6, graph)))
    with pytest.raises(BundleError, match="nested over 32 deep"):
        check_graph(message(7, graph), file="m")


@given(st.binary(max_size=300))
def test_any_bytes_give_a_bundle_error(data: bytes) -> None:
    with pytest.raises(BundleError):
        check_graph(data, file="m")
