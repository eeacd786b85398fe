"""The means of a test net's outputs over some batches."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from protonet.net import Net
from protonet.spec.solver import SolverParameter
from protonet.train import debug, events
from protonet.train.events import Event, Output
from protonet.train.means import Means, turns


@torch.no_grad()
def score(net: Net, batches: int, interrupted: Callable[[], bool] = lambda: False) -> Means | None:
    """Run a net on its next batches; None if it was interrupted before one of them.

    Args:
        net: The net.
        batches: How many; -1 for all data once, from their start.
        interrupted: Tells before each batch whether to end.

    Raises:
        DiagnosticError: PN535, its data have no end; PN655, it takes no short batch.
    """
    means = Means()
    for turn in turns(net, batches):
        if interrupted():
            return None
        turn.count(turn.run(), means)
    return means


def elements(net: Net, blobs: Mapping[str, Tensor]) -> tuple[Output, ...]:
    """Return the elements of a net's outputs, in Caffe's order."""
    weights = net.loss_weights
    found: list[Output] = []
    for blob in net.outputs:
        if blob in blobs:
            values = blobs[blob].detach().flatten().cpu()
            found += [Output(blob, float(value), weights.get(blob, 0.0)) for value in values]
    return tuple(found)


def run_tests(
    nets: Sequence[Net],
    solver: SolverParameter,
    it: int,
    interrupted: Callable[[], bool],
    emit: Callable[[Event], None],
) -> list[dict[str, Tensor]]:
    """Run test nets on their next batches.

    Args:
        nets: The nets.
        solver: Says how many batches.
        it: Iterations done so far.
        interrupted: Tells between batches whether to end.
        emit: Is told of each test.

    Returns:
        For each net the means of its outputs; of fewer nets if it was interrupted.
    """
    found: list[dict[str, Tensor]] = []
    for index, net in enumerate(nets):
        emit(events.Testing(it, index))
        with debug.watched(net, emit, on=solver.debug_info):
            scores = score(net, solver.test_iter[index], interrupted)
        if scores is None:
            emit(events.TestInterrupted(it, index))
            break
        loss = scores.loss if solver.test_compute_loss else None
        emit(events.Tested(it, index, elements(net, scores.blobs), loss))
        found.append(dict(scores.blobs))
    return found
