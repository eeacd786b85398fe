"""What the mean of several predictions is worth."""

from collections.abc import Iterator

import pytest
import torch

from protonet.diagnostics import DiagnosticError
from protonet.net import Net
from protonet.report.ensemble import Judge, fitted, joined, judge_of, predictions, told

DATA = """
layer {
  name: "data" type: "Data" top: "data" top: "label"
  transform_param { scale: 0.00390625 }
  data_param { source: "builtin:digits/test" batch_size: 120 }
}
layer {
  name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } }
}
"""
LOSS = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }\n'
PROB = 'layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }\n'
ACCURACY = """
layer {
  name: "top3" type: "Accuracy" bottom: "ip" bottom: "label" top: "top3"
  accuracy_param { top_k: 3 axis: -1 ignore_label: 0 }
}
"""
"""The batch does not divide the 500 records."""


def nets(text: str, number: int = 3) -> Iterator[Net]:
    return (Net(text, seed=seed) for seed in range(number))


def code(text: str, blob: str | None = None, label: str | None = None) -> tuple[str, str]:
    with pytest.raises(DiagnosticError) as caught:
        judge_of(Net(text), blob, label)
    problem = caught.value.diagnostics[0]
    return problem.code, problem.help


def test_the_softmax_of_what_the_loss_reads_is_averaged() -> None:
    found = joined(nets(DATA + LOSS))
    each = [predictions(net, found.judge) for net in nets(DATA + LOSS)]
    labels = each[0][1].flatten().long()
    mean = torch.stack([probabilities for probabilities, _ in each]).mean(0)

    assert found.judge == Judge("ip", "label", softmax=True)
    assert found.records == 500
    torch.testing.assert_close(each[0][0].sum(1), torch.ones(500))
    assert found.accuracies == pytest.approx(
        [float((p.argmax(1) == labels).float().mean()) for p, _ in each]
    )
    assert found.joint == pytest.approx(float((mean.argmax(1) == labels).float().mean()))


def test_an_accuracy_layer_says_how_hits_are_counted() -> None:
    net = Net(DATA + ACCURACY + LOSS)

    assert judge_of(net) == Judge("ip", "label", 1, 3, 0, softmax=True)
    (alone,) = joined([Net(DATA + ACCURACY, seed=1)]).accuracies
    whole = Net(DATA + ACCURACY, seed=1)
    hits = [float(whole({})["top3"]) for _ in whole.feed.once()]
    assert alone == pytest.approx(sum(hits) / len(hits), abs=0.05)


def test_a_blob_that_is_named_is_taken_as_it_is() -> None:
    net = Net(DATA + PROB + LOSS)

    assert judge_of(net, "prob") == Judge("prob", "label")
    assert judge_of(Net(DATA + PROB), "prob", "label") == Judge("prob", "label")


def test_what_nothing_tells_is_asked_for() -> None:
    assert code(DATA + PROB) == (
        "PN699",
        "the net has no Accuracy layer and no loss: give `--blob` and `--label`",
    )
    assert code(DATA + LOSS, "ipp") == ("PN699", "did you mean `ip`?")
    assert code(DATA + LOSS, "loss", "label")[0] == "PN699"
    assert code(DATA + LOSS, "data")[0] == "PN699"
    assert code(DATA + LOSS, None, "xyzzy") == ("PN699", "`protonet show` prints the blobs")


def test_shares_are_those_of_the_mixture_that_explains_the_labels() -> None:
    labels = torch.tensor([0.0, 0.0, 0.0, 1.0])
    sure = torch.tensor([[1.0, 0.0]]).expand(4, 2)
    shares = fitted(Judge("p", "t"), torch.stack([sure, 1 - sure]), labels)

    assert shares == pytest.approx((0.75, 0.25), abs=1e-5)


def test_ignored_labels_take_no_part_in_the_fit() -> None:
    labels = torch.tensor([0.0, 1.0, 9.0])
    sure = torch.tensor([[1.0, 0.0]]).expand(3, 2)
    judge = Judge("p", "t", ignore_label=9)

    assert fitted(judge, torch.stack([sure, 1 - sure]), labels) == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize("scores", [torch.tensor([[-1.0, 2.0]]), torch.tensor([[3.0, 4.0]])])
def test_only_probabilities_can_be_fitted(scores: torch.Tensor) -> None:
    with pytest.raises(DiagnosticError, match="PN699"):
        fitted(Judge("p", "t"), scores[None], torch.zeros(1))


def test_a_fit_is_judged_on_the_other_half() -> None:
    found = joined(nets(DATA + LOSS), fit=True)

    assert found.records == 250
    assert found.shares is not None
    assert sum(found.shares) == pytest.approx(1)
    first, *_, last = told(found, ["a", "b", "c"])
    assert first == (
        "softmax of `ip` against `label`, on the second half of the data, 250 records; "
        "shares were fitted on the first"
    )
    assert last.startswith("fitted shares  accuracy = 0.")


def test_what_is_told_without_a_fit() -> None:
    found = joined(nets(DATA + PROB + LOSS, 2), blob="prob")
    lines = list(told(found, ["first.caffemodel", "b"]))

    assert [line.split("accuracy")[0] for line in lines] == [
        "`prob` against `label`, on 500 records",
        "first.caffemodel  ",
        "b                 ",
        "mean of all       ",
    ]
