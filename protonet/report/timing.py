"""How long each layer takes, forward and backward (``caffe time``)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeVar

import torch
from torch import Tensor, fx, nn

from protonet.net import Net
from protonet.nets.compile import identifiers

T = TypeVar("T")


@dataclass(slots=True)
class LayerTime:
    """Milliseconds that a layer took, summed over all iterations."""

    forward: float = 0.0
    backward: float = 0.0


@dataclass(frozen=True, slots=True)
class Timing:
    """What was measured: layers by name, in the order of the forward pass."""

    layers: dict[str, LayerTime]
    iterations: int

    def lines(self) -> Iterator[str]:
        """Yield what ``caffe time`` prints."""
        n = self.iterations
        forward = sum(layer.forward for layer in self.layers.values())
        backward = sum(layer.backward for layer in self.layers.values())
        yield "Average time per layer: "
        for name, layer in self.layers.items():
            yield f"{name:>10}\tforward: {layer.forward / n:g} ms."
            yield f"{name:>10}\tbackward: {layer.backward / n:g} ms."
        yield f"Average Forward pass: {forward / n:g} ms."
        yield f"Average Backward pass: {backward / n:g} ms."
        yield f"Average Forward-Backward: {(forward + backward) / n:g} ms."
        yield f"Total Time: {forward + backward:g} ms."


def measure(net: Net, iterations: int) -> Timing:
    """Run a net layer by layer, after one iteration that is not counted.

    Each layer runs on its own, so what is shared between layers in training is not seen here.
    """
    net({top.blob: torch.zeros(net.inputs[top.blob]) for top in net.graph.inputs})
    _iteration(net)
    times = {node.key: LayerTime() for node in net.graph.nodes}
    for _ in range(iterations):
        for name, layer in _iteration(net).items():
            times[name].forward += layer.forward
            times[name].backward += layer.backward
    return Timing(times, iterations)


def _iteration(net: Net) -> dict[str, LayerTime]:
    layers = _Layers(net)
    _, losses = layers.run(*layers.inputs())
    weights = [weight for _, weight in net.graph.losses()]
    diffs = {
        id(loss): torch.full_like(loss, weight)
        for loss, weight in zip(losses, weights, strict=True)
    }
    for call in reversed(layers.calls):
        layers.backward(call, diffs)
    return layers.times


@dataclass(frozen=True, slots=True)
class _Call:
    """A layer that was run on copies of its arguments, which no gradient leaves."""

    name: str
    arguments: tuple[Tensor, ...]
    copies: tuple[Tensor, ...]
    tops: tuple[Tensor, ...]


class _Layers(fx.Interpreter):
    """Runs the generated code, each layer cut off from those before it."""

    def __init__(self, net: Net) -> None:
        super().__init__(net.program, garbage_collect_values=False)
        self.net = net
        self.calls: list[_Call] = []
        self.times = {node.key: LayerTime() for node in net.graph.nodes}
        keys = [node.key for node in net.graph.nodes if not node.layer.is_source]
        self._keys = {name: key for key, name in identifiers(keys).items()}
        self._blobs = {name: blob for blob, name in identifiers(list(net.graph.values)).items()}
        self._device = torch.device("cpu")
        for learnable in net.learnables:
            self._device = learnable.tensor.device

    def inputs(self) -> Iterator[Tensor]:
        """Yield what the code takes: batches of data layers, zeros for what a caller would give."""
        shapes = self.net.inputs
        found = {
            top.blob: torch.zeros(shapes[top.blob], device=self._device)
            for top in self.net.graph.inputs
        }
        for node in self.net.graph.sources:
            blobs = [top.blob for top in node.tops]
            batch, self.times[node.key].forward = self._timed(lambda: self.net.feed.pull(blobs))  # noqa: B023 # called at once
            found |= batch
        for node in self.net.program.graph.find_nodes(op="placeholder"):
            yield found[self._blobs[str(node.target)]]

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a layer, and note it for the backward pass."""
        key = self._keys[str(target).rpartition(".")[2]]
        copies = tuple(_copy(argument) for argument in args)
        run = super().call_module
        made: Tensor | tuple[Tensor, ...]
        made, self.times[key].forward = self._timed(lambda: run(target, copies, kwargs))
        tops = (made,) if isinstance(made, Tensor) else made
        self.calls.append(_Call(key, args, copies, tops))
        return made

    def backward(self, call: _Call, diffs: dict[int, Tensor]) -> None:
        """Run a layer's backward pass; ``diffs`` holds what is known of each tensor, by its id."""
        tops = [top for top in call.tops if top.requires_grad and id(top) in diffs]
        pairs = [p for p in zip(call.arguments, call.copies, strict=True) if p[1].requires_grad]
        if not tops:
            return
        copies, given = [copy for _, copy in pairs], [diffs[id(top)] for top in tops]
        grads, self.times[call.name].backward = self._timed(
            lambda: torch.autograd.grad(tops, copies, given, materialize_grads=True)
        )
        for (argument, _), grad in zip(pairs, grads, strict=True):
            known = diffs.get(id(argument))
            diffs[id(argument)] = grad if known is None else known + grad

    def _timed(self, run: Callable[[], T]) -> tuple[T, float]:
        start = perf_counter()
        done = run()
        if self._device.type == "cuda":  # gpu
            torch.cuda.synchronize(self._device)  # gpu
        return done, 1000 * (perf_counter() - start)


def _copy(argument: Tensor) -> Tensor:
    """Cut a tensor off; the clone of a bottom is no leaf, so that a layer may write over it."""
    leaf = argument.detach().requires_grad_(argument.requires_grad)
    return leaf if isinstance(argument, nn.Parameter) else leaf.clone()
