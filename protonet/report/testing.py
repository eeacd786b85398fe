"""How a net scores on its data, batch by batch (``caffe test``)."""

from collections.abc import Iterator

import torch

from protonet.net import Net
from protonet.report.log import number
from protonet.train.means import Means, turns
from protonet.train.scores import elements


@torch.no_grad()
def test_lines(net: Net, batches: int) -> Iterator[str]:
    """Run a net on its next batches and yield the lines that ``caffe test`` prints.

    Each batch gives a line an output; then come the means over all batches, and the mean objective.

    Args:
        net: The net.
        batches: How many; -1 for all data once, from their start.

    Raises:
        DiagnosticError: PN535, the data have no end; PN655, the net takes no short batch.
    """
    means = Means()
    for at, turn in enumerate(turns(net, batches)):
        outputs = turn.run()
        turn.count(outputs, means)
        for output in elements(net, outputs):
            yield f"Batch {at}, {output.blob} = {number(output.value)}"
    yield f"Loss: {number(means.loss)}"
    for output in elements(net, means.blobs):
        mean, weight = output.value, output.weight
        tail = f" (* {number(weight)} = {number(weight * mean)} loss)" if weight else ""
        yield f"{output.blob} = {number(mean)}{tail}"
