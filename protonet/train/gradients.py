"""From losses to the gradients that an update takes: averaged over processes, safe from underflow.

Gradients are exchanged once an iteration, after the last of its ``iter_size`` batches. Caffe's
``layer_wise_reduce`` and DistributedDataParallel exchange those of one layer while others are still
computed, which hides a part of the time. This is not done here: it saves at most the time of the
exchange (61 M weights over a link of 100 GB/s: 5 ms), and in turn nothing needs to be known of
shared blobs, of layers that got no gradient, or of which batch is the last.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from protonet.nets.blobs import Learnable
from protonet.train.distributed import World
from protonet.train.events import Clipped, Overflowed
from protonet.train.scaffold import Site

BUCKET = 2**23
"""Values (32 MiB) that are exchanged at once, while the next are being copied."""
ALIGNED = 64
"""A gradient starts at a multiple of so many values, which vector instructions like."""

Update = Callable[[], Clipped | None]


class Gradients:
    """The gradients of a net's blobs.

    Args:
        learnables: The blobs.
        site: The processes that train together. With ``amp: "fp16"`` losses are scaled up, for
            small gradients are 0 in it.
        bucket: Values that are exchanged at once.
    """

    def __init__(
        self, learnables: Sequence[Learnable], site: Site, *, bucket: int = BUCKET
    ) -> None:
        learning = [blob.tensor for blob in learnables if blob.tensor.requires_grad]
        self._world = world = site.world
        self._buckets = [] if world.size == 1 else [_Bucket(b) for b in _parts(learning, bucket)]
        scales = site.execution.amp == "fp16" and bool(learning)
        self._scaler = torch.amp.GradScaler(site.device.type) if scales else None
        self._optimizer = _Unscaled(learning) if scales else None

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of a loss to those of the batches before it."""
        scaled = loss if self._scaler is None else self._scaler.scale(loss)
        scaled.backward()

    def step(self, update: Update, it: int) -> Clipped | Overflowed | None:
        """Average the gradients, then do an update; none if a number does not fit into fp16.

        Returns:
            What the update said, or that there was none.
        """
        for bucket in self._buckets:
            bucket.send(self._world)
        for bucket in self._buckets:
            bucket.receive(self._world)
        if self._scaler is None or self._optimizer is None:
            return update()
        self._optimizer.update, self._optimizer.told = update, Overflowed(it)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        return self._optimizer.told

    def state(self) -> dict[str, Any]:
        """Return what a resumed run needs: plain values."""
        return {} if self._scaler is None else self._scaler.state_dict()

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        if self._scaler is not None and state:
            self._scaler.load_state_dict(state)


class _Unscaled(torch.optim.Optimizer):
    """What torch's scaler calls with gradients of their true size, unless one is infinite."""

    def __init__(self, weights: Sequence[Tensor]) -> None:
        super().__init__(weights, {})
        self.update: Update = lambda: None
        self.told: Clipped | Overflowed | None = None

    def step(self, closure: object = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] # torch's overloads are about closures
        """Do the update."""
        self.told = self.update()


def _parts(weights: Sequence[Tensor], size: int) -> list[list[Tensor]]:
    """Cut a list of blobs where their values add up to ``size``."""
    parts: list[list[Tensor]] = []
    room = 0
    for w in weights:
        if not parts or room < w.numel():
            parts.append([])
            room = size
        parts[-1].append(w)
        room -= w.numel()
    return parts


class _Bucket:
    """The gradients of some blobs, side by side in memory."""

    def __init__(self, weights: Sequence[Tensor]) -> None:
        self._weights = weights
        starts = [0]
        for w in weights:
            starts.append(starts[-1] + -(-w.numel() // ALIGNED) * ALIGNED)
        self._values = torch.zeros(starts[-1], device=weights[0].device)
        self._views = [
            self._values.as_strided(w.shape, w.stride(), start)
            for w, start in zip(weights, starts, strict=False)
        ]
        self._sent: Callable[[], None] = lambda: None

    def send(self, world: World) -> None:
        """Begin to add up what the processes have; a blob without gradient has zeros."""
        for view, w in zip(self._views, self._weights, strict=True):
            if w.grad is None:
                view.zero_()
            else:
                view.copy_(w.grad)
        self._sent = world.sum_begun(self._values)

    def receive(self, world: World) -> None:
        """Wait for the sums; their means become the gradients."""
        self._sent()
        self._values.mul_(1 / world.size)
        for view, w in zip(self._views, self._weights, strict=True):
            w.grad = view
