"""Everything that is wrong with a file, without torch."""

from collections.abc import Iterator

from protonet import files
from protonet.data.resolve import resolve_net
from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.graph.rules import merged, takes_part
from protonet.layers import LAYERS
from protonet.message.common import Phase
from protonet.spec.change import losses
from protonet.spec.dialect import resolve
from protonet.spec.net import NetParameter, NetState
from protonet.spec.read import read_net
from protonet.spec.solver import SolverParameter
from protonet.spec.upgrade import upgrade_net
from protonet.syntax.parse import parse
from protonet.syntax.tree import Tree


def check(name: str) -> tuple[Diagnostic, ...]:
    """Return all problems of a net or a solver, and of the nets that a solver names.

    A stage that fails ends the check of its file: what comes after would only repeat it.
    """
    # What is wrong in TRAIN is often wrong in TEST, too, and is told once.
    return tuple({problem.render(): problem for problem in _problems(name)}.values())


def _problems(name: str) -> Iterator[Diagnostic]:
    try:
        tree = parse(files.read(name))
        yield from _solver(tree) if is_solver(tree) else _net(tree)
    except DiagnosticError as error:
        yield from error.diagnostics


def is_solver(tree: Tree) -> bool:
    """Tell whether more of a file's fields are a solver's than a net's."""
    names = {field.name for field in tree.root.fields}
    solver, net = SolverParameter.slots().keys(), NetParameter.slots().keys()
    return len(names & (solver - net)) > len(names & (net - solver))


def _solver(tree: Tree) -> Iterator[Diagnostic]:
    from protonet.report.check_solver import solver_problems  # noqa: PLC0415 # a net needs none of it

    return solver_problems(tree)


def _net(tree: Tree) -> Iterator[Diagnostic]:
    file, notes = resolve(read_net(tree))
    yield from notes
    yield from losses(tree, upgrade_net(tree)[1])
    for state in states(file.message):
        try:
            resolve_net(file, state)
        except DiagnosticError as error:
            yield from error.diagnostics


def states(net: NetParameter) -> tuple[NetState, ...]:
    """Return the states that a net is made for: TRAIN and TEST, or the one that has data.

    A net whose data layers are all for TRAIN cannot be tested, which is no mistake.
    """
    both = tuple(merged(net.state, phase) for phase in (Phase.TRAIN, Phase.TEST))
    fed = tuple(state for state in both if _is_fed(net, state))
    return fed or both


def _is_fed(net: NetParameter, state: NetState) -> bool:
    kept = (LAYERS.get(layer.type) for layer in net.layer if takes_part(layer, state))
    return any(layer is not None and layer.is_source for layer in kept)
