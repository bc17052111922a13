"""Rewrite parts of an exported graph into forms that compute the same with less work.

Two things cost a light U-Net on a CPU more than they must:

- A 3x3 convolution of an image that was just doubled (nearest neighbour) reads each value four
  times. The same sums are a convolution with four 2x2 kernels, one for each place within a
  doubled pixel, of the image before: 16 instead of 36 products a pixel. The kernels are sums of the
  old one's entries; they are computed when the graph is loaded, so the file grows by nothing.
- A 3x3 convolution to one channel is run by ONNX Runtime in blocks of 16, so 15 of 16 products
  are thrown away. A transposed convolution of stride 1 with the kernel turned is the same sum
  and is run as one matrix product.

`sonolesion.train.export` compares the result with torch before anything is written.

Source: Shi et al., "Is the deconvolution layer the same as a convolutional layer?", 2016,
arXiv:1609.07009 (the kernel in four phases).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_DOUBLED = [1.0, 1.0, 2.0, 2.0]
_REPEATING = {
    "mode": b"nearest", "nearest_mode": b"floor", "coordinate_transformation_mode": b"asymmetric",
}  # fmt: skip


def rewrite_graph(model: Any) -> int:
    """Rewrite what can be, in place; how many places there were.

    Args:
        model: `onnx.ModelProto` with a fixed image size. Only doublings that are read by one
            3x3 convolution of stride 1 through one concatenation, in which they stand first, and
            3x3 convolutions to one channel are touched.
    """
    return _Rewriter(model).run()


def drop_pass_through(model: Any) -> None:
    """Take the poolings that change nothing out of a rewritten graph, in place.

    They are there for ONNX Runtime's fp32 layout; an int8 graph has another.
    """
    renamed: dict[str, str] = {}
    kept = []
    for node in model.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        if node.op_type == "MaxPool" and list(_attributes(node)["kernel_shape"]) == [1, 1]:
            renamed[node.output[0]] = node.input[0]
        else:
            kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)


class _Rewriter:
    def __init__(self, model: Any) -> None:
        import onnx

        self._graph = model.graph
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
        infos = (*inferred.graph.value_info, *inferred.graph.input, *inferred.graph.output)
        self._shapes = {i.name: [d.dim_value for d in i.type.tensor_type.shape.dim] for i in infos}
        self._weights = {t.name: t for t in model.graph.initializer}
        self._made: list[Any] = []

    def run(self) -> int:
        count, nodes = 0, []
        dropped: set[str] = set()
        for node in self._graph.node:
            self._made = []
            up = self._doubled_input(node)
            if up is not None:
                resize, concat = up
                self._phases(node, source=resize.input[0], skip=concat.input[1])
                dropped |= {resize.output[0], concat.output[0]}
            elif self._is_narrow(node):
                self._turned(node)
            count += bool(self._made)
            nodes += self._made or [node]
        del self._graph.node[:]
        self._graph.node.extend(n for n in nodes if n.output[0] not in dropped)
        return count

    def _doubled_input(self, node: Any) -> tuple[Any, Any] | None:
        """The resize and the concatenation before a convolution, where it can be rewritten."""
        concat = self._maker(node.input[0]) if self._is_plain_3x3(node) else None
        if concat is None or concat.op_type != "Concat" or len(concat.input) != 2:
            return None
        resize = self._maker(concat.input[0])
        if resize is None or resize.op_type != "Resize" or len(resize.input) != 3:
            return None
        scales = self._weights.get(resize.input[2])
        same = scales is not None and _array(scales).tolist() == _DOUBLED
        given = _attributes(resize)
        nearest = all(given.get(name) == value for name, value in _REPEATING.items())
        alone = all(len(self._readers(n.output[0])) == 1 for n in (concat, resize))
        sizes = self._shapes.get(resize.input[0], [])
        known = len(sizes) == 4 and all(sizes[1:])
        return (resize, concat) if same and nearest and alone and known else None

    def _is_narrow(self, node: Any) -> bool:
        return self._is_plain_3x3(node) and self._weights[node.input[1]].dims[0] == 1

    def _is_plain_3x3(self, node: Any) -> bool:
        if node.op_type != "Conv" or node.input[1] not in self._weights:
            return False
        given = _attributes(node)
        return (
            list(self._weights[node.input[1]].dims[2:]) == [3, 3]
            and given.get("group", 1) == 1
            and given.get("auto_pad", b"NOTSET") == b"NOTSET"
            and list(given.get("pads", [])) == [1, 1, 1, 1]
            and set(given.get("strides", [1])) | set(given.get("dilations", [1])) == {1}
        )

    def _phases(self, node: Any, *, source: str, skip: str) -> None:
        outputs, inputs = self._weights[node.input[1]].dims[:2]
        _, channels, height, width = self._shapes[source]
        weight, out = node.input[1], node.output[0]
        low = self._add("Slice", [weight, *self._ints([0], [channels], [1])])
        high = self._add("Slice", [weight, *self._ints([channels], [inputs], [1])])
        kernel = self._mix(low, phase_matrix(), rows=outputs * channels)
        kernel = self._reshape(kernel, [outputs, channels, 4, 4])
        kernel = self._add("Transpose", [kernel], perm=[2, 0, 1, 3])
        kernel = self._reshape(kernel, [4 * outputs, channels, 2, 2])
        # (B, 4 M, h + 1, w + 1): the phases of each pixel of the doubled image, beside another
        four = self._add("Conv", [source, kernel], kernel_shape=[2, 2], pads=[1, 1, 1, 1])
        four = self._add("Transpose", [four], perm=[0, 2, 3, 1])
        four = self._reshape(four, [0, height + 1, width + 1, 2, 2 * outputs])
        four = self._add("Transpose", [four], perm=[0, 1, 3, 2, 4])
        rows = self._reshape(four, [0, 2 * height + 2, (2 * width + 2) * outputs])
        last = (2 * width + 1) * outputs
        cut = self._ints([1, outputs], [2 * height + 1, last], [1, 2])
        rows = self._add("Slice", [rows, *cut])
        rows = self._reshape(rows, [0, 2 * height, 2 * width, outputs])
        doubled = self._add("Transpose", [rows], perm=[0, 3, 1, 2])
        # Changes nothing, but ONNX Runtime pools in its blocked layout, and adds two values that
        # are both in that layout inside the convolution that makes one of them.
        doubled = self._add("MaxPool", [doubled], kernel_shape=[1, 1])
        rest = [skip, high, *node.input[2:]]
        beside = self._add("Conv", rest, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        self._add("Add", [beside, doubled], output=out)

    def _turned(self, node: Any) -> None:
        channels = self._weights[node.input[1]].dims[1]
        turn = np.eye(9, dtype=np.float32)[::-1].copy()
        kernel = self._mix(node.input[1], turn, rows=channels)
        kernel = self._reshape(kernel, [channels, 1, 3, 3])
        self._add(
            "ConvTranspose", [node.input[0], kernel, *node.input[2:]], output=node.output[0],
            kernel_shape=[3, 3], pads=[1, 1, 1, 1],
        )  # fmt: skip

    def _mix(self, weight: str, matrix: NDArray[np.float32], *, rows: int) -> str:
        """Each 3x3 kernel, as a row of 9, times a constant matrix."""
        return self._add("MatMul", [self._reshape(weight, [rows, 9]), self._constant(matrix)])

    def _add(self, op: str, inputs: list[str], *, output: str = "", **attributes: Any) -> str:
        from onnx import helper

        name = output or f"form_{len(self._graph.initializer)}_{len(self._made)}"
        self._made.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def _reshape(self, value: str, shape: list[int]) -> str:
        return self._add("Reshape", [value, self._constant(np.array(shape, np.int64))])

    def _ints(self, *lists: list[int]) -> list[str]:
        return [self._constant(np.array(values, np.int64)) for values in lists]

    def _constant(self, values: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"form_{len(self._graph.initializer)}"
        self._graph.initializer.append(numpy_helper.from_array(values, name))
        return name

    def _maker(self, value: str) -> Any | None:
        return next((n for n in self._graph.node if value in n.output), None)

    def _readers(self, value: str) -> list[Any]:
        outputs = [o for o in self._graph.output if o.name == value]
        return [n for n in self._graph.node if value in n.input] + outputs


def phase_matrix() -> NDArray[np.float32]:
    """Return the matrix (9, 16) that makes four 2x2 kernels of one 3x3 kernel.

    Rows are the entries (u, v) of the old kernel. Columns are (phase, entry) of the new ones,
    both in row-major order; the phase of the odd row and column of a doubled pixel comes first,
    so that the rows and columns 1 to 2 h of the unfolded result are the wanted ones.
    """
    matrix = np.zeros((3, 3, 2, 2, 2, 2), np.float32)  # u, v, 1 - a, 1 - b, p, q
    for a, b, u, v in np.ndindex(2, 2, 3, 3):
        p, q = (a + u - 1) // 2 + 1 - a, (b + v - 1) // 2 + 1 - b
        matrix[u, v, 1 - a, 1 - b, p, q] = 1
    return matrix.reshape(9, 16)


def _attributes(node: Any) -> dict[str, Any]:
    from onnx import helper

    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def _array(tensor: Any) -> NDArray[Any]:
    from onnx import numpy_helper

    return numpy_helper.to_array(tensor)
