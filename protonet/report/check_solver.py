"""What is wrong with a solver and the nets that it names, without torch."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.lint.rule import Selection
from protonet.lint.scopes import GRAPH, NET, PHASES, RUN, SOLVER, FileView, Phases, Run, View
from protonet.report.look import look
from protonet.spec.change import losses
from protonet.spec.dialect import resolve
from protonet.spec.net import NetParameter
from protonet.spec.read import NetFile, read_net, read_solver
from protonet.spec.rewrite import notes as spelled
from protonet.spec.upgrade import upgrade_solver
from protonet.syntax.tree import Tree
from protonet.train import sources
from protonet.train.advice import advise
from protonet.train.check import check, output_counts, unmonitored


def solver_problems(tree: Tree, selection: Selection) -> Iterator[Diagnostic]:
    """Yield the problems of a solver, and, if it has no errors of its own, those of its nets.

    Raises:
        DiagnosticError: The solver cannot be read.
    """
    file = read_solver(tree)
    yield from spelled(tree)
    yield from losses(tree, upgrade_solver(tree)[1])
    yield from advise(file)
    yield from SOLVER.check(file, selection)
    problems = tuple(check(file))
    yield from problems
    if problems:
        return
    nets = (sources.train_net(file), *sources.test_nets(file))
    read: dict[Path | int, NetFile] = {}
    views: list[View] = []
    for source in nets:
        try:
            net = _read(source.spec, read)
            state = sources.merged(source.phase, net.message.state, source.state)
            view, wrong = look(net, state, loads=bool(file.message.weights))
            yield from wrong
            views += [view] if view is not None else []
        except DiagnosticError as error:
            yield from error.diagnostics
    for net in read.values():
        yield from NET.check(FileView(net), selection)
    for view in views:
        yield from GRAPH.check(view, selection)
    if len(views) == len(nets):
        yield from unmonitored(file, [output_counts(v.graph, v.shapes) for v in views[1:]])
        yield from _together(Run(file, views[0], tuple(views[1:])), selection)


def _read(spec: Path | NetParameter, known: dict[Path | int, NetFile]) -> NetFile:
    """Read a net, once."""
    key = spec if isinstance(spec, Path) else id(spec)
    if key not in known:
        known[key] = resolve(read_net(spec))[0]
    return known[key]


def _together(run: Run, selection: Selection) -> Iterator[Diagnostic]:
    pairs = (PHASES.check(Phases(run.train, test), selection) for test in run.tests)
    try:
        yield from chain(*pairs, RUN.check(run, selection))
    except DiagnosticError as error:  # weights that cannot be read
        yield from error.diagnostics
