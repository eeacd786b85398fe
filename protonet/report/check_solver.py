"""What is wrong with a solver and the nets that it names, without torch."""

from collections.abc import Iterator

from protonet.data.resolve import resolve_net
from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.spec.change import losses
from protonet.spec.read import read_net, read_solver
from protonet.spec.upgrade import upgrade_solver
from protonet.syntax.tree import Tree
from protonet.train import sources
from protonet.train.advice import advise
from protonet.train.check import check, output_counts, unmonitored


def solver_problems(tree: Tree) -> Iterator[Diagnostic]:
    """Yield the problems of a solver, and, if it has no errors of its own, those of its nets."""
    file = read_solver(tree)
    yield from losses(tree, upgrade_solver(tree)[1])
    yield from advise(file)
    problems = tuple(check(file))
    yield from problems
    if problems:
        return
    nets = (sources.train_net(file), *sources.test_nets(file))
    outputs: list[dict[str, int]] = []
    for source in nets:
        try:
            net = read_net(source.spec)
            state = sources.merged(source.phase, net.message.state, source.state)
            resolved = resolve_net(net, state)
            outputs.append(output_counts(resolved.graph, resolved.shapes))
        except DiagnosticError as error:
            yield from error.diagnostics
    if len(outputs) == len(nets):
        yield from unmonitored(file, outputs[1:])
