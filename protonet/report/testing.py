"""How a net scores on its data, batch by batch (``caffe test``)."""

from collections.abc import Iterator

import torch

from protonet.net import Net
from protonet.report.log import number
from protonet.train.scores import elements


@torch.no_grad()
def test_lines(net: Net, iterations: int) -> Iterator[str]:
    """Run a net on its next batches and yield the lines that ``caffe test`` prints.

    Each batch gives a line an output; then come the means over all batches, and the mean objective.
    """
    sums: list[float] = []
    loss = 0.0
    outputs = elements(net, {})
    for batch in range(iterations):
        blobs = net({})
        loss += float(net.loss(blobs))
        outputs = elements(net, blobs)
        sums = sums or [0.0] * len(outputs)
        for at, output in enumerate(outputs):
            sums[at] += output.value
            yield f"Batch {batch}, {output.blob} = {number(output.value)}"
    yield f"Loss: {number(loss / iterations)}"
    for output, total in zip(outputs, sums, strict=True):
        mean, weight = total / iterations, output.weight
        tail = f" (* {number(weight)} = {number(weight * mean)} loss)" if weight else ""
        yield f"{output.blob} = {number(mean)}{tail}"
