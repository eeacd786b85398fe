"""Nets of the tests of export: the zoo's, small, with weights that let values through."""

import torch
from torch import Tensor

from protonet import Net
from tests.zoo.cases import Case


def zoo_net(case: Case) -> Net:
    """Return the deploy net of the zoo, with small inputs and drawn weights."""
    net = Net(case.text("deploy", case.deployed(case.small)), phase="TEST")
    draw_weights(net)
    return net


def draw_weights(net: Net) -> None:
    """Fill the blobs so that neither signal nor statistics vanish."""
    draw = torch.Generator().manual_seed(1701)
    with torch.no_grad():
        for learnable in net.learnables:
            blob = learnable.tensor
            if not isinstance(
                blob, torch.nn.Parameter
            ):  # sums of means, of variances; their factor
                values = (
                    torch.rand(blob.shape, generator=draw) * (1 if learnable.index else 0.1) + 0.1
                )
            elif blob.dim() > 1:
                fan = blob[0].numel()
                values = torch.randn(blob.shape, generator=draw) * (2 / fan) ** 0.5
            else:
                values = torch.rand(blob.shape, generator=draw) * 0.2 + 0.9 * (learnable.index == 0)
            blob.copy_(values)


def small_batch(case: Case) -> dict[str, Tensor]:
    """Draw what the deploy net takes."""
    given = case.deployed(case.small)
    return {blob: x for blob, x in case.batch(given).items() if blob in given}


def relative(got: Tensor, want: Tensor) -> float:
    """Return how far apart two tensors are at most, over the largest magnitude of the second."""
    assert got.shape == want.shape
    assert got.isfinite().all()
    return float((got - want).abs().max() / want.abs().max().clamp(min=1e-30))
