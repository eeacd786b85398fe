"""The calls that generated code will make, and what makes fewer of them.

A `Step` is at first one layer. `PASSES` then join layers where the result is the same: all tops are
still computed, but for the values between joined layers.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from protonet.graph.ir import Graph, Node, Value
from protonet.graph.share import Owned, Ownership
from protonet.ops.affine import Scale
from protonet.ops.convolution import Convolution
from protonet.ops.folding import FoldedConvolution
from protonet.ops.normalization import BatchNorm


@dataclass(frozen=True, slots=True)
class Step:
    """One call of generated code.

    Attributes:
        nodes: The layers that it does; the first gives its name.
        module: What is called, with the first layer's bottoms and then the blobs.
        blobs: The blobs of all its layers.
    """

    nodes: tuple[Node, ...]
    module: nn.Module
    blobs: tuple[Owned, ...]

    @property
    def first(self) -> Node:
        """The layer whose bottoms it reads."""
        return self.nodes[0]

    @property
    def tops(self) -> tuple[Value, ...]:
        """What it makes."""
        return self.nodes[-1].tops

    def then(self, step: "Step", module: nn.Module) -> "Step":
        """Return this step with the next one in it."""
        return Step((*self.nodes, *step.nodes), module, (*self.blobs, *step.blobs))


Join = Callable[[Step, Step], nn.Module | None]
"""Returns the module of two steps in one, or None where they do not go together."""


def steps_of(  # noqa: PLR0917 # a net, and then how it is to be run
    graph: Graph,
    nodes: Sequence[Node],
    ownership: Ownership,
    modules: Mapping[str, nn.Module],
    returned: Collection[Value],
    passes: Sequence[Join] | None = None,
) -> list[Step]:
    """Return the steps of layers, data layers left out.

    Args:
        graph: The net.
        nodes: The layers to run, in order.
        ownership: Their blobs.
        modules: Their modules, by the nodes' keys.
        returned: Values that the caller will see: they are not joined away.
        passes: What joins them; `PASSES` if not given.
    """
    steps = [
        Step((node,), modules[node.key], ownership.slots.get(node.key, ()))
        for node in nodes
        if not node.layer.is_source
    ]
    seen = {*returned, *(value for value, _ in graph.losses())}
    readers = Counter(bottom for node in nodes for bottom in node.bottoms)
    hidden = {value for value, number in readers.items() if number == 1 and value not in seen}
    for join in PASSES if passes is None else passes:
        steps = _joined(steps, join, hidden)
    return steps


def _joined(steps: Sequence[Step], join: Join, hidden: Collection[Value]) -> list[Step]:
    """Join each step with the one that alone reads its only top."""
    found: dict[Value, Step] = {}
    result: list[Step] = []
    for step in steps:
        bottoms = step.first.bottoms
        before = found.get(bottoms[0]) if len(bottoms) == 1 and bottoms[0] in hidden else None
        blocked = bool(step.first.spec.propagate_down)
        module = join(before, step) if before and not blocked else None
        if before is not None and module is not None:
            result.remove(before)
            step = before.then(step, module)  # noqa: PLW2901 # the joined step stands for both
        result.append(step)
        if len(step.tops) == 1:
            found[step.tops[0]] = step
    return result


def batch_norm_and_scale(before: Step, step: Step) -> nn.Module | None:
    """A Scale of the channels behind a BatchNorm: one pass over the blob instead of two."""
    norm, scale = before.module, step.module
    if not isinstance(norm, BatchNorm) or not isinstance(scale, Scale) or scale.axis != 1:
        return None
    if len(before.nodes) > 1:  # it has a Scale already
        return None
    channels = before.blobs[0].weight.shape
    return norm if step.blobs and step.blobs[0].weight.shape == channels else None


def convolution_and_batch_norm(before: Step, step: Step) -> nn.Module | None:
    """A BatchNorm with fixed statistics behind a convolution: folded into its weights."""
    convolution, norm = before.module, step.module
    if not isinstance(convolution, Convolution) or not isinstance(norm, BatchNorm):
        return None
    uses_sums = not norm.training if norm.use_global_stats is None else norm.use_global_stats
    plain = convolution.axis == 1 and convolution.bottoms == 1 and not convolution.transposed
    if not uses_sums or not plain:
        return None
    return FoldedConvolution(convolution, norm, has_bias=len(before.blobs) > 1)


PASSES: tuple[Join, ...] = (batch_norm_and_scale, convolution_and_batch_norm)
