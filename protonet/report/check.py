"""Everything that is wrong with a file, without torch."""

import sys
from collections.abc import Iterator, Mapping
from itertools import chain

from protonet import files
from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.graph.rules import states
from protonet.lint.rule import EVERYTHING, Selection
from protonet.lint.scopes import GRAPH, NET, PHASES, FileView, Phases, View
from protonet.message.common import Phase
from protonet.report.look import look
from protonet.source import Source
from protonet.spec.change import losses
from protonet.spec.dialect import resolve
from protonet.spec.net import NetState
from protonet.spec.other_file import is_solver
from protonet.spec.read import NetFile, read_net
from protonet.spec.rewrite import notes as spelled
from protonet.syntax.parse import parse
from protonet.syntax.tree import Tree

STDIN = "-"
"""The name of a file that is read from standard input."""


def check(name: str, selection: Selection = EVERYTHING) -> tuple[Diagnostic, ...]:
    """Return all problems of a net or a solver, and of the nets that a solver names.

    A stage that fails ends the check of its file: what comes after would only repeat it.

    Args:
        name: The file; ``-`` is standard input.
        selection: Which codes are asked for.
    """
    try:
        source = read(name)
    except DiagnosticError as error:
        return error.diagnostics
    return check_source(source, selection)


def read(name: str) -> Source:
    """Read a file, or standard input for ``-``.

    Raises:
        DiagnosticError: PN021, it cannot be read.
    """
    if name != STDIN:
        return files.read(name)
    text = sys.stdin.buffer.read().decode("utf-8", errors="surrogateescape")
    return Source(text.removeprefix("\ufeff"), "<stdin>")


def check_source(source: Source, selection: Selection = EVERYTHING) -> tuple[Diagnostic, ...]:
    """Return all problems of a text; see `check`."""
    # What is wrong in TRAIN is often wrong in TEST, too, and is told once.
    return tuple(
        problem
        for problem in dict.fromkeys(_problems(source, selection))
        if selection.wants(problem.code)
    )


def _problems(source: Source, selection: Selection) -> Iterator[Diagnostic]:
    try:
        tree = parse(source)
        yield from (_solver if is_solver(tree) else net_problems)(tree, selection)
    except DiagnosticError as error:
        yield from error.diagnostics


def _solver(tree: Tree, selection: Selection) -> Iterator[Diagnostic]:
    from protonet.report.check_solver import solver_problems  # noqa: PLC0415 # a net needs none of it

    return solver_problems(tree, selection)


def net_problems(tree: Tree, selection: Selection) -> Iterator[Diagnostic]:
    """Yield the problems of a net: of the file, then of it in each state that it is made for.

    Raises:
        DiagnosticError: It cannot be read.
    """
    file, notes = resolve(read_net(tree))
    yield from chain(
        notes,
        spelled(tree),
        losses(tree, file.changes),
        NET.check(FileView(file), selection),
    )
    views: dict[Phase, View] = {}
    for state in states(file.message):
        view = _same(file, state, views)
        if view is None:
            view, problems = look(file, state)
            yield from problems
        if view is not None:
            views[state.phase] = view
            yield from GRAPH.check(view, selection)
    if len(views) == len(Phase):
        yield from PHASES.check(Phases(views[Phase.TRAIN], views[Phase.TEST]), selection)


def _same(file: NetFile, state: NetState, views: Mapping[Phase, View]) -> View | None:
    """Return the view of the other phase, if this one is the same: in a deploy net."""
    if any(layer.include or layer.exclude for layer in file.message.layer):
        return None
    return next((v.in_phase(state.phase) for v in views.values() if not v.graph.sources), None)
