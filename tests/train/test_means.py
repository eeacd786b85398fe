import pytest
import torch

from protonet.data.feed import Epoch
from protonet.diagnostics import DiagnosticError
from protonet.net import Net
from protonet.train.length import WHOLE
from protonet.train.means import Means, Turn, turns
from protonet.train.scores import score

NET = """
layer { name: "x" type: "Input" top: "x" top: "label" input_param { shape { dim: 3 } } }
layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 3 dim: 2 } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "x" bottom: "label" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "y" bottom: "label" top: "accuracy" top: "each" }
layer { name: "rows" type: "Power" bottom: "x" top: "rows" power_param { scale: 2 } }
"""
SAMPLES = [(float(n), n % 2, [3 * (n % 3), 1]) for n in range(8)]
"""A number, a label, and the scores of two classes: the first wins where 3 does not divide n."""


def net(text: str = NET, number: int = 8) -> Net:
    return Net(text, data={"test": SAMPLES[:number]})


@pytest.mark.parametrize("number", [2, 6, 8])
def test_means_over_a_whole_set_are_means_over_its_samples(number: int) -> None:
    samples = SAMPLES[:number]

    means = score(net(number=number), WHOLE)

    assert means
    right = [(0 if n % 3 else 1) == label for n, (_, label, _) in enumerate(samples)]
    losses = [(x - label) ** 2 / 2 for x, label, _ in samples]
    assert means.loss == pytest.approx(sum(losses) / number)
    assert float(means.blobs["loss"]) == pytest.approx(sum(losses) / number)
    assert float(means.blobs["accuracy"]) == pytest.approx(sum(right) / number)
    assert means.blobs["each"].shape == (2,)


def test_a_row_is_the_mean_over_the_batches_that_have_it() -> None:
    means = score(net(), WHOLE)

    assert means
    rows = [2 * (0 + 3 + 6) / 3, 2 * (1 + 4 + 7) / 3, 2 * (2 + 5) / 2]
    assert means.blobs["rows"].tolist() == pytest.approx(rows)


def test_rows_may_be_of_several_values() -> None:
    means = Means()
    for values in ([[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0]]):
        means.add({"x": torch.tensor(values)}, torch.tensor(0.0), len(values) / 2)

    assert means.blobs["x"].tolist() == [[3, 4], [3, 4]]


def test_means_over_batches_are_caffes() -> None:
    means = score(net(), 3)

    assert means
    losses = [sum((n % 8 - n % 8 % 2) ** 2 for n in range(at, at + 3)) / 6 for at in (0, 3, 6)]
    assert means.loss == pytest.approx(sum(losses) / 3)


def test_no_batches_have_no_means() -> None:
    means = score(net(), 0)

    assert means
    assert (means.blobs, means.loss) == ({}, 0.0)


def test_every_pass_begins_at_the_start() -> None:
    tested = net()
    tested({})

    first, second = (score(tested, WHOLE) for _ in range(2))

    assert first
    assert second
    assert first.loss == second.loss


def test_an_interrupted_test_has_no_result() -> None:
    asked = iter([False, True])

    assert score(net(), WHOLE, lambda: next(asked)) is None


def test_a_net_that_refuses_the_short_batch_is_told() -> None:
    fixed = NET + (
        'layer { name: "fixed" type: "Reshape" bottom: "rows" top: "fixed"'
        " reshape_param { shape { dim: 3 dim: 1 } } }"
    )

    with pytest.raises(DiagnosticError) as raised:
        score(net(fixed), WHOLE)

    (problem,) = raised.value.diagnostics
    assert problem.code == "PN655"
    assert problem.message.startswith("the last batch has 2 of 3 records, and the net refuses it: ")
    assert problem.help == "choose a `batch_size` that divides 8"


def test_a_full_batch_that_fails_is_told_as_ever() -> None:
    wrong = Net(NET, data={"test": [(0.0, 7, [0, 1])] * 4})

    with pytest.raises(DiagnosticError, match="PN302"):
        score(wrong, WHOLE)
    with pytest.raises(DiagnosticError, match=r"PN655.*the net refuses it: layer `accuracy`"):
        Turn(wrong, 1, Epoch(4, 3)).run()


def test_a_part_says_how_much_of_a_batch_there_is() -> None:
    assert [turn.part for turn in turns(net(), WHOLE)] == [1, 1, 2 / 3]
    assert [turn.part for turn in turns(net(), 2)] == [1, 1]
