"""A net or solver that a user names -> its message, with the tree it was read from."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from protonet import files
from protonet.diagnostics import DiagnosticError
from protonet.layers import LAYERS
from protonet.layers.base import Layer, Weight
from protonet.layers.plugins import load_installed
from protonet.message.base import Message
from protonet.message.bind import attempt, bind, faults
from protonet.message.common import Phase
from protonet.shape import Shape
from protonet.source import Source
from protonet.spec.change import Change
from protonet.spec.foreign import FOREIGN
from protonet.spec.given import without_messages
from protonet.spec.net import NetParameter
from protonet.spec.other_file import refuse_other
from protonet.spec.rewrite import rewrite
from protonet.spec.upgrade import upgrade_net, upgrade_solver
from protonet.spec.upgrade_v1 import has_fork_types
from protonet.syntax.parse import parse
from protonet.syntax.tree import Tree

if TYPE_CHECKING:
    from protonet.spec.override import Setting
    from protonet.spec.solver import SolverParameter

LayerKey: TypeAlias = tuple[int, str, int, str, Phase | None]
"""Its place in the file, type, number of tops, dialect, and the phase if it asks for that."""

Inferred: TypeAlias = tuple[tuple[Shape, ...], tuple[Weight, ...]]
"""The shapes of a layer's tops, and its blobs."""


@dataclass(frozen=True, slots=True)
class NetFile:
    """A net in today's form.

    Attributes:
        message: What it says.
        tree: Where it says it; of a message that was given as such, the text that it would be.
        dialects: Which fork's layer a type is, for those that differ (``spec/dialect``).
        changes: What was done to a net of an older form.
        layers: Those that were made of it, by what they are made of: its states share them.
        known: What was inferred of them, by the layer's id and its bottoms: tops and blobs.
    """

    message: NetParameter
    tree: Tree
    dialects: Mapping[str, str] = field(default_factory=dict[str, str])
    changes: tuple[Change, ...] = ()
    layers: dict[LayerKey, Layer] = field(
        default_factory=dict[LayerKey, Layer], compare=False, repr=False
    )
    known: dict[tuple[int, tuple[Shape, ...]], Inferred] = field(
        default_factory=dict[tuple[int, tuple[Shape, ...]], Inferred], compare=False, repr=False
    )

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

    message: "SolverParameter"
    tree: Tree
    of_layers: "tuple[Setting, ...]" = ()

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


def parse_solver(text_or_path: str | Path) -> "SolverParameter":
    """Read a solver as it stands; only Caffe's schema is held against it.

    Args:
        text_or_path: A path, or the text of a solver: what holds a newline or a brace.

    Raises:
        DiagnosticError: The file is at fault, or is not there.
    """
    return _bound_solver(_tree(text_or_path))[0]


def read_net(spec: str | Path | NetParameter | Tree, given: Collection[str] = ()) -> NetFile:
    """Read a net and bring it to today's form.

    Args:
        spec: A path, the text of a net, a message, or what was parsed already.
        given: Blobs that the caller gives. What a layer without bottoms that makes only these says
            beside its names does not count, should it be wrong.

    Raises:
        DiagnosticError: The file is at fault, or is not there.
    """
    tree = _tree(spec)
    try:
        return _read(spec, tree)
    except DiagnosticError:
        if not given:
            raise
        return _read(spec, without_messages(tree, given))


def _read(spec: object, tree: Tree) -> NetFile:
    upgraded, changes = upgrade_net(tree)
    if isinstance(spec, NetParameter) and not changes:
        return NetFile(spec, tree)
    message = _attempt(upgraded)
    if message is None:
        upgraded, _ = rewrite(upgraded)
        message = _attempt(upgraded)
    if message is None:
        raise _refusal(tree, upgraded, is_old=bool(changes))
    return NetFile(message, upgraded, changes=changes)


def _attempt(tree: Tree) -> NetParameter | None:
    """Return the message of a net; something unknown in it may be of an installed package."""
    message = attempt(tree, NetParameter)
    if message is None:
        return attempt(tree, NetParameter) if load_installed() else None
    if any(layer.type not in LAYERS for layer in message.layer):
        load_installed()
    return message


def _refusal(tree: Tree, modern: Tree, *, is_old: bool) -> DiagnosticError:
    """Return what is wrong with a net as it stands; if that can be read, with its form of today."""
    refuse_other(tree, solver=False)
    # Of a type that a fork added to V1's, only today's form can be read.
    if is_old and not has_fork_types(tree.root):
        spelled, _ = rewrite(tree)
        if attempt(spelled, NetParameter) is None:
            modern = spelled
    return faults(modern, NetParameter, foreign=FOREIGN)


def bind_net(tree: Tree) -> NetParameter:
    """Read the tree of a net, in BVLC's spelling or that of a fork.

    Something unknown in it may be of a layer of an installed package. Types that forks added to
    V1's enum are known by their names of today only: such a net is read in today's form.

    Raises:
        DiagnosticError: The file is at fault, or such a package.
    """
    message = _attempt(tree)
    if message is None:
        refuse_other(tree, solver=False)
        modern = upgrade_net(tree)[0] if has_fork_types(tree.root) else tree
        message = bind(rewrite(modern)[0], NetParameter, foreign=FOREIGN)
    return message


def read_solver(spec: "str | Path | SolverParameter | Tree") -> SolverFile:
    """Read a solver and bring it to today's form.

    Args:
        spec: A path, the text of a solver, a message, or what was parsed already.

    Raises:
        DiagnosticError: The file is at fault, or is not there.
    """
    tree = _tree(spec)
    message, tree = (spec, tree) if isinstance(spec, Message) else _bound_solver(tree)
    upgraded, changes = upgrade_solver(tree)
    return SolverFile(bind(upgraded, type(message)) if changes else message, upgraded)


def _bound_solver(tree: Tree) -> "tuple[SolverParameter, Tree]":
    """Return the message of a solver, and its tree in BVLC's spelling."""
    from protonet.spec.solver import SolverParameter  # noqa: PLC0415 # a net needs none of it

    message = attempt(tree, SolverParameter)
    if message is not None:
        return message, tree
    refuse_other(tree, solver=True)
    spelled, _ = rewrite(tree)
    return bind(spelled, SolverParameter, foreign=FOREIGN), spelled


def _tree(spec: str | Path | Message | Tree) -> Tree:
    if isinstance(spec, Tree):
        return spec
    if isinstance(spec, Message):
        return written(spec)
    if isinstance(spec, str) and any(mark in spec for mark in "\n{"):
        source = Source(spec)
    else:
        source = files.read(spec)
    return parse(source)


def written(message: Message, like: "NetFile | SolverFile | None" = None) -> Tree:
    """Return the tree of a message as if it had been read from a file.

    Args:
        message: A net or a solver.
        like: Whose name and place it has: what it names is looked for there too.
    """
    from protonet.message.unbind import unbind  # noqa: PLC0415 # most are files
    from protonet.syntax.format import format_block  # noqa: PLC0415 # most are files

    name, path = (like.name, like.path) if like else (f"<{type(message).__name__}>", None)
    return parse(Source(format_block(unbind(message)), name, path))
