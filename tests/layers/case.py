"""The laws that hold of every layer, checked from prototxt text.

LayerCase("Pooling", "pooling_param { kernel_size: 3 }", bottoms=((2, 3, 6, 6),)).check_laws()
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import pytest
import torch
from torch import Tensor, nn

from protonet.layers import LAYERS
from protonet.layers.base import Arity, Layer, LayerError, Weight
from protonet.message.bind import bind
from protonet.message.unbind import unbind
from protonet.shape import Shape, count
from protonet.source import Source
from protonet.spec.net import LayerParameter
from protonet.syntax.format import format_block
from protonet.syntax.parse import parse

SEED = 1701

Backward = Callable[[tuple[Tensor, ...], tuple[Tensor, ...]], tuple[Tensor | None, ...]]
"""(bottoms and weights, top diffs) -> the diffs of bottoms and weights; None where not compared."""


@runtime_checkable
class InPlace(Protocol):
    """A module that the compiler may tell to write over its bottom."""

    inplace: bool


@dataclass(frozen=True)
class LayerCase:
    """A layer as prototxt, with shapes to run it on.

    Attributes:
        type: The layer's ``type``.
        params: The text of its ``*_param`` messages.
        bottoms: Shapes of the bottoms.
        tops: How many tops the layer has.
        kinks: Values at which the function is not smooth; inputs stay ``kink_distance`` away.
        kink_distance: How far.
        low: Inputs and weights are drawn, all different, from ``low`` ..
        high: .. to ``high``.
        labels: Bottoms in ``no_gradient_to`` hold whole numbers below this.
        given: Values of bottoms that cannot be any, as boxes, by the bottom's place.
        random: In TRAIN it draws numbers, others for other memory formats.
        differentiable: False if no top has a gradient.
        backward: Caffe's own backward, where it is not the derivative on purpose.
    """

    type: str
    params: str
    bottoms: tuple[Shape, ...]
    tops: int = 1
    kinks: tuple[float, ...] = ()
    kink_distance: float = 0.01
    low: float = -2.0
    high: float = 2.0
    labels: int = 2
    given: Mapping[int, Tensor] = field(default_factory=dict[int, Tensor])
    random: bool = False
    differentiable: bool = True
    backward: Backward | None = None

    @property
    def layer(self) -> Layer:
        """The layer that the text says."""
        return self._message.layer(LAYERS[self.type], self.tops)

    @property
    def _message(self) -> LayerParameter:
        return bind(parse(Source(f'type: "{self.type}" {self.params}')), LayerParameter)

    @property
    def weights(self) -> tuple[Weight, ...]:
        """The blobs that the layer declares for these bottoms."""
        return self.layer.weights(*self.bottoms)

    def module(self, *, train: bool = False) -> nn.Module:
        """Return the built module, in TEST or TRAIN mode."""
        return self.layer.build(*self.bottoms).train(train)

    def inputs(self, dtype: torch.dtype = torch.float64) -> tuple[Tensor, ...]:
        """Return bottoms and then weights; those that have a gradient require it."""
        draw = torch.Generator().manual_seed(SEED)
        return (*self._bottoms(draw, dtype), *self._weights(draw, dtype))

    def run(self, *inputs: Tensor, train: bool = False) -> tuple[Tensor, ...]:
        """Return the tops; random layers draw the same numbers every time."""
        return _run(self.module(train=train), inputs)

    def refusal(self) -> str:
        """Return why the layer cannot work with these bottoms."""
        with pytest.raises(LayerError) as caught:
            self.layer.infer(*self.bottoms)
        return caught.value.message

    def check_laws(self) -> None:
        """Assert what holds of every layer."""
        self._check_arity()
        self._check_round_trip()
        assert not list(self.module().parameters())
        for train in (False, True):
            self._check_shapes(train=train)
            self._check_samples(train=train)
            if not (self.random and train):
                self._check_memory_format(train=train)
            if self.differentiable:
                self._check_gradients(train=train)
                self._check_in_place(train=train)
                self._check_what_backward_keeps(train=train)

    def _bottoms(self, draw: torch.Generator, dtype: torch.dtype) -> Iterator[Tensor]:
        fixed = self.layer.no_gradient_to
        for at, shape in enumerate(self.bottoms):
            if at in self.given:
                yield self.given[at].reshape(shape).to(dtype)
            elif at in fixed:
                yield torch.randint(self.labels, shape, generator=draw).to(dtype)
            else:
                yield self._values(shape, draw).to(dtype).requires_grad_(self.differentiable)

    def _weights(self, draw: torch.Generator, dtype: torch.dtype) -> Iterator[Tensor]:
        for weight in self.weights:
            if weight.learnable:
                yield self._values(weight.shape, draw).to(dtype).requires_grad_(True)
            else:  # running statistics are positive
                yield torch.rand(weight.shape, generator=draw, dtype=torch.float64).to(dtype) + 0.5

    def _values(self, shape: Shape, draw: torch.Generator) -> Tensor:
        """Return shuffled values of an even grid, so that none are equal or close."""
        order = torch.randperm(count(shape), generator=draw)
        grid = torch.linspace(self.low, self.high, count(shape) + 2, dtype=torch.float64)[1:-1]
        values = grid[order].reshape(shape)
        for kink in self.kinks:
            side = torch.where(values < kink, -self.kink_distance, self.kink_distance)
            values = torch.where((values - kink).abs() < self.kink_distance, kink + side, values)
        return values

    def _check_arity(self) -> None:
        layer = self.layer
        assert len(self.bottoms) in layer.bottoms
        assert self.tops in layer.tops or layer.is_loss
        assert not layer.equal_bottoms_and_tops or len(self.bottoms) == self.tops
        for arity in (layer.bottoms, layer.tops):
            assert not any(number in arity for number in _outside(arity))

    def _check_round_trip(self) -> None:
        """The text of the message is read as the same message, and is written the same again."""
        text = format_block(unbind(self._message))
        message = bind(parse(Source(text)), LayerParameter)
        assert message == self._message
        assert format_block(unbind(message)) == text

    def _check_shapes(self, *, train: bool) -> None:
        inferred = self.layer.infer(*self.bottoms)
        for dtype in (torch.float32, torch.float64):
            inputs = self.inputs(dtype)
            assert [x.shape for x in inputs[len(self.bottoms) :]] == [w.shape for w in self.weights]
            tops = self.run(*inputs, train=train)
            assert tuple(tuple(top.shape) for top in tops) == inferred
            assert {top.dtype for top in tops} <= {dtype}

    def _check_memory_format(self, *, train: bool) -> None:
        inputs = self.inputs()
        last = [
            x.detach().contiguous(memory_format=torch.channels_last)
            if at < len(self.bottoms) and x.dim() == 4
            else x.detach()
            for at, x in enumerate(self.inputs())
        ]
        torch.testing.assert_close(
            self.run(*last, train=train), self.run(*inputs, train=train), equal_nan=True
        )

    def _check_samples(self, *, train: bool) -> None:
        """A layer that says it keeps samples apart makes of each alone what it makes in a batch."""
        shapes = (*self.bottoms, *self.layer.infer(*self.bottoms))
        apart = self.layer.keeps_samples_apart(*self.bottoms, training=train)
        if not apart or len({shape[:1] for shape in shapes}) > 1:
            return
        inputs, at = self.inputs(), len(self.bottoms)
        alone = [
            self.run(*(x[n : n + 1] for x in inputs[:at]), *inputs[at:], train=train)
            for n in range(shapes[0][0])
        ]
        expected = tuple(map(torch.cat, zip(*alone, strict=True)))
        torch.testing.assert_close(self.run(*inputs, train=train), expected, equal_nan=True)

    def _check_gradients(self, *, train: bool) -> None:
        if self.backward is None:
            module = self.module(train=train)
            assert torch.autograd.gradcheck(
                lambda *xs: _run(module, xs), self.inputs(), fast_mode=True
            )
            return
        inputs = self.inputs()
        tops = self.run(*inputs, train=train)
        diffs = _diffs(tops)
        expected = self.backward(inputs, diffs)
        for got, want in zip(_gradients(inputs, tops), expected, strict=True):
            if want is not None:
                torch.testing.assert_close(got, want)

    def _check_in_place(self, *, train: bool) -> None:
        """Writing over the bottom changes neither tops nor gradients."""
        module = self.module(train=train)
        if not isinstance(module, InPlace):
            return
        inputs, others = self.inputs(), self.inputs()
        expected = _run(module, inputs)
        module.inplace = True
        tops = _run(module, _copies(others))
        torch.testing.assert_close(tops, expected)
        self._overwrite_tops(tops)
        torch.testing.assert_close(_gradients(others, tops), _gradients(inputs, expected))

    def _check_what_backward_keeps(self, *, train: bool) -> None:
        """Overwriting what the layer says it does not keep leaves the gradients as they are."""
        inputs = self.inputs()
        expected = _gradients(inputs, self.run(*inputs, train=train))
        copies = _copies(inputs)
        tops = self.run(*copies, train=train)
        bottoms = copies[: len(self.bottoms)]
        shared = {x.untyped_storage().data_ptr() for x in bottoms}
        sharing = shared & {top.untyped_storage().data_ptr() for top in tops}
        assert self.layer.shares_bottom or not sharing
        if not sharing:
            self._overwrite_tops(tops)
        if not (sharing or self.layer.keeps_bottom or isinstance(self.module(), InPlace)):
            for bottom in bottoms:
                bottom.detach().fill_(7.0)
        torch.testing.assert_close(_gradients(inputs, tops), expected)

    def _overwrite_tops(self, tops: tuple[Tensor, ...]) -> None:
        if not self.layer.keeps_top:
            for top in tops:
                top.detach().fill_(7.0)


def _run(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        tops: Tensor | tuple[Tensor, ...] = module(*inputs)
    return (tops,) if isinstance(tops, Tensor) else tuple(tops)


def _copies(inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return what autograd allows to be written over."""
    return tuple(x.clone() if x.requires_grad else x for x in inputs)


def _diffs(tops: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    draw = torch.Generator().manual_seed(SEED)
    return tuple(
        torch.randn(top.shape, generator=draw, dtype=torch.float64).to(top.dtype) for top in tops
    )


def _gradients(inputs: tuple[Tensor, ...], tops: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return the diffs of all inputs (0 where there is none), given those of `_diffs`."""
    pairs = [(top, diff) for top, diff in zip(tops, _diffs(tops), strict=True) if top.requires_grad]
    wanted = [x for x in inputs if x.requires_grad]
    found = iter(
        torch.autograd.grad([p[0] for p in pairs], wanted, [p[1] for p in pairs], allow_unused=True)
    )
    diffs = (next(found) if x.requires_grad else None for x in inputs)
    return tuple(
        torch.zeros_like(x) if diff is None else diff for x, diff in zip(inputs, diffs, strict=True)
    )


def _outside(arity: Arity) -> list[int]:
    return [arity.least - 1] if arity.most is None else [arity.least - 1, arity.most + 1]
