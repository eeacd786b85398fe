"""A graph as a drawing: boxes for layers, arrows for blobs; in graphviz's language or Mermaid's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from protonet.graph.infer import Shapes
from protonet.graph.ir import Graph, Node
from protonet.graph.share import Owned, Ownership
from protonet.message.base import Kind, Message, Slot
from protonet.message.unbind import text_of
from protonet.shape import count, extents

Direction = Literal["TB", "LR"]
MOST_SETTINGS = 4
"""A box shows no more fields than these."""
UNTELLING = frozenset({"filler", "type", "engine", "source"})
"""Parts of names of fields that say nothing of a layer's form."""


class Look(StrEnum):
    """What kind of layer a box stands for."""

    DATA = "data"
    LEARNED = "learned"
    FROZEN = "frozen"
    PLAIN = "plain"
    LOSS = "loss"


FILLS: Mapping[Look, str] = MappingProxyType(
    {
        Look.DATA: "#e0e0e0",
        Look.LEARNED: "#bfd9f2",
        Look.FROZEN: "#e6eef5",
        Look.PLAIN: "#ffffff",
        Look.LOSS: "#f5c9c2",
    }
)


@dataclass(frozen=True, slots=True)
class Box:
    """A layer.

    Attributes:
        lines: What stands in it; the first is the layer's name.
        look: How it looks.
    """

    lines: tuple[str, ...]
    look: Look


@dataclass(frozen=True, slots=True)
class Arrow:
    """A value on its way from the layer that makes it to one that reads it; boxes by number."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes, and arrows between them.

    Attributes:
        name: Of the net.
        boxes: In the order of the file.
        arrows: In the order of the layers that read.
    """

    name: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def draw(graph: Graph, shapes: Shapes, ownership: Ownership) -> Drawing:
    """Draw a graph: a layer that works in place is a box of its own in the chain."""
    makers = {top: at for at, node in enumerate(graph.nodes) for top in node.tops}
    boxes = (_box(node, ownership.slots.get(node.key, ())) for node in graph.nodes)
    arrows = (
        Arrow(makers[bottom], at, f"{bottom.blob} {extents(shapes.values[bottom])}")
        for at, node in enumerate(graph.nodes)
        for bottom in node.bottoms
    )
    return Drawing(graph.name, tuple(boxes), tuple(arrows))


def dot(drawing: Drawing, direction: Direction = "TB") -> str:
    """Return a drawing in the language of graphviz."""
    lines = [f'digraph "{_escaped(drawing.name)}" {{', f"  rankdir={direction};"]
    lines.append('  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11];')
    lines.append('  edge [fontname="Helvetica", fontsize=9];')
    for number, box in enumerate(drawing.boxes):
        text = r"\n".join(map(_escaped, box.lines))
        style = ', style="rounded,filled,dashed"' if box.look is Look.FROZEN else ""
        lines.append(f'  n{number} [label="{text}", fillcolor="{FILLS[box.look]}"{style}];')
    lines += (
        f'  n{arrow.start} -> n{arrow.end} [label="{_escaped(arrow.label)}"];'
        for arrow in drawing.arrows
    )
    return "\n".join((*lines, "}\n"))


def mermaid(drawing: Drawing, direction: Direction = "TB") -> str:
    """Return a drawing in the language of Mermaid, which Markdown pages show."""
    lines = [f"flowchart {direction}"]
    for number, box in enumerate(drawing.boxes):
        text = "<br/>".join(map(_entities, box.lines))
        lines.append(f'  n{number}["{text}"]:::{box.look}')
    lines += (
        f'  n{arrow.start} -->|"{_entities(arrow.label)}"| n{arrow.end}' for arrow in drawing.arrows
    )
    for look, fill in FILLS.items():
        dashes = ",stroke-dasharray:4" if look is Look.FROZEN else ""
        lines.append(f"  classDef {look} fill:{fill},stroke:#333,color:#000{dashes}")
    return "\n".join(lines) + "\n"


def _box(node: Node, owned: tuple[Owned, ...]) -> Box:
    settings = ", ".join(list(_settings(node.layer))[:MOST_SETTINGS])
    values = sum(count(one.weight.shape) for one in owned)
    third = f"{values:,} values" if values else ""
    lines = (node.name, f"{node.type} {settings}".rstrip(), third)
    return Box(tuple(line for line in lines if line), _look(node, owned))


def _look(node: Node, owned: tuple[Owned, ...]) -> Look:
    if node.layer.is_source:
        return Look.DATA
    if any(node.loss_weights):
        return Look.LOSS
    learnable = [one for one in owned if one.weight.learnable]
    if any(one.lr_mult for one in learnable):
        return Look.LEARNED
    return Look.FROZEN if owned else Look.PLAIN


def _settings(layer: Message) -> Iterator[str]:
    """Yield what the file says of a layer's form: ``num_output 20``."""
    for param in type(layer).slots().values():
        if param.kind is Kind.MESSAGE and layer.has(param.name) and not param.repeated:
            message: Message = getattr(layer, param.name)
            for slot in type(message).slots().values():
                if message.has(slot.name) and _tells(slot):
                    yield f"{slot.name} {text_of(message, slot)}"


def _tells(slot: Slot) -> bool:
    return slot.kind is not Kind.MESSAGE and not any(part in slot.name for part in UNTELLING)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', r"\"")


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
