"""torch's autograd functions, typed."""

from typing import Any, cast

import torch
from torch import Tensor


def apply(function: type[torch.autograd.Function], *arguments: Any) -> Tensor:
    """Return ``function.apply(*arguments)``, one tensor; torch says nothing of its type."""
    return cast("Tensor", function.apply(*arguments))  # its functions here return one tensor


def apply_many(function: type[torch.autograd.Function], *arguments: Any) -> tuple[Tensor, ...]:
    """Return ``function.apply(*arguments)``, a tuple of tensors."""
    return cast("tuple[Tensor, ...]", function.apply(*arguments))  # its functions return tuples
