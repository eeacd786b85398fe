"""What ``debug_info`` tells: how large blobs, gradients and updates are, layer after layer.

Caffe: ``net.cpp``, ForwardDebugInfo, BackwardDebugInfo and UpdateDebugInfo. Its Split layers, which
nets have no more, are not among the layers.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn

from protonet.graph.ir import Node, Value
from protonet.net import Net
from protonet.nets.blobs import Learnable
from protonet.train.events import Event, Magnitude, Norms

Emit = Callable[[Event], None]


@contextmanager
def watched(net: Net, emit: Emit, *, on: bool = True) -> Generator[None]:
    """Tell of each forward pass of a net inside, and at the end of the backward pass, if any."""
    if not on:
        yield
        return
    with net.programs.taken_apart() as (program, modules):
        watch = _Watch(net, emit)
        hooks = [program.register_forward_pre_hook(watch.inputs)]
        for node in net.graph.nodes:
            if node.key in modules:
                module = modules[node.key]
                hooks.append(module.register_forward_pre_hook(partial(watch.bottoms, node)))
                hooks.append(module.register_forward_hook(partial(watch.tops, node)))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
    watch.backward()


def tell_updates(net: Net, updates: Sequence[Tensor], emit: Emit) -> None:
    """Tell of an update, and of the weights before it.

    Args:
        net: Its weights after the update.
        updates: What is subtracted, in the order of ``learnables``.
        emit: Takes the events.
    """
    for blob, update in zip(net.learnables, updates, strict=True):
        before, name = blob.tensor.detach() + update, _display_name(net, blob)
        emit(Magnitude("Update", blob.layer, f"param {name}", _size(before), _size(update)))


class _Watch:
    """What the hooks of one net do."""

    def __init__(self, net: Net, emit: Emit) -> None:
        self._net = net
        self._emit = emit
        self._diffs: dict[tuple[str, int], float] = {}

    def inputs(self, _program: nn.Module, values: tuple[Tensor, ...]) -> None:
        """Tell of what data layers and callers give."""
        given = iter(values)
        for node in self._net.graph.nodes:
            if node.layer.is_source:
                self._forward(node, [next(given) for _ in node.tops])

    def bottoms(
        self, node: Node, _module: nn.Module, values: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...]:
        """Give the layer bottoms of its own, so that their gradients are what it alone adds."""
        return tuple(
            self._own(node, at, value) if at < len(node.bottoms) and value.requires_grad else value
            for at, value in enumerate(values)
        )

    def _own(self, node: Node, at: int, value: Tensor) -> Tensor:
        own = value.view_as(value)

        def keep(diff: Tensor) -> None:
            self._diffs[node.key, at] = _size(diff)

        own.register_hook(keep)
        return own

    def tops(
        self,
        node: Node,
        _module: nn.Module,
        _values: object,
        made: Tensor | tuple[Tensor, ...] | None,
    ) -> None:
        """Tell of a layer's tops and blobs."""
        tops = (made,) if isinstance(made, Tensor) else made or ()
        self._forward(node, tops)

    def _forward(self, node: Node, tops: Sequence[Tensor]) -> None:
        for value, top in zip(node.tops, tops, strict=True):
            self._emit(Magnitude("Forward", node.name, f"top blob {_name(value)}", _size(top)))
        for at, owned in enumerate(self._net.ownership.slots.get(node.key, ())):
            blob, name = self._net.blob(owned), _param_name(node, at)
            self._emit(Magnitude("Forward", node.name, f"param blob {name}", _size(blob)))

    def backward(self) -> None:
        """Tell of the gradients, the last layer's first."""
        if not self._diffs:
            return
        for node in reversed(self._net.graph.nodes):
            for at, bottom in enumerate(node.bottoms):
                if (node.key, at) in self._diffs:
                    diff, what = self._diffs[node.key, at], f"bottom blob {_name(bottom)}"
                    self._emit(Magnitude("Backward", node.name, what, diff=diff))
            for at, owned in enumerate(self._net.ownership.slots.get(node.key, ())):
                diff = self._net.blob(owned).grad
                if diff is not None:
                    what = f"param blob {at}"
                    self._emit(Magnitude("Backward", node.name, what, diff=_size(diff)))
        self._emit(_norms([blob.tensor for blob in self._net.learnables]))


def _norms(blobs: Sequence[Tensor]) -> Norms:
    diffs = [blob.grad for blob in blobs if blob.grad is not None]
    return Norms((_norm(blobs, 1), _norm(diffs, 1)), (_norm(blobs, 2), _norm(diffs, 2)))


def _norm(values: Sequence[Tensor], order: int) -> float:
    return float(torch.nn.utils.get_total_norm([x.detach() for x in values], order))


def _display_name(net: Net, blob: Learnable) -> str:
    node = next(node for node in net.graph.nodes if node.name == blob.layer)
    return _param_name(node, blob.index)


def _param_name(node: Node, at: int) -> str:
    """Return what Caffe calls a blob: the name of its ``param``, or its number."""
    return (node.spec.param[at].name if at < len(node.spec.param) else "") or str(at)


def _name(value: Value) -> str:
    return "(automatic)" if value.is_automatic else value.blob


def _size(values: Tensor) -> float:
    """Return the mean absolute value."""
    return float(values.detach().abs().mean())
