import pytest
import torch

from protonet.train.optimizer import Optimizer
from tests.train.blobs import ITERATIONS, Blobs, solver


@pytest.mark.parametrize("fused", [True, False], ids=["fused", "direct"])
@pytest.mark.parametrize("size", [1, 2])
def test_step_is_that_of_torch(size: int, fused: bool) -> None:
    s = solver(type="AdamW", weight_decay=0.1, momentum2=0.99, delta=1e-6, iter_size=size)
    mine, theirs = Blobs.make(), Blobs.make()
    optimizer = Optimizer(mine.learnables, s, fused=fused)
    other = torch.optim.AdamW(
        [
            {"params": [b.tensor], "lr": 0.1 * b.lr_mult, "weight_decay": 0.1 * b.decay_mult}
            for b in theirs.learnables
        ],
        betas=(0.9, 0.99),
        eps=1e-6,
    )
    for it in range(ITERATIONS):
        mine.give_gradients(it)
        theirs.give_gradients(it)
        for blob in theirs.learnables:
            if blob.tensor.grad is not None:
                blob.tensor.grad /= size
        optimizer.step(0.1, it)
        other.step()

    for blob, expected in zip(mine.learnables, theirs.learnables, strict=True):
        torch.testing.assert_close(blob.tensor, expected.tensor)


def test_momentum_that_is_set_counts() -> None:
    blobs = Blobs.make()
    optimizer = Optimizer(blobs.learnables, solver(type="AdamW", momentum=0.0))
    gradient = blobs.gradients[0][0]
    blobs.give_gradients(0)
    optimizer.step(0.1, 0)

    torch.testing.assert_close(optimizer.history[0], gradient)


def test_frozen_blob_is_left_alone() -> None:
    blobs = Blobs.make()
    before = blobs.learnables[4].tensor.clone()
    optimizer = Optimizer(blobs.learnables, solver(type="AdamW", weight_decay=0.5))
    blobs.give_gradients(0)
    optimizer.step(0.1, 0)

    assert torch.equal(blobs.learnables[4].tensor, before)
