import math

import numpy as np
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


LABELLED = """
layer {{
  name: "in" type: "Input" top: "x" top: "label"
  input_param {{ shape {{ dim: {batch} dim: 4 dim: 2 }} shape {{ dim: {batch} dim: 2 }} }}
}}
layer {{
  name: "loss" type: "{kind}" bottom: "x" bottom: "label" top: "loss" loss_weight: 3
  loss_param {{ ignore_label: 9 normalization: {mode} }}
}}
layer {{
  name: "accuracy" type: "Accuracy" bottom: "x" bottom: "label" top: "accuracy" top: "each"
  accuracy_param {{ ignore_label: 9 }}
}}
"""
DRAWN = np.random.default_rng(1701)
SCORES = DRAWN.standard_normal((7, 4, 2)).astype(np.float32)
LABELS = np.array([[0, 9], [1, 1], [9, 9], [3, 9], [9, 0], [1, 3], [9, 9]])  # none of class 2
KEPT = LABELS != 9


@pytest.mark.parametrize("batch", [1, 2, 3, 5, 7, 9])
@pytest.mark.parametrize("mode", ["VALID", "FULL", "BATCH_SIZE", "NONE"])
def test_over_a_whole_set_each_label_counts_that_is_not_ignored(mode: str, batch: int) -> None:
    data = list(zip(SCORES, LABELS, strict=True))
    text = LABELLED.format(batch=batch, kind="SoftmaxWithLoss", mode=mode)

    means = score(Net(text, data={"test": data}), WHOLE)

    assert means
    hits = (SCORES.argmax(1) == LABELS) & KEPT
    ones = [np.equal(LABELS, c) for c in range(4)]
    share = [hits[one].sum() / max(1, one.sum()) for one in ones]
    odds = SCORES - np.log(np.exp(SCORES).sum(1, keepdims=True))
    right = np.take_along_axis(odds, np.where(KEPT, LABELS, 0)[:, None], 1)[:, 0]
    items = {"VALID": KEPT.sum(), "FULL": KEPT.size, "BATCH_SIZE": 7, "NONE": 7 / batch}
    loss = -(right * KEPT).sum() / items[mode]
    assert means.blobs["accuracy"].dtype == torch.float32
    assert float(means.blobs["accuracy"]) == pytest.approx(hits.sum() / KEPT.sum())
    assert means.blobs["each"].tolist() == pytest.approx(share)
    assert float(means.blobs["loss"]) == pytest.approx(loss)
    assert means.loss == pytest.approx(3 * loss)


def test_of_batches_that_were_counted_out_accuracies_are_caffes() -> None:
    data = list(zip(SCORES, LABELS, strict=True))
    text = LABELLED.format(batch=1, kind="SoftmaxWithLoss", mode="VALID")

    means = score(Net(text, data={"test": data}), 7)

    assert means
    hits = (SCORES.argmax(1) == LABELS) & KEPT
    each = (hits.sum(1) / KEPT.sum(1).clip(min=1)).tolist()
    assert float(means.blobs["accuracy"]) == pytest.approx(sum(each) / 7)


def test_a_loss_that_is_no_number_stays_one() -> None:
    data = [(np.full((4, 2), np.nan, np.float32), [0, 9])]
    text = LABELLED.format(batch=1, kind="SoftmaxWithLoss", mode="VALID")

    means = score(Net(text, data={"test": data}), WHOLE)

    assert means
    assert math.isnan(means.loss)
    assert torch.isnan(means.blobs["loss"])


@pytest.mark.parametrize("batch", [1, 3])
def test_targets_that_are_ignored_do_not_count(batch: int) -> None:
    text = f"""
    layer {{
      name: "in" type: "Input" top: "x" top: "t"
      input_param {{ shape {{ dim: {batch} dim: 2 }} }}
    }}
    layer {{
      name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "x" bottom: "t" top: "loss"
      loss_param {{ ignore_label: 9 normalization: VALID }}
    }}
    """
    scores, targets = SCORES[:5, 0], np.array([[0, 9], [1, 1], [9, 9], [1, 9], [9, 0]])

    means = score(Net(text, data={"test": list(zip(scores, targets, strict=True))}), WHOLE)

    assert means
    terms = np.log1p(np.exp(scores)) - targets * scores
    kept = targets != 9
    assert means.loss == pytest.approx((terms * kept).sum() / kept.sum())


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
