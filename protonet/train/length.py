"""How long a run is whose solver says ``max_epoch``. Torch-free."""

from protonet.spec.solver import SolverParameter

WHOLE = -1
"""As a ``test_iter``: all data once."""


def with_max_iter(solver: SolverParameter, records: int, batch: int) -> SolverParameter:
    """Return a solver whose ``max_iter``, on which rates depend, is where the run ends.

    That is after ``max_epoch`` epochs, or at ``max_iter`` if that is earlier. An iteration takes
    ``iter_size`` batches; the last one may begin another epoch.

    Args:
        solver: The solver.
        records: How many an epoch has.
        batch: How many a batch takes, of all processes together.
    """
    end = -(-solver.max_epoch * records // (batch * solver.iter_size))
    if solver.has("max_iter"):
        end = min(end, solver.max_iter)
    return solver.model_copy(update={"max_iter": end})
