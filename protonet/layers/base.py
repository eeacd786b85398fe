"""What a layer is, and where layer types are found."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from protonet.layers._registry import Registry
from protonet.message.base import Message
from protonet.message.common import FillerParameter
from protonet.shape import Shape, canonical_axis, count

if TYPE_CHECKING:
    from torch import nn


class LayerError(Exception):
    """A layer cannot work with its bottoms or parameters.

    Raised without any place; the stage that asked knows where (PN301).

    Args:
        message: A fact: lower case, no full stop, names in backticks, values shown.
        help: What to do.
        field: The path of the field at fault below the layer, as ``("pooling_param", "pad")``.
    """

    def __init__(self, message: str, *, help: str = "", field: tuple[str | int, ...] = ()) -> None:  # noqa: A002 # a diagnostic's own word
        super().__init__(message)
        self.message = message
        self.help = help
        self.field = field


@dataclass(frozen=True, slots=True)
class Arity:
    """How many blobs a layer takes or gives; ``most=None`` is without limit."""

    least: int
    most: int | None

    def __contains__(self, number: int) -> bool:
        return self.least <= number and (self.most is None or number <= self.most)

    def __str__(self) -> str:
        if self.most is None:
            return f"at least {self.least}"
        return str(self.least) if self.least == self.most else f"{self.least} to {self.most}"


def exactly(number: int) -> Arity:
    """Return the arity of a fixed number."""
    return Arity(number, number)


def between(least: int, most: int | None) -> Arity:
    """Return the arity of a range; ``most=None`` is without limit."""
    return Arity(least, most)


_ZEROS = FillerParameter()


@dataclass(frozen=True, slots=True)
class Weight:
    """One blob that a layer keeps, in Caffe's order and shape.

    Attributes:
        shape: Its shape; ``()`` is a scalar.
        filler: How a fresh one is drawn.
        learnable: False for running statistics: a buffer that the layer itself updates.
        frozen: The layer sets its ``lr_mult`` and ``decay_mult`` to 0, whatever ``param`` says.
    """

    shape: Shape
    filler: FillerParameter = _ZEROS
    learnable: bool = True
    frozen: bool = False


class Layer(Message):
    """A layer type: its messages (as fields), shapes, weights and arithmetic.

    The class's name is the prototxt's ``type``. Fields are the ``*_param`` messages it reads, with
    their numbers in LayerParameter. A layer sees shapes and messages only: no graph, no file, no
    blob name.
    """

    bottoms: ClassVar[Arity] = exactly(1)
    tops: ClassVar[Arity] = exactly(1)
    equal_bottoms_and_tops: ClassVar[bool] = False
    """As many tops as bottoms (Caffe's EqualNumBottomTopBlobs)."""
    is_loss: ClassVar[bool] = False
    """The first top weighs 1 in the objective unless told otherwise; tops may be left out."""
    is_source: ClassVar[bool] = False
    """A data layer: its tops are inputs of the compiled module, which ``data`` reads."""
    may_be_in_place: ClassVar[bool] = True
    """False where Caffe refuses it (AbsVal, Flatten, Reshape, Split)."""
    keeps_bottom: ClassVar[bool] = True
    """Backward reads the bottom, so no later layer may overwrite it."""
    keeps_top: ClassVar[bool] = True
    """Backward reads the top, so no later layer may overwrite it."""
    shares_bottom: ClassVar[bool] = False
    """The top may be the bottom's memory (Flatten, Split), so no later layer may overwrite it."""
    mixes_samples: ClassVar[bool] = True
    """A row of a top (axis 0 counts samples) may depend on more than this row of the bottoms and
    the blobs: on other rows, on random numbers, on earlier batches."""
    no_gradient_to: ClassVar[frozenset[int]] = frozenset()
    """Bottoms that get no gradient (labels; Caffe's AllowForceBackward)."""
    dialects: ClassVar[Mapping[str, frozenset[str]]] = MappingProxyType({})
    """Where forks mean different things by it: the fields that each has, the default first."""

    top_count: int = 1
    """How many tops this layer has in its net."""
    asked_dialect: str = ""
    """Which of ``dialects`` the net is in; empty lets the fields of the layer decide."""

    @property
    def fixed_by(self) -> str:
        """The field that, if true, keeps its running statistics; empty if there is none."""
        return ""

    @property
    def is_fixed(self) -> bool:
        """Tell whether it uses its running statistics as they are, in TRAIN too."""
        path = self.fixed_by.split(".") if self.fixed_by else []
        return bool(path) and bool(reduce(getattr, path, self))

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        """Return the shapes of the tops.

        Raises:
            LayerError: The layer cannot work with these bottoms or parameters.
        """
        raise NotImplementedError

    def weights(self, *bottoms: Shape) -> tuple[Weight, ...]:
        """Return the blobs it keeps, in Caffe's order (after ``infer`` has passed)."""
        return ()

    def keeps_samples_apart(self, *bottoms: Shape, training: bool) -> bool:
        """Tell whether ``mixes_samples`` is not true of these bottoms, in TRAIN or at TEST."""
        return not self.mixes_samples

    @property
    def averages_samples(self) -> bool:
        """Tell whether a loss is the mean of what each sample alone would give."""
        return False

    def multiplications(self, *bottoms: Shape) -> int:
        """Return how many multiplications with a weight a forward pass does; biases are none.

        Each element of the top meets one row of a blob ``(num_output, ...)`` once.
        """
        blobs = [weight.shape for weight in self.weights(*bottoms) if len(weight.shape) > 1]
        return sum(count(self.infer(*bottoms)[0]) * count(shape[1:]) for shape in blobs)

    def build(self, *bottoms: Shape) -> "nn.Module":
        """Return a module whose ``forward(*bottoms, *weights)`` gives the top, or a tuple of tops.

        The module owns no parameter: weights are arguments, so that nets can share, freeze and fold
        them. It reads ``self.training`` for the phase, takes any batch and, where the weights allow
        it, any spatial size, and computes in the dtype it is given.
        """
        raise NotImplementedError


LAYERS = Registry()
register = LAYERS.register


def axis_of(axis: int, bottom: Shape, *field: str) -> int:
    """Return a parameter's axis counted from the front.

    Raises:
        LayerError: The bottom has no such axis.
    """
    try:
        return canonical_axis(axis, len(bottom))
    except ValueError:
        raise LayerError(
            f"axis {axis} is out of range for a bottom of shape {bottom}", field=field
        ) from None
