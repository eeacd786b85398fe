"""A net or solver that a user names -> its message, with the tree it was read from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from protonet import files
from protonet.diagnostics import DiagnosticError
from protonet.layers import LAYERS
from protonet.layers.plugins import load_installed
from protonet.message.base import Message
from protonet.message.bind import bind
from protonet.message.unbind import unbind
from protonet.source import Source
from protonet.spec.net import NetParameter
from protonet.spec.override import Setting
from protonet.spec.solver import SolverParameter
from protonet.spec.upgrade import upgrade_net, upgrade_solver
from protonet.syntax.format import format_block
from protonet.syntax.parse import parse
from protonet.syntax.tree import Tree


@dataclass(frozen=True, slots=True)
class NetFile:
    """A net in today's form.

    Attributes:
        message: What it says.
        tree: Where it says it; of a message that was given as such, the text that it would be.
        dialects: Which fork's layer a type is, for those that differ (``spec/dialect``).
    """

    message: NetParameter
    tree: Tree
    dialects: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def name(self) -> str:
        """What diagnostics call the file."""
        return self.tree.source.name

    @property
    def path(self) -> Path | None:
        """Where the file is, if it is one."""
        return self.tree.source.path

    @property
    def folder(self) -> Path | None:
        """The folder of the file: what it names is looked for there too."""
        return self.path.parent if self.path else None


@dataclass(frozen=True, slots=True)
class SolverFile:
    """A solver in today's form.

    Attributes:
        message: What it says.
        tree: Where it says it; of a message that was given as such, the text that it would be.
        of_layers: What the run sets over the layers of its nets.
    """

    message: SolverParameter
    tree: Tree
    of_layers: tuple[Setting, ...] = ()

    @property
    def name(self) -> str:
        """What diagnostics call the file."""
        return self.tree.source.name

    @property
    def path(self) -> Path | None:
        """Where the file is, if it is one."""
        return self.tree.source.path

    @property
    def folder(self) -> Path | None:
        """The folder of the file: what it names is looked for there too."""
        return self.path.parent if self.path else None


def parse_net(text_or_path: str | Path) -> NetParameter:
    """Read a net as it stands, of whatever generation; only Caffe's schema is held against it.

    Args:
        text_or_path: A path, or the text of a net: what holds a newline or a brace.

    Raises:
        DiagnosticError: The file is at fault, or is not there.
    """
    return bind_net(_tree(text_or_path))


def parse_solver(text_or_path: str | Path) -> SolverParameter:
    """Read a solver as it stands; only Caffe's schema is held against it.

    Args:
        text_or_path: A path, or the text of a solver: what holds a newline or a brace.

    Raises:
        DiagnosticError: The file is at fault, or is not there.
    """
    return bind(_tree(text_or_path), SolverParameter)


def read_net(spec: str | Path | NetParameter | Tree) -> NetFile:
    """Read a net and bring it to today's form.

    Args:
        spec: A path, the text of a net, a message, or what was parsed already.

    Raises:
        DiagnosticError: The file is at fault, or is not there.
    """
    tree = _tree(spec)
    message = spec if isinstance(spec, NetParameter) else bind_net(tree)
    upgraded, changes = upgrade_net(tree)
    return NetFile(bind_net(upgraded) if changes else message, upgraded)


def bind_net(tree: Tree) -> NetParameter:
    """Read the tree of a net; something unknown in it may be of a layer of an installed package.

    Raises:
        DiagnosticError: The file is at fault, or such a package.
    """
    try:
        message = bind(tree, NetParameter)
    except DiagnosticError:
        if not load_installed():
            raise
        return bind(tree, NetParameter)
    if any(layer.type not in LAYERS for layer in message.layer):
        load_installed()
    return message


def read_solver(spec: str | Path | SolverParameter | Tree) -> SolverFile:
    """Read a solver and bring it to today's form.

    Args:
        spec: A path, the text of a solver, a message, or what was parsed already.

    Raises:
        DiagnosticError: The file is at fault, or is not there.
    """
    tree = _tree(spec)
    message = spec if isinstance(spec, SolverParameter) else bind(tree, SolverParameter)
    upgraded, changes = upgrade_solver(tree)
    return SolverFile(bind(upgraded, SolverParameter) if changes else message, upgraded)


def _tree(spec: str | Path | Message | Tree) -> Tree:
    if isinstance(spec, Tree):
        return spec
    if isinstance(spec, Message):
        source = Source(format_block(unbind(spec)), f"<{type(spec).__name__}>")
    elif isinstance(spec, str) and any(mark in spec for mark in "\n{"):
        source = Source(spec)
    else:
        source = files.read(spec)
    return parse(source)
