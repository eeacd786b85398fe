"""The smoothed loss that a solver displays."""

from collections import deque
from collections.abc import Iterable

import torch
from torch import Tensor


class LossWindow:
    """The last ``size`` losses; they stay on their device until the mean is asked for."""

    def __init__(self, size: int) -> None:
        self._losses: deque[Tensor] = deque(maxlen=size)

    def add(self, loss: Tensor) -> None:
        """Append a scalar; the oldest one leaves a full window."""
        self._losses.append(loss)

    def clear(self) -> None:
        """Forget all losses."""
        self._losses.clear()

    def mean(self) -> float:
        """Return the mean; of no losses, 0 as in Caffe."""
        values = self.values()
        return sum(values) / len(values) if values else 0.0

    def values(self) -> list[float]:
        """Return the losses, oldest first."""
        return [float(loss) for loss in self._losses]

    def restore(self, losses: Iterable[float]) -> None:
        """Take over the losses of another window."""
        self._losses.extend(torch.tensor(loss) for loss in losses)
