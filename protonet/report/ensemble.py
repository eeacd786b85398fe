"""Several weights of one net, and what the mean of their predictions is worth."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from protonet.diagnostics import Diagnostic, DiagnosticError, did_you_mean
from protonet.layers.accuracy import Accuracy as AccuracyLayer
from protonet.layers.base import LayerError
from protonet.layers.softmax_with_loss import SoftmaxWithLoss
from protonet.net import Net
from protonet.ops.accuracy import Accuracy
from protonet.ops.labels import class_indices
from protonet.report.log import number
from protonet.train.length import WHOLE
from protonet.train.means import turns

SEED = 1
"""Of the nets: data that are read in random order come to all of them in the same."""
MOST_STEPS = 1000
"""Of the fit; it is at its end when no share changes by more than `LEAST_CHANGE`."""
LEAST_CHANGE = 1e-7
ZERO = torch.zeros(())
TOLERANCE = 1e-3
"""By how much the sum of probabilities may miss 1."""


@dataclass(frozen=True, slots=True)
class Judge:
    """How a net's predictions are judged.

    Attributes:
        blob: The predictions.
        label: The labels.
        axis: Which axis of the predictions counts classes.
        top_k: A label counts as hit among so many.
        ignore_label: A label that does not count.
        softmax: Whether the predictions are scores whose softmax is averaged.
    """

    blob: str
    label: str
    axis: int = 1
    top_k: int = 1
    ignore_label: int | None = None
    softmax: bool = False

    def accuracy(self, predictions: Tensor, labels: Tensor) -> float:
        """Return the share of labels that were hit, as an Accuracy layer counts."""
        judge = Accuracy(axis=self.axis, top_k=self.top_k, ignore_label=self.ignore_label)
        share = judge(predictions, labels)
        assert isinstance(share, Tensor)  # no shares for each class
        return float(share)


@dataclass(frozen=True, slots=True)
class Ensemble:
    """What came of it.

    Attributes:
        judge: How it was judged.
        records: On how many records; with ``shares`` on the second half of them.
        accuracies: Of each of the weights alone.
        joint: Of the mean of all.
        shares: What each counts in the fitted mean, of sum 1; None without a fit.
        fitted: The accuracy of that mean.
    """

    judge: Judge
    records: int
    accuracies: tuple[float, ...]
    joint: float
    shares: tuple[float, ...] | None = None
    fitted: float = 0.0


def judge_of(net: Net, blob: str | None = None, label: str | None = None) -> Judge:
    """Return how a net is judged: as its Accuracy layer does, else as its loss.

    Args:
        net: The net.
        blob: The predictions, instead of those that this layer reads.
        label: The labels, likewise.

    Raises:
        DiagnosticError: PN699, there is no such layer or blob, or it is not one label for each.
    """
    nodes = [node for node in net.graph.nodes if len(node.bottoms) > 1]
    counting = [node for node in nodes if isinstance(node.layer, AccuracyLayer)]
    read = next(iter([*counting, *(node for node in nodes if node.layer.is_loss)]), None)
    names = [value.blob for value in read.bottoms] if read else [blob, label]
    predictions, labels = blob or names[0], label or names[1]
    if predictions is None or labels is None:
        message = "nothing tells which blobs are predictions and labels"
        help_ = "the net has no Accuracy layer and no loss: give `--blob` and `--label`"
        raise DiagnosticError([Diagnostic("PN699", message, help=help_)])
    _check_blobs(net, (predictions, labels))
    losses = {n.bottoms[0].blob for n in nodes if isinstance(n.layer, SoftmaxWithLoss)}
    judge = Judge(predictions, labels, softmax=blob is None and predictions in losses)
    layer = counting[0].layer if counting else AccuracyLayer()
    assert isinstance(layer, AccuracyLayer)
    axes = _check_shapes(net, layer, predictions, labels)
    p = layer.accuracy_param
    return replace(judge, axis=p.axis % axes, top_k=p.top_k, ignore_label=p.ignore_label)


def _check_shapes(net: Net, layer: AccuracyLayer, *names: str) -> int:
    """See that predictions and labels go together; return how many axes predictions have."""
    scores, label = (net.shapes.values[net.graph.values[name]] for name in names)
    try:
        layer.infer(scores, label)
    except LayerError as error:
        what = "`{}` and `{}` are not predictions and their labels".format(*names)
        raise DiagnosticError([Diagnostic("PN699", f"{what}: {error.message}")]) from error
    return len(scores)


def _check_blobs(net: Net, names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in net.graph.values]
    if unknown:
        raise DiagnosticError(_no_such_blob(net, name) for name in unknown)


def _no_such_blob(net: Net, name: str) -> Diagnostic:
    help_ = did_you_mean(name, net.graph.values) or "`protonet show` prints the blobs"
    return Diagnostic("PN699", f"the net has no blob `{name}`", help=help_)


@torch.no_grad()
def predictions(net: Net, judge: Judge) -> tuple[Tensor, Tensor]:
    """Run a net on all its data, once; return predictions and labels, with a row for each record.

    Raises:
        DiagnosticError: PN535, the data have no end; PN655, the net takes no short batch.
    """
    found: list[tuple[Tensor, Tensor]] = []
    for turn in turns(net, WHOLE):
        blobs = turn.run((judge.blob, judge.label))
        scores = blobs[judge.blob].float()
        scores = scores.softmax(judge.axis) if judge.softmax else scores
        found.append((scores.cpu(), blobs[judge.label].cpu()))
    scores, labels = zip(*found, strict=True)
    return torch.cat(scores), torch.cat(labels)


def joined(
    nets: Iterable[Net], *, blob: str | None = None, label: str | None = None, fit: bool = False
) -> Ensemble:
    """Average the predictions of nets that read the same data in the same order.

    Args:
        nets: The same net with different weights; one after the other is asked for and let go.
        blob: As in ``judge_of``.
        label: Likewise.
        fit: Find the shares on the first half of the records, and judge on the second.

    Raises:
        DiagnosticError: PN699, to be fitted they must be probabilities.
    """
    members: list[Tensor] = []
    judge, labels = Judge("", ""), torch.zeros(())
    for net in nets:
        judge = judge_of(net, blob, label)
        found, labels = predictions(net, judge)
        members.append(found)
    everything = torch.stack(members)
    if not fit:
        return _ensemble(judge, everything, labels)
    half = len(labels) // 2
    shares = fitted(judge, everything[:, :half], labels[:half])
    return _ensemble(judge, everything[:, half:], labels[half:], shares)


def _ensemble(
    judge: Judge, members: Tensor, labels: Tensor, shares: tuple[float, ...] | None = None
) -> Ensemble:
    alone = tuple(judge.accuracy(member, labels) for member in members)
    joint = judge.accuracy(members.mean(0), labels)
    if shares is None:
        return Ensemble(judge, len(labels), alone, joint)
    mean = sum((share * member for share, member in zip(shares, members, strict=True)), ZERO)
    return Ensemble(judge, len(labels), alone, joint, shares, judge.accuracy(mean, labels))


def fitted(judge: Judge, members: Tensor, labels: Tensor) -> tuple[float, ...]:
    """Return the shares, of sum 1, whose mean gives the labels the highest likelihood.

    ``w_k <- mean of w_k p_k / sum_j w_j p_j`` over the labels, with ``p_k`` what weights k give the
    right class: expectation maximization for a mixture, whose likelihood has one maximum.

    Args:
        judge: Tells where the classes are.
        members: Probabilities, ``(members, records, ...)``.
        labels: Of the same records.

    Raises:
        DiagnosticError: PN699, they are no probabilities.
    """
    sums = members.sum(judge.axis + 1)
    if bool((members < 0).any()) or bool(((sums - 1).abs() > TOLERANCE).any()):
        message = f"shares cannot be fitted to blob `{judge.blob}`: it holds no probabilities"
        help_ = "give the top of a Softmax by `--blob`, or leave `--blob` away"
        raise DiagnosticError([Diagnostic("PN699", message, help=help_)])
    shape = (*members.shape[1 : judge.axis + 1], 1, *members.shape[judge.axis + 2 :])
    classes = members.shape[judge.axis + 1]
    index, kept = class_indices(labels, shape, classes=classes, ignore_label=judge.ignore_label)
    right = torch.stack([member.gather(judge.axis, index) for member in members])
    right = right.flatten(1) if kept is None else right[:, kept]
    right = right.double().clamp(min=torch.finfo(torch.float32).tiny)
    shares = torch.full((len(right),), 1 / len(right), dtype=torch.double)
    for _ in range(MOST_STEPS):
        before, weighted = shares, shares[:, None] * right
        shares = (weighted / weighted.sum(0)).mean(1)
        if float((shares - before).abs().max()) < LEAST_CHANGE:
            break
    return tuple(float(share) for share in shares)


def told(ensemble: Ensemble, names: Sequence[str]) -> Iterator[str]:
    """Yield the lines that say what came of it."""
    judge, shares = ensemble.judge, ensemble.shares
    what = f"softmax of `{judge.blob}`" if judge.softmax else f"`{judge.blob}`"
    where = f"{ensemble.records:,} records"
    if shares:
        where = f"the second half of the data, {where}; shares were fitted on the first"
    yield f"{what} against `{judge.label}`, on {where}"
    width = max(len(name) for name in (*names, "fitted shares"))
    for at, name in enumerate(names):
        share = f"  share {shares[at]:.3f}" if shares else ""
        yield f"{name:{width}}  accuracy = {number(ensemble.accuracies[at])}{share}"
    yield f"{'mean of all':{width}}  accuracy = {number(ensemble.joint)}"
    if shares:
        yield f"{'fitted shares':{width}}  accuracy = {number(ensemble.fitted)}"
