"""Which layers of a net learn, and how fast, as overrides of single layers. Torch-free.

A frozen layer keeps its blobs as they are: those that learn get ``lr_mult: 0 decay_mult: 0``, and a
BatchNorm normalizes by its stored statistics instead of averaging on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from protonet.data.resolve import Resolved
from protonet.diagnostics import Diagnostic, did_you_mean
from protonet.graph.ir import Node
from protonet.graph.share import Owned
from protonet.spec.override import LAYER, Setting, matches

AFFINE = ("Scale", "Bias")
"""Layers that learn what a BatchNorm leaves out."""
MOST_LISTED = 12


@dataclass(frozen=True, slots=True)
class Wish:
    """Which layers are to learn; they are given by patterns, as ``conv*``.

    Attributes:
        freeze: Layers that do not learn.
        train_only: If there are any, the only layers that learn, less those of ``freeze``; what the
            file freezes of them learns, too.
        bn_frozen: No BatchNorm learns, nor the Scale or Bias after it.
        lr_mult: What the rates of layers are multiplied by.
    """

    freeze: tuple[str, ...] = ()
    train_only: tuple[str, ...] = ()
    bn_frozen: bool = False
    lr_mult: Mapping[str, float] = field(default_factory=dict[str, float])


class Learning:
    """What a wish means for a net.

    Args:
        net: The train net.
        wish: Which layers are to learn.
    """

    def __init__(self, net: Resolved, wish: Wish) -> None:
        self._net = net
        self._wish = wish
        self._norms = frozenset(_norms(net.graph.nodes))
        nodes = {node.key: node for node in net.graph.nodes}
        self._places: dict[str, list[tuple[Node, int]]] = {}
        for key, slots in net.ownership.slots.items():
            for index, owned in enumerate(slots):
                self._places.setdefault(owned.name, []).append((nodes[key], index))

    def problems(self) -> Iterator[Diagnostic]:
        """Yield PN670, PN672 and PN675: what of the wish is about nothing, or leaves nothing."""
        w = self._wish
        patterns = (
            ("--freeze", w.freeze),
            ("--train-only", w.train_only),
            ("--lr-mult", w.lr_mult),
        )
        known = list(dict.fromkeys(node.name for at in self._places.values() for node, _ in at))
        missing = [
            no_such_layer(option, pattern, known, "with weights")
            for option, given in patterns
            for pattern in given
            if not any(matches(name, pattern) for name in known)
        ]
        if w.bn_frozen and not self._norms:
            missing.append(Diagnostic("PN670", "the net has no BatchNorm (`--bn-frozen`)"))
        yield from missing or self._without_effect()

    def _without_effect(self) -> Iterator[Diagnostic]:
        learning = [owned for owned in self._learnable() if self._base(owned)[0]]
        if not learning:
            yield Diagnostic("PN672", "no layer is left to learn", help=self._way_out())
            return
        for pattern, factor in self._wish.lr_mult.items():
            if not any(matches(name, pattern) for owned in learning for name in self._names(owned)):
                yield Diagnostic(
                    "PN675",
                    f"`--lr-mult {pattern}={factor:g}` is for layers that do not learn",
                    help=f"`--train-only '{pattern}'` lets them learn",
                )

    def _way_out(self) -> str:
        if self._wish.freeze:
            return "layers of `--freeze` learn in no case: leave out what is to learn"
        last = [owned.layer for owned in self._learnable()][-1:]
        return f"name what is to learn: `--train-only {last[0]}`" if last else ""

    def settings(self) -> Iterator[Setting]:
        """Yield the overrides that make the wish true."""
        for owned in self._learnable():
            rate, decay = self._target(owned)
            for node, index in self._places[owned.name]:
                param = f"{LAYER}{node.name}.param.{index}"
                if rate != owned.lr_mult:
                    yield Setting(f"{param}.lr_mult", f"{rate:.7g}")
                if decay != owned.decay_mult:
                    yield Setting(f"{param}.decay_mult", f"{decay:.7g}")
        for node in self._net.graph.nodes:
            if node.layer.fixed_by and not node.layer.is_fixed and self._is_frozen([node]):
                yield Setting(f"{LAYER}{node.name}.{node.layer.fixed_by}", "true")

    def _learnable(self) -> Iterator[Owned]:
        weights = self._net.ownership.owned
        return (owned for owned in weights if owned.weight.learnable and not owned.weight.frozen)

    def _target(self, owned: Owned) -> tuple[float, float]:
        rate, decay = self._base(owned)
        for pattern, factor in self._wish.lr_mult.items():
            if any(matches(name, pattern) for name in self._names(owned)):
                rate *= factor
        return rate, decay

    def _base(self, owned: Owned) -> tuple[float, float]:
        """Return both multipliers of a blob, its rate not yet multiplied."""
        if self._is_frozen([node for node, _ in self._places[owned.name]]):
            return 0, 0
        if self._wish.train_only and not any(
            o.lr_mult for o in self._net.ownership.slots[owned.key]
        ):
            return 1, 1  # what Caffe takes where the file says nothing
        return owned.lr_mult, owned.decay_mult

    def _is_frozen(self, sharing: Sequence[Node]) -> bool:
        """Tell whether the wish freezes what these layers share."""
        w = self._wish
        names = [node.name for node in sharing]
        if _any_of(names, w.freeze) or (w.bn_frozen and {n.key for n in sharing} & self._norms):
            return True
        return bool(w.train_only) and not _any_of(names, w.train_only)

    def _names(self, owned: Owned) -> Iterator[str]:
        return (node.name for node, _ in self._places[owned.name])


def _any_of(names: Iterable[str], patterns: Sequence[str]) -> bool:
    return any(matches(name, pattern) for name in names for pattern in patterns)


def _norms(nodes: Sequence[Node]) -> Iterator[str]:
    """Yield the keys of BatchNorms, and of what scales and shifts their tops by weights."""
    normalized = {top for node in nodes if node.layer.fixed_by for top in node.tops}
    for node in nodes:
        if node.layer.fixed_by or (
            node.type in AFFINE and len(node.bottoms) == 1 and node.bottoms[0] in normalized
        ):
            normalized |= {*node.tops}
            yield node.key


def no_such_layer(
    option: str, pattern: str, known: Sequence[str], which: str = "of the net"
) -> Diagnostic:
    """Return PN670: a pattern is about no layer."""
    names = [f"`{name}`" for name in known[:MOST_LISTED]]
    more = ["..."] if len(known) > MOST_LISTED else []
    hint = did_you_mean(pattern, known) or f"the layers are {', '.join([*names, *more])}"
    return Diagnostic("PN670", f"no layer {which} matches `{pattern}` (`{option}`)", help=hint)
