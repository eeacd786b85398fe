import torch

from protonet.train.smoothing import LossWindow


def test_mean_is_over_the_last_losses() -> None:
    window = LossWindow(2)
    means: list[float] = []
    for loss in (1.0, 3.0, 5.0):
        window.add(torch.tensor(loss))
        means.append(window.mean())

    assert means == [1.0, 2.0, 4.0]


def test_empty_window_is_zero() -> None:
    window = LossWindow(3)
    window.add(torch.tensor(1.0))
    window.clear()

    assert (window.mean(), window.values()) == (0.0, [])


def test_restored_window_goes_on() -> None:
    window = LossWindow(2)
    window.restore([1.0, 3.0])
    window.add(torch.tensor(5.0))

    assert window.values() == [3.0, 5.0]
