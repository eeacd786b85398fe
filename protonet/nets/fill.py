"""Initial values (``filler.hpp``)."""

from collections.abc import Callable, Mapping
from math import ceil, sqrt
from types import MappingProxyType

import torch
from torch import Tensor, nn

from protonet.message.common import FillerParameter
from protonet.shape import count


def fill(blob: Tensor, filler: FillerParameter, generator: torch.Generator | None = None) -> None:
    """Draw the values of a fresh blob in place.

    Args:
        blob: Any shape that `check_filler` admits.
        filler: Type and parameters.
        generator: Where random numbers come from; torch's default one if not given.
    """
    with torch.no_grad():
        # Drawn in Caffe's order, so that one seed gives the same weights in any memory format.
        values = blob if blob.is_contiguous() else torch.empty(blob.shape, device=blob.device)
        FILLERS[filler.type](values, filler, generator)
        if values is not blob:
            blob.copy_(values)


def constant(blob: Tensor, filler: FillerParameter, generator: torch.Generator | None) -> None:
    """``value`` everywhere."""
    blob.fill_(filler.value)


def uniform(blob: Tensor, filler: FillerParameter, generator: torch.Generator | None) -> None:
    """U(min, max)."""
    blob.uniform_(filler.min, filler.max, generator=generator)


def gaussian(blob: Tensor, filler: FillerParameter, generator: torch.Generator | None) -> None:
    """N(mean, std); with ``sparse`` s, each value is kept with probability s / shape[0]."""
    blob.normal_(filler.mean, filler.std, generator=generator)
    if filler.sparse >= 0:
        share = filler.sparse / blob.shape[0]
        blob.mul_(torch.empty_like(blob).bernoulli_(share, generator=generator))


def truncated_normal(
    blob: Tensor, filler: FillerParameter, generator: torch.Generator | None
) -> None:
    """N(mean, std) without what is more than 2 std away from the mean. Not in Caffe."""
    low, high = filler.mean - 2 * filler.std, filler.mean + 2 * filler.std
    nn.init.trunc_normal_(blob, filler.mean, filler.std, low, high, generator)


def positive_unitball(
    blob: Tensor, filler: FillerParameter, generator: torch.Generator | None
) -> None:
    """U(0, 1), then every row (axis 0) scaled to the sum 1."""
    blob.uniform_(0, 1, generator=generator)
    rows = blob.view(blob.shape[0], -1)
    rows.div_(rows.sum(1, keepdim=True))


def xavier(blob: Tensor, filler: FillerParameter, generator: torch.Generator | None) -> None:
    """U(-a, a), a = sqrt(3 / fan). Glorot and Bengio, AISTATS 2010."""
    bound = sqrt(3 / fan(blob, filler))
    blob.uniform_(-bound, bound, generator=generator)


def msra(blob: Tensor, filler: FillerParameter, generator: torch.Generator | None) -> None:
    """N(0, sqrt(2 / fan)). He et al., arXiv:1502.01852."""
    blob.normal_(0, sqrt(2 / fan(blob, filler)), generator=generator)


def glorot_normal(blob: Tensor, filler: FillerParameter, generator: torch.Generator | None) -> None:
    """N(0, sqrt(2 / (fan_in + fan_out))). Glorot and Bengio, AISTATS 2010. Not in Caffe."""
    blob.normal_(0, sqrt(2 / sum(fans(blob))), generator=generator)


def bilinear(blob: Tensor, filler: FillerParameter, generator: torch.Generator | None) -> None:
    """``(1 - |x / f - c|) (1 - |y / f - c|)``, f = ceil(K / 2), c = (K - 1) / 2f."""
    kernel = blob.shape[3]
    f = ceil(kernel / 2)
    centre = (kernel - 1) / (2 * f)
    line = 1 - (torch.arange(kernel, dtype=torch.float64) / f - centre).abs()
    blob.copy_(torch.outer(line, line).expand(blob.shape))


def fan(blob: Tensor, filler: FillerParameter) -> float:
    """Return what ``xavier`` and ``msra`` divide by."""
    fan_in, fan_out = fans(blob)
    match filler.variance_norm:
        case FillerParameter.VarianceNorm.FAN_IN:
            return fan_in
        case FillerParameter.VarianceNorm.FAN_OUT:
            return fan_out
        case FillerParameter.VarianceNorm.AVERAGE:
            return (fan_in + fan_out) / 2


def fans(blob: Tensor) -> tuple[float, float]:
    """Return fan_in and fan_out.

    Only ratios of the shape: of a grouped or transposed convolution, not the connections.
    """
    shape = tuple(blob.shape)
    fan_in = count(shape) / (shape[0] if shape else 1)
    fan_out = count(shape) / shape[1] if len(shape) > 1 else count(shape)
    return fan_in, fan_out


Filler = Callable[[Tensor, FillerParameter, torch.Generator | None], None]

FILLERS: Mapping[str, Filler] = MappingProxyType(
    {
        f.__name__: f
        for f in (
            bilinear,
            constant,
            gaussian,
            glorot_normal,
            msra,
            positive_unitball,
            truncated_normal,
            uniform,
            xavier,
        )
    }
)
