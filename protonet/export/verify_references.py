"""What a net can be compared with: something that computes the same blobs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from google.protobuf.message import DecodeError

from protonet import files
from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.export.extras import onnx_package
from protonet.export.verify_compare import Blobs
from protonet.export.verify_npz import read_arrays
from protonet.net import Net
from protonet.ops.recurrent import Recurrent
from protonet.source import readable
from protonet.weights.load import save_weights

OPENCV = "opencv"


class Question(NamedTuple):
    """A net, what it is given, and the files that its weights are from."""

    net: Net
    inputs: Blobs
    weights: tuple[str, ...]


class Reference(Protocol):
    """Something that computes blobs."""

    @property
    def name(self) -> str:
        """What it is called in sentences."""
        ...

    def inputs(self) -> Blobs | None:
        """Return the inputs that it was computed from, if it is data."""
        ...

    def blobs(self, question: Question) -> Blobs:
        """Return the blobs that it computes, by the names that the net has for them."""
        ...


def reference(against: str) -> Reference:
    """Tell by its name what a net is compared with.

    Raises:
        DiagnosticError: PN823, the name tells nothing.
    """
    if against == OPENCV:
        return OpenCV()
    path, _, weights = against.partition(".prototxt:")
    kind = ".prototxt" if weights else Path(against).suffix
    if kind not in _KINDS:
        known = ", ".join(f"`{suffix}`" for suffix in _KINDS)
        raise DiagnosticError(
            [
                Diagnostic(
                    "PN823",
                    f"a net cannot be compared with `{against}`",
                    help=f"give a file that ends in {known}, or `{OPENCV}`",
                )
            ]
        )
    return _KINDS[kind](f"{path}.prototxt" if weights else against, weights)


@dataclass(frozen=True)
class _File:
    """Something that stands in a file."""

    path: str
    weights: str = ""

    @property
    def name(self) -> str:
        """What it is called in sentences."""
        return f"`{self.path}`"

    def inputs(self) -> Blobs | None:
        """It takes any."""


class Golden(_File):
    """Blobs that were written before."""

    def inputs(self) -> Blobs:
        """Return all that it holds, inputs among it."""
        return read_arrays(self.path)

    def blobs(self, question: Question) -> Blobs:
        """Return what it holds."""
        return read_arrays(self.path)


class OtherNet(_File):
    """Another net, with weights of its own or the same."""

    def blobs(self, question: Question) -> Blobs:
        """Run the net; inputs that it calls otherwise are given in order."""
        weights = self.weights.split(",") if self.weights else list(question.weights)
        net = Net(self.path, phase="TEST", weights=weights or None)
        if not weights:
            self._share(net, question.net)
        return blobs_of(net, _named(question.inputs, tuple(net.inputs)))

    def _share(self, net: Net, other: Net) -> None:
        try:
            net.share_weights(other)
        except ValueError as error:
            why = str(error).partition(" in net ")[0]
            raise DiagnosticError(
                [
                    Diagnostic(
                        "PN829",
                        f"`{self.path}` cannot take the net's weights: {why}",
                        help=f"give the other's weights: `--against {self.path}:FILE`",
                        file=self.path,
                    )
                ]
            ) from None


class OnnxFile(_File):
    """A net in ONNX, which onnxruntime runs."""

    def blobs(self, question: Question) -> Blobs:
        """Run the file; inner values that have a blob's name are returned as well."""
        onnx, onnxruntime = onnx_package("onnx"), onnx_package("onnxruntime")
        model = _with_inner_values(onnx, self.path, question.net.graph.values)
        try:
            session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
            given = _named(question.inputs, tuple(each.name for each in session.get_inputs()))
            names: list[str] = [each.name for each in session.get_outputs()]
            found: list[Any] = session.run(names, dict(given))
        except Exception as error:  # noqa: BLE001 # onnxruntime's own errors derive from nothing else
            why = str(error).strip().partition("\n")[0]
            raise DiagnosticError([_not_run(self.path, why)]) from None
        blobs = {
            name: np.asarray(value, np.float32) for name, value in zip(names, found, strict=True)
        }
        return _by_order(blobs, question.net)


