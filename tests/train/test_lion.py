import pytest
import torch
from torch import Tensor

from protonet.train.optimizer import Optimizer
from tests.train.blobs import ITERATIONS, Blobs, solver


def lion(w: Tensor, m: Tensor, g: Tensor, rate: float, decay: float) -> tuple[Tensor, Tensor]:
    """Algorithm 2 of the paper, with its usual numbers."""
    update = torch.sign(0.9 * m + 0.1 * g)
    return w - rate * (update + decay * w), 0.99 * m + 0.01 * g


@pytest.mark.parametrize("size", [1, 2])
def test_step_is_that_of_the_paper(size: int) -> None:
    blobs = Blobs.make()
    optimizer = Optimizer(blobs.learnables, solver(type="Lion", weight_decay=0.1, iter_size=size))
    expected = [b.tensor.detach().double() for b in blobs.learnables]
    momenta = [torch.zeros_like(w) for w in expected]
    for it in range(ITERATIONS):
        for at, diff in enumerate(blobs.give_gradients(it)):
            blob = blobs.learnables[at]
            expected[at], momenta[at] = lion(
                expected[at],
                momenta[at],
                torch.as_tensor(diff) / size,
                0.01 * blob.lr_mult,
                0.1 * blob.decay_mult,
            )
        optimizer.step(0.01, it)

    for blob, w in zip(blobs.learnables, expected, strict=True):
        torch.testing.assert_close(blob.tensor.detach(), w.float())
    for mine, m in zip(optimizer.history, momenta, strict=True):
        torch.testing.assert_close(mine, m.float())


def test_numbers_that_are_set_count() -> None:
    blobs = Blobs.make()
    optimizer = Optimizer(blobs.learnables, solver(type="Lion", momentum=0.5, momentum2=0.75))
    blobs.give_gradients(0)
    gradient = blobs.gradients[0][0]
    optimizer.step(0.1, 0)

    torch.testing.assert_close(optimizer.history[0], 0.25 * gradient)
