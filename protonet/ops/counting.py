"""Of how many items a top is the mean: means of batches can then be made that of all of them."""

import torch
from torch import Tensor, nn

Count = Tensor | int
"""How many items a value is the mean of, or each element of it; the number 0 says it is a sum."""


_exports = getattr(torch.compiler, "is_exporting", torch.compiler.is_compiling)
"""Tells whether the module is being exported; torch 2.6 knows only that it is being compiled."""


class Counting(nn.Module):
    """A module whose first tops are means over items, of which a batch has more or fewer.

    Attributes:
        counts: Of how many items each of these tops was a mean, the last time.
    """

    counts: tuple[Count, ...] = ()

    def count(self, *counts: Count) -> None:
        """Note of how many items the tops are means."""
        if not _exports():  # what is exported keeps no state
            self.counts = counts
