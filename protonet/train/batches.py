"""The batches of one iteration: forward and backward, their gradients added up."""

from collections.abc import Callable

import torch
from torch import Tensor

from protonet.net import Net
from protonet.train import debug
from protonet.train.cache import Features
from protonet.train.events import Event
from protonet.train.gradients import Gradients


def run_batches(
    net: Net,
    gradients: Gradients,
    batches: int,
    emit: Callable[[Event], None],
    *,
    display: bool,
    debugs: bool,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Run a net on its next batches.

    Args:
        net: The net.
        gradients: Where its gradients go.
        batches: How many: the solver's ``iter_size``.
        emit: Is told of magnitudes.
        display: Whether somebody looks at the outputs.
        debugs: Whether it is told.

    Returns:
        The mean loss, and the outputs of the last batch.
    """
    features = net.shortcut
    if not display and isinstance(features, Features) and features.joins():
        outputs = features.joined()
        loss = net.loss(outputs)
        gradients.backward(loss * batches)  # the sum of what each batch alone would give
        return loss.detach(), outputs
    losses: list[Tensor] = []
    outputs: dict[str, Tensor] = {}
    for _ in range(batches):
        with debug.watched(net, emit, on=debugs):
            outputs = net({})
            loss = net.loss(outputs)
            if loss.requires_grad:
                gradients.backward(loss)
        losses.append(loss.detach())
    return (losses[0] if len(losses) == 1 else torch.stack(losses).mean()), outputs
