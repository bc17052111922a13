"""The only importer of onnxruntime: a bundle's graph, ready to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle import Bundle
from sonolesion.errors import BundleError, InvalidInputError
from sonolesion.types import CLASS_NAMES

_ERRORS_ONLY = 3


class _Port(Protocol):
    name: str
    type: str
    shape: list[int | str | None]


@dataclass(frozen=True, slots=True)
class NetworkOutput:
    """What a graph gives for a batch.

    Attributes:
        mask_logits: float32 (B, S, S).
        class_logits: float32 (B, 3), in `LesionClass` order.
        features: float32 (B, F), of the encoder; None from a graph without them.
    """

    mask_logits: NDArray[np.float32]
    class_logits: NDArray[np.float32]
    features: NDArray[np.float32] | None = None


class Session:
    """A bundle's graph on the CPU. May be run from several threads at once.

    Args:
        bundle: a loaded bundle.
        threads: of one run; None for as many as there are cores.

    Raises:
        BundleError: the runtime refuses the graph, or its inputs and outputs are not those that
            `bundle.json` names.
        InvalidInputError: `threads` is below 1.
    """

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        # imported here: it costs .3 s, which `sonolesion --help` need not pay
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as native

        if threads is not None and threads < 1:
            raise InvalidInputError(f"threads: expected at least 1, got {threads}.")
        self._info = bundle.info
        self._n_features = 0
        self._file = str(bundle.graph_file)
        self._faults: tuple[type[Exception], ...] = (
            native.EPFail, native.Fail, native.InvalidArgument, native.InvalidGraph,
            native.InvalidProtobuf, native.NoModel, native.NotImplemented,
            native.RuntimeException,
        )  # fmt: skip
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _ERRORS_ONLY
        options.intra_op_num_threads = threads or 0
        options.inter_op_num_threads = 1
        try:
            self._session: Any = onnxruntime.InferenceSession(
                bundle.graph, sess_options=options, providers=["CPUExecutionProvider"]
            )
        except self._faults as error:
            raise BundleError(
                f"{self._file}: ONNX Runtime {onnxruntime.__version__} refuses it "
                f"({_first_line(error)}). Update onnxruntime or export the bundle again."
            ) from error
        self._check_ports()

    def run(self, batch: NDArray[np.float32]) -> NetworkOutput:
        """Run the graph once.

        Args:
            batch: float32 (B, 1, S, S) in [0, 1], B >= 1.

        Raises:
            InvalidInputError: another shape or dtype.
            BundleError: the graph fails, or gives another shape, nan or infinity.
        """
        size = self._info.image_size_px
        if batch.dtype != np.float32 or batch.ndim != 4 or batch.shape[1:] != (1, size, size):
            raise InvalidInputError(
                f"expected float32 (B, 1, {size}, {size}), got {batch.dtype} {batch.shape}."
            )
        names = [self._info.mask_output, self._info.class_output, *self._feature_names()]
        try:
            arrays = self._session.run(names, {self._info.input_name: batch})
        except self._faults as error:
            raise BundleError(f"{self._file}: fails to run ({_first_line(error)}).") from error
        count = len(batch)
        shapes = [(count, 1, size, size), (count, len(CLASS_NAMES)), (count, self._n_features)]
        for name, array, shape in zip(names, arrays, shapes, strict=False):
            if array.shape != shape:
                raise BundleError(f"{self._file}: {name} is {array.shape}, expected {shape}.")
            if not np.isfinite(array).all():
                raise BundleError(
                    f"{self._file}: {name} holds nan or infinity. The weights are damaged or the "
                    "training diverged; use another bundle."
                )
        return NetworkOutput(arrays[0][:, 0], arrays[1], *arrays[2:])

    def _feature_names(self) -> list[str]:
        return [] if self._info.feature_output is None else [self._info.feature_output]

    def _check_ports(self) -> None:
        info, size = self._info, self._info.image_size_px
        inputs = {port.name: port for port in self._session.get_inputs()}
        outputs = {port.name: port for port in self._session.get_outputs()}
        if set(inputs) != {info.input_name}:
            raise BundleError(
                f"{self._file}: inputs are {sorted(inputs)}, bundle.json names "
                f"{[info.input_name]} (input_name)."
            )
        self._check_port(inputs[info.input_name], (1, size, size))
        wanted: list[tuple[str, str, tuple[int, ...]]] = [
            ("mask_output", info.mask_output, (1, size, size)),
            ("class_output", info.class_output, (len(CLASS_NAMES),)),
        ]
        for name in self._feature_names():
            self._n_features = self._count_features(outputs.get(name))
            wanted.append(("feature_output", name, (self._n_features,)))
        for field, name, shape in wanted:
            if name not in outputs:
                raise BundleError(
                    f"{self._file}: outputs are {sorted(outputs)}, bundle.json names {name!r} "
                    f"({field})."
                )
            self._check_port(outputs[name], shape)

    def _count_features(self, port: _Port | None) -> int:
        """Read F of the features' port, which has to be fixed; that of the gate, if there is one.

        Raises:
            BundleError: F is left open, or is not the gate's.
        """
        last = port.shape[-1] if port is not None and port.shape else 0
        gate = self._info.feature_gate
        count = last if isinstance(last, int) else 0
        if port is not None and (count < 1 or (gate is not None and count != gate.n_features)):
            wanted = "a fixed number of" if gate is None else str(gate.n_features)
            raise BundleError(
                f"{self._file}: {port.name} is {port.shape}, expected (N, F) with {wanted} "
                "features. Export the bundle again."
            )
        return count

    def _check_port(self, port: _Port, shape: tuple[int, ...]) -> None:
        """Check dtype and shape after the batch axis; an axis the graph leaves open passes."""
        rest = port.shape[1:]
        agrees = len(port.shape) == len(shape) + 1 and all(
            not isinstance(got, int) or got == want for got, want in zip(rest, shape, strict=True)
        )
        open_batch = bool(port.shape) and not isinstance(port.shape[0], int)
        if port.type != "tensor(float)" or not agrees or not open_batch:
            wanted = ", ".join(str(n) for n in ("N", *shape))
            raise BundleError(
                f"{self._file}: {port.name} is {port.type} {port.shape}, expected "
                f"tensor(float) ({wanted}) with N left open."
            )


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__


def import_runtime() -> None:
    """Import ONNX Runtime now, for who chooses when it is paid for; else `Session` does."""
    import onnxruntime  # noqa: F401


def runtime_version() -> str:
    """Return the version of the installed ONNX Runtime."""
    import onnxruntime

    return str(onnxruntime.__version__)


def available_providers() -> tuple[str, ...]:
    """Names of the execution providers of the installed ONNX Runtime, best first."""
    import onnxruntime

    return tuple(onnxruntime.get_available_providers())