@dataclass(frozen=True, slots=True)
class OpenCV:
    """OpenCV's own reader of Caffe's files."""

    @property
    def name(self) -> str:
        """What it is called in sentences."""
        return "OpenCV"

    def inputs(self) -> None:
        """It takes any."""

    def blobs(self, question: Question) -> Blobs:
        """Let OpenCV read the net's file and its weights, and run it."""
        import cv2  # noqa: PLC0415 # it takes its time

        nodes = question.net.graph.nodes
        names = [*(node.name for node in nodes), *(top.blob for node in nodes for top in node.tops)]
        if foreign := [readable(name) for name in names if name != readable(name)]:
            # OpenCV would end the process.
            raise DiagnosticError([_not_read(question, f"`{foreign[0]}` is not UTF-8")])
        level = cv2.utils.logging.setLogLevel(0)
        try:
            with TemporaryDirectory() as folder:
                model = cv2.dnn.readNetFromCaffe(*_caffe_files(question, Path(folder)))
            model.enableFusion(False)
            model.enableWinograd(False)
            for blob, value in question.inputs.items():
                model.setInput(value, blob)
            known = set(model.getLayerNames())
            layers = {b: n for b, n in _layers_of(question.net).items() if n in known}
            found = model.forward(list(layers.values()))
        except cv2.error as error:
            raise DiagnosticError([_not_read(question, error.err)]) from None
        finally:
            cv2.utils.logging.setLogLevel(level)
        return {
            blob: np.asarray(value, np.float32) for blob, value in zip(layers, found, strict=True)
        }


def blobs_of(net: Net, inputs: Blobs) -> Blobs:
    """Return every blob of a net, in order; recurrent layers begin anew."""
    begin_anew(net)
    with torch.no_grad():
        found = net(tensors(inputs), blobs=list(net.graph.values))
    return {blob: value.numpy() for blob, value in found.items()}


def begin_anew(net: Net) -> None:
    """Forget the states that recurrent layers carry from batch to batch."""
    for module in net.layers.children():
        if isinstance(module, Recurrent):
            module.carry({})


def tensors(blobs: Blobs) -> dict[str, torch.Tensor]:
    """Return blobs as tensors, which own their memory."""
    return {blob: torch.tensor(value) for blob, value in blobs.items()}


def _named(inputs: Blobs, names: tuple[str, ...]) -> Blobs:
    """Return inputs by the names that another has for them; names that differ go by order."""
    if set(names) <= set(inputs) or len(names) != len(inputs):
        return {name: inputs[name] for name in names if name in inputs}
    return dict(zip(names, inputs.values(), strict=True))


def _by_order(blobs: Blobs, net: Net) -> Blobs:
    """Name outputs as the net does, if they have other names and are as many."""
    if set(blobs) & set(net.graph.values) or len(blobs) != len(net.outputs):
        return blobs
    return dict(zip(net.outputs, blobs.values(), strict=True))


def _with_inner_values(onnx: Any, path: str, blobs: Mapping[str, object]) -> bytes:
    """Return an ONNX file that also gives out the inner values of these names."""
    try:
        model = onnx.load(path)
    except OSError as error:
        raise DiagnosticError([files.unreadable(path, error)]) from None
    except DecodeError:
        raise DiagnosticError([_not_run(path, "it is not an ONNX file")]) from None
    outputs: set[str] = {value.name for value in model.graph.output}
    inner: set[str] = {name for node in model.graph.node for name in node.output} - outputs
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in blobs if name in inner)
    data: bytes = model.SerializeToString()
    return data


def _caffe_files(question: Question, folder: Path) -> tuple[str, str]:
    """Return prototxt and caffemodel as the user gave them, or as the net is."""
    file, weights = question.net.graph.file, question.weights
    text, model = folder / "net.prototxt", folder / "net.caffemodel"
    if file.path is None:
        text.write_text(file.tree.source.text, encoding="utf-8", errors="surrogateescape")
    if len(weights) == 1 and weights[0].endswith(".caffemodel"):
        model = Path(weights[0])
    else:
        save_weights(question.net, model)
    return str(file.path or text), str(model)


def _layers_of(net: Net) -> dict[str, str]:
    """Return the layer that last makes each blob; OpenCV knows layers, and their first top."""
    return {
        node.tops[0].blob: node.name
        for node in net.graph.nodes
        if node.tops and not node.layer.is_source
    }


def _not_run(path: str, why: str) -> Diagnostic:
    return Diagnostic("PN828", f"onnxruntime cannot run `{Path(path).name}`: {why}", file=path)


def _not_read(question: Question, why: str) -> Diagnostic:
    first = why.strip().partition("\n")[0]
    return Diagnostic(
        "PN827",
        f"OpenCV cannot run the net: {first}",
        help="it runs deploy nets of the layers that it knows; give another `--against`",
        file=question.net.graph.file.name,
    )


_KINDS: Mapping[str, Callable[[str, str], Reference]] = MappingProxyType(
    {".npz": Golden, ".onnx": OnnxFile, ".prototxt": OtherNet}
)
