"""What running a net gives."""

from collections.abc import Mapping

import torch
from torch import Tensor


class Outputs(dict[str, Tensor]):
    """Output blobs by name, with the terms of the objective.

    Attributes:
        terms: Every top with a loss weight, those that are no outputs too, and what it weighs.
    """

    terms: tuple[tuple[Tensor, float], ...] = ()

    def to_float(self) -> None:
        """Make float32 of what is of 16 bits."""
        self.update({blob: value.float() for blob, value in self.items()})
        self.terms = tuple((loss.float(), weight) for loss, weight in self.terms)


def objective(outputs: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
    """Return the sum over all tops of loss weight times sum of elements.

    Args:
        outputs: Of a net; in a plain dict, only its tops count.
        weights: What each top weighs, where ``outputs`` does not know.
    """
    terms = (
        outputs.terms
        if isinstance(outputs, Outputs)
        else tuple((outputs[blob], weights[blob]) for blob in outputs if blob in weights)
    )
    total = sum(
        (term.sum() if weight == 1 else term.sum() * weight for term, weight in terms),
        start=torch.zeros(()),
    )
    assert isinstance(total, Tensor)
    return total
