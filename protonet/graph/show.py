"""A graph as text: layers, shapes, blobs, what is frozen."""

from collections.abc import Iterator, Sequence

from protonet.graph.backward import reached
from protonet.graph.frozen import frozen_prefix, moving
from protonet.graph.infer import Shapes
from protonet.graph.ir import Graph, Node
from protonet.graph.share import Owned, Ownership
from protonet.shape import count, extents

HEADINGS = ("layer", "type", "bottom", "top", "shape", "blobs", "multiplications", "learns")


def show(graph: Graph, shapes: Shapes, ownership: Ownership) -> str:
    """Return a table of the layers, and the sums a person looks for first."""
    backward = reached(graph, ownership)
    rows = [HEADINGS, *(_row(node, shapes, ownership, backward) for node in graph.nodes)]
    return "\n".join((*columns(rows), "", *_sums(graph, shapes, ownership)))


def _row(
    node: Node, shapes: Shapes, ownership: Ownership, backward: frozenset[str]
) -> tuple[str, ...]:
    owned = ownership.slots.get(node.key, ())
    return (
        node.name,
        node.type,
        " ".join(value.blob for value in node.bottoms),
        " ".join(value.blob for value in node.tops if not value.is_automatic),
        " ".join(extents(shapes.values[value]) for value in node.tops),
        " ".join(extents(blob.weight.shape) for blob in owned),
        _thousands(_multiplications(node, shapes)),
        _learns(owned, passed=node.key in backward),
    )


def _learns(owned: Sequence[Owned], *, passed: bool) -> str:
    """Say at what rates a layer's blobs learn."""
    mine = [blob for blob in owned if blob.weight.learnable]
    if not mine:
        return "statistics" if owned else ""
    if not any(blob.lr_mult for blob in mine):
        return "frozen" if passed else "frozen, no backward"
    rates = [f"{blob.lr_mult:g}" for blob in mine]
    return "" if set(rates) == {"1"} else f"lr x{' x'.join(rates)}"


def _multiplications(node: Node, shapes: Shapes) -> int:
    return node.layer.multiplications(*shapes.bottoms(node))


def _sums(graph: Graph, shapes: Shapes, ownership: Ownership) -> Iterator[str]:
    learnable = [owned for owned in ownership.owned if owned.weight.learnable]
    total = sum(count(owned.weight.shape) for owned in learnable)
    frozen = sum(count(owned.weight.shape) for owned in learnable if not owned.lr_mult)
    yield f"{total:,} parameters, {total - frozen:,} learned, {frozen:,} frozen"
    multiplications = sum(_multiplications(node, shapes) for node in graph.nodes)
    yield f"{multiplications:,} multiplications a forward pass"
    yield from frozen_line(graph, shapes, ownership)


def frozen_line(graph: Graph, shapes: Shapes, ownership: Ownership) -> Iterator[str]:
    """Yield what is said of a net's frozen prefix, if it has one."""
    prefix = frozen_prefix(graph, shapes, ownership, moving(graph, ownership, shapes))
    if not isinstance(prefix, str):
        size = f"{prefix.bytes_per_sample:,} bytes a sample"
        yield f"frozen prefix {prefix.span}: {prefix.blobs} can be kept, {size}"


def _thousands(number: int) -> str:
    return f"{number:,}" if number else ""


def columns(rows: Sequence[Sequence[str]], *, right: range = range(0)) -> Iterator[str]:
    """Yield rows as lines, each column as wide as its widest cell.

    Args:
        rows: Of one length.
        right: The columns whose cells stand at the right: numbers.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
