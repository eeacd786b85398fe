"""The features that a net computes of its data, written batch by batch."""

from collections.abc import Callable, Iterable, Sequence

import torch

from protonet.data.faults import fault
from protonet.data.tools.faults import Fault
from protonet.data.tools.features import Sink
from protonet.diagnostics import Diagnostic, DiagnosticError, did_you_mean
from protonet.net import Net


def check_blobs(net: Net, blobs: Sequence[str]) -> None:
    """See that a net has blobs, with a row for each record, and reads data.

    Raises:
        DiagnosticError: PN550, it has not; PN554, it reads none.
    """
    problems: list[Diagnostic] = []
    for blob in blobs:
        if blob not in net.graph.values:
            hint = did_you_mean(blob, net.graph.values) or "`protonet show` prints the blobs"
            problems += fault(Fault.BLOB, f"the net has no blob `{blob}`", help=hint).diagnostics
        elif not net.shapes.values[net.graph.values[blob]]:
            problems += fault(
                Fault.BLOB, f"blob `{blob}` is one value for a whole batch, no features of a record"
            ).diagnostics
    if problems:
        raise DiagnosticError(problems)
    if not net.feed.tops:
        raise fault(
            Fault.NO_DATA,
            "the net has no data layer",
            help="give a net with one, like a train_val.prototxt; `protonet predict` takes images",
        )


@torch.no_grad()
def extract(
    net: Net,
    blobs: Sequence[str],
    batches: Iterable[object],
    sink: Sink,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Run a net on its next batches and write blobs; return how many rows the first has.

    Args:
        net: The net.
        blobs: Which blobs.
        batches: What is gone over meanwhile: ``range(iterations)``, or ``net.feed.once()``.
        sink: Where they go.
        progress: Is told of each batch.

    Raises:
        DiagnosticError: PN555, they cannot be written there.
    """
    rows = 0
    for _ in batches:
        values = net({}, blobs=blobs)
        for blob in blobs:
            sink.write(blob, values[blob].float().cpu().numpy())
        rows += len(values[blobs[0]])
        progress(1)
    return rows
