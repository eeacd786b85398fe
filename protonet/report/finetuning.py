"""What a fine-tuning starts from, and what of it learns: a table of every blob."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from torch import Tensor

from protonet.diagnostics import Diagnostic, Severity
from protonet.graph.share import Owned
from protonet.graph.show import columns
from protonet.message.common import Phase
from protonet.net import Net
from protonet.shape import Shape, count, extents
from protonet.spec.solver import SolverParameter
from protonet.weights.match import BlobId, Match


class Origin(StrEnum):
    """Where a blob's values are from."""

    LOADED = "loaded"
    ADAPTED = "adapted"
    REINITIALISED = "reinitialised"
    NEW = "new"


class Fate(StrEnum):
    """What training does to a blob."""

    TRAINED = "trained"
    FROZEN = "frozen"
    AVERAGED = "averaged"


LEGEND: Mapping[StrEnum, str] = {
    Origin.NEW: "no file has these blobs, they start at their fillers' values",
    Fate.AVERAGED: "each batch changes these statistics; `--bn-frozen` keeps them",
}
"""What the words of the table mean that do not say it themselves."""

HEADINGS = ("blob", "shape", "values", "learns", "rate", "decay", "count")


@dataclass(frozen=True, slots=True)
class Row:
    """A blob of a net that is about to be trained.

    Attributes:
        layer: The layer that owns it.
        index: Which of the layer's blobs.
        shape: Its shape.
        origin: Where its values are from.
        fate: What training does to it.
        rate: ``base_lr * lr_mult``, which a schedule may lower; 0 unless it is trained.
        decay: ``weight_decay * decay_mult``; 0 unless it is trained.
    """

    layer: str
    index: int
    shape: Shape
    origin: Origin
    fate: Fate
    rate: float = 0.0
    decay: float = 0.0

    @property
    def count(self) -> int:
        """How many values it has."""
        return count(self.shape)

    @property
    def cells(self) -> tuple[str, ...]:
        """What the table shows of it."""
        is_trained = self.fate is Fate.TRAINED
        numbers = [f"{number:g}" if is_trained else "" for number in (self.rate, self.decay)]
        name, shape = f"{self.layer}/{self.index}", extents(self.shape)
        return (name, shape, self.origin, self.fate, *numbers, f"{self.count:,}")


def rows(net: Net, solver: SolverParameter) -> list[Row]:
    """Return the blobs of a train net in Caffe's order, a shared one once."""
    return [_row(owned, net, solver) for owned in net.ownership.owned]


def _row(owned: Owned, net: Net, solver: SolverParameter) -> Row:
    origin, fate = _origin(owned, net), _fate(owned, net)
    row = Row(owned.layer, owned.index, owned.weight.shape, origin, fate)
    if fate is not Fate.TRAINED:
        return row
    rate, decay = solver.base_lr * owned.lr_mult, solver.weight_decay * owned.decay_mult
    return replace(row, rate=rate, decay=decay)


def _origin(owned: Owned, net: Net) -> Origin:
    match: Match[Tensor] | None = net.match
    if match is None:
        return Origin.NEW
    blob = net.blob(owned)
    notes = [pair.note for pair in match.pairs if pair.target is blob]
    if notes:  # of several files, the last one's values stay
        return Origin.ADAPTED if notes[-1] else Origin.LOADED
    is_left = BlobId(owned.layer, owned.index) in match.left
    return Origin.REINITIALISED if is_left else Origin.NEW


def _fate(owned: Owned, net: Net) -> Fate:
    if owned.weight.learnable:
        return Fate.TRAINED if owned.lr_mult else Fate.FROZEN
    node = next(node for node in net.graph.nodes if node.key == owned.key)
    averages = node.phase is Phase.TRAIN and not node.layer.is_fixed
    return Fate.AVERAGED if averages else Fate.FROZEN


def table(found: Sequence[Row]) -> str:
    """Return the table, its sums, and what its words mean."""
    words = {*(row.origin for row in found), *(row.fate for row in found)}
    legend = [f"{word}: {meaning}" for word, meaning in LEGEND.items() if word in words]
    return "\n".join(
        [*columns([HEADINGS, *(row.cells for row in found)]), "", *_sums(found), *legend]
    )


def _sums(found: Sequence[Row]) -> Iterator[str]:
    yield f"{sum(row.count for row in found):,} values in {len(found)} blobs"
    for words, of in ((Origin, "origin"), (Fate, "fate")):
        sums = {word: sum(r.count for r in found if getattr(r, of) is word) for word in words}
        yield ", ".join(f"{number:,} {word}" for word, number in sums.items() if number)


def doubts(found: Sequence[Row]) -> Iterator[Diagnostic]:
    """Yield PN673 for each layer that is frozen and was never learnt."""
    fresh = {row.layer for row in found if row.origin in {Origin.NEW, Origin.REINITIALISED}}
    frozen = [row.layer for row in found if row.fate is Fate.FROZEN]
    for layer in dict.fromkeys(layer for layer in frozen if layer in fresh):
        yield Diagnostic(
            "PN673",
            f"layer `{layer}` is frozen, but nothing was loaded into it",
            help=f"let it learn, or load it: `--map OLD={layer}` if it has another name there",
            severity=Severity.WARNING,
        )
