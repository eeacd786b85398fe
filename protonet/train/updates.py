"""What the last update subtracted from the weights: Caffe's diffs after an iteration."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from protonet.nets.blobs import Learnable


class Updates:
    """The last update of some blobs, as far as it was asked for.

    Args:
        learnables: The blobs.
    """

    def __init__(self, learnables: Sequence[Learnable]) -> None:
        self._weights = [blob.tensor for blob in learnables]
        self.last: list[Tensor] | None = None
        """What was subtracted, in the order of the blobs."""

    @contextmanager
    def kept(self, *, on: bool) -> Generator[None]:
        """Keep the update that is done inside."""
        before = [w.detach().clone() for w in self._weights] if on else []
        yield
        pairs = zip(before, self._weights, strict=on)
        self.last = [old - w.detach() for old, w in pairs] if on else None

    def by_blob(self) -> Mapping[int, Tensor]:
        """Return the last update by the id of its blob; zeros before the first."""
        last = self.last or [torch.zeros_like(w) for w in self._weights]
        return {id(w): update for w, update in zip(self._weights, last, strict=True)}
