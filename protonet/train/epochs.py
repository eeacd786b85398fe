"""What a solver says in epochs: ``max_epoch``, and ``test_iter: -1`` for all data once."""

from collections.abc import Sequence
from dataclasses import replace

from protonet.diagnostics import Diagnostic, DiagnosticError, Label
from protonet.net import Net
from protonet.spec.read import SolverFile
from protonet.spec.solver import SolverParameter
from protonet.train.length import WHOLE, with_max_iter


def bounded(file: SolverFile, net: Net) -> SolverParameter:
    """Return a solver whose ``max_iter`` is where ``max_epoch`` ends the run, if that is earlier.

    Args:
        file: The solver.
        net: The train net, whose data the epochs are of.

    Raises:
        DiagnosticError: PN535, its data have no end.
    """
    if not file.message.max_epoch:
        return file.message
    try:
        return with_max_iter(file.message, *net.feed.epoch)
    except DiagnosticError as error:
        raise DiagnosticError(_placed(error, file, "max_epoch")) from error


def check_tests(file: SolverFile, nets: Sequence[Net]) -> None:
    """See that the data end of which each test is to take all.

    Raises:
        DiagnosticError: PN535, they do not.
    """
    problems: list[Diagnostic] = []
    for at, (net, batches) in enumerate(zip(nets, file.message.test_iter, strict=True)):
        try:
            if batches == WHOLE:
                _ = net.feed.epoch
        except DiagnosticError as error:
            problems += _placed(error, file, "test_iter", at)
    if problems:
        raise DiagnosticError(problems)


def _placed(error: DiagnosticError, file: SolverFile, *field: str | int) -> list[Diagnostic]:
    labels = (Label(file.tree.place(*field)),)
    return [replace(diagnostic, labels=labels) for diagnostic in error.diagnostics]
