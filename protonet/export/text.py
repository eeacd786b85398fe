"""Prototxts to prototxts: to today's form, to a deploy net, to what Caffe reads."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff

from protonet.export import binary_net
from protonet.export.caffe import to_caffe
from protonet.export.deploy import deploy
from protonet.shape import Shape
from protonet.source import Source
from protonet.spec.change import told
from protonet.spec.other_file import is_solver
from protonet.spec.rewrite import modernized
from protonet.syntax.parse import parse

STDIN = "-"
"""The name of a file that is read from standard input."""


@dataclass(frozen=True, slots=True)
class Converted:
    """A converted file.

    Attributes:
        source: What it was.
        text: What it became.
        told: A line for each change, ``file:line:column: what``.
    """

    source: Source
    text: str
    told: tuple[str, ...]

    @property
    def diff(self) -> str:
        """The changes as a unified diff."""
        old, new = (text.splitlines(keepends=True) for text in (self.source.text, self.text))
        return "".join(unified_diff(old, new, self.source.name, self.source.name))


def read(name: str) -> Source:
    """Read a net or solver of text or binary form; ``-`` is standard input.

    Raises:
        DiagnosticError: PN021, it cannot be read; PN401, a binary one is cut short or damaged.
    """
    if name == STDIN:
        text = sys.stdin.buffer.read().decode("utf-8", errors="surrogateescape")
        return Source(text.removeprefix("\ufeff"), "<stdin>")
    return binary_net.read(name)


def convert_text(
    source: Source, to: str | None = None, inputs: Mapping[str, Shape] | None = None
) -> Converted:
    """Convert a net or a solver.

    Args:
        source: The file.
        to: ``"deploy"``, ``"caffe"``, or nothing: today's form.
        inputs: Shapes of a deploy net's inputs.

    Raises:
        DiagnosticError: The file is at fault.
    """
    tree = parse(source)
    solver = is_solver(tree)
    if to == "deploy":
        text, changes = deploy(source, inputs)
    elif to == "caffe":
        text, changes = to_caffe(source, solver=solver)
    else:
        text, changes = modernized(source, solver=solver)
    return Converted(source, text, tuple(told(tree, changes)))
