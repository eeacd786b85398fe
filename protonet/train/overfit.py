"""Whether a net can learn a few samples by heart, which every sound net can.

The first thing to try when a net does not learn: if it cannot do this, the net, the labels or the
rate are at fault, and not the amount of data.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import torch

from protonet.data.part import Part
from protonet.diagnostics import Diagnostic
from protonet.net import Net
from protonet.spec.read import SolverFile, read_solver, written
from protonet.spec.solver import CacheMode, SolverParameter
from protonet.train import events
from protonet.train.events import Event, Listener
from protonet.train.signals import Action
from protonet.train.solver import Solver

LEARNT = 0.05
"""The part of the first loss below which the samples count as learnt by heart."""
WINDOW = 5
"""So many losses in a row must be below it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it.

    Attributes:
        samples: How many there were.
        it: Iterations done.
        first: The loss at first.
        last: The mean of the last losses.
        accuracy: The part of the samples that are given their label; None if nothing says that.
    """

    samples: int
    it: int
    first: float
    last: float
    accuracy: float | None

    @property
    def learnt(self) -> bool:
        """Whether the samples are known by heart."""
        return self.last < LEARNT * self.first if self.accuracy is None else self.accuracy == 1

    @property
    def told(self) -> str:
        """The figures, in words."""
        score = "" if self.accuracy is None else f", accuracy {self.accuracy:.4g}"
        return f"the loss went from {self.first:.4g} to {self.last:.4g}{score}"


def overfit(
    file: SolverFile, samples: int, *, device: str | None = None, listeners: Sequence[Listener] = ()
) -> Verdict:
    """Train on a few samples of the TRAIN data until the net knows them, or ``max_iter``.

    There are no tests, no snapshots, no weight decay and no steps of the rate.

    Args:
        file: The solver.
        samples: How many, or all if there are fewer; they are spread evenly over the source.
        device: Where to run.
        listeners: Called with every event.

    Raises:
        DiagnosticError: A file is at fault; PN561, of such data no part can be used.
    """
    watch = _Watch()
    solver = Solver(
        _alone(file),
        device=device,
        parts={"train": Part(number=samples)},
        listeners=listeners,
        callbacks=[watch],
    )
    solver.solve()
    samples = min(samples, solver.net.feed.most_records or samples)
    return Verdict(
        samples, solver.iter, watch.losses[0], watch.mean, _accuracy(solver.net, samples)
    )


def doubt(verdict: Verdict) -> Diagnostic:
    """Return PN649: the net does not learn them."""
    message = (
        f"the net has not memorised {verdict.samples} samples in {verdict.it} iterations: "
        f"{verdict.told}"
    )
    help_ = (
        "try another `base_lr`, by factors of 10; look at the activations with `protonet stats`, "
        "and at what learns with `protonet explain SOLVER`"
    )
    return Diagnostic("PN649", message, help=help_)


def _alone(file: SolverFile) -> SolverFile:
    """Return a solver without tests, snapshots, decay and steps of the rate."""
    kept = {name: getattr(file.message, name) for name in file.message.model_fields_set - _WITHOUT}
    message = SolverParameter.model_validate(kept | _INSTEAD)
    return replace(read_solver(written(message, file)), of_layers=file.of_layers)


_INSTEAD = {
    "lr_policy": "fixed",
    "snapshot_after_train": False,
    "cache_frozen": CacheMode.OFF,
    "display": 10,
    "average_loss": 1,
}
_WITHOUT = frozenset(
    {
        *("test_net", "test_net_param", "test_state", "test_iter", "test_interval", "plateau"),
        *("test_compute_loss", "test_initialization", "early_stopping", "keep_best", "keep_last"),
        *("snapshot", "snapshot_format", "snapshot_diff", "weight_decay", "regularization_type"),
        *("gamma", "power", "stepsize", "stepvalue", "warmup", "onecycle", "min_lr", "max_epoch"),
        *("cache_variants", "cache_dir", "cache_limit"),
    }
)


class _Watch:
    """Stops the run when the samples are known by heart."""

    def __init__(self) -> None:
        self.losses: list[float] = []

    def __call__(self, solver: Solver, event: Event) -> None:
        """Look at each loss."""
        if isinstance(event, events.Iterated):
            self.losses.append(float(event.loss))

            last = self.losses[-WINDOW:]
            if len(last) == WINDOW and max(last) < LEARNT * self.losses[0]:
                solver.request(Action.STOP)

    @property
    def mean(self) -> float:
        """The mean of the last losses."""
        return fmean(self.losses[-WINDOW:])


@torch.no_grad()
def _accuracy(net: Net, samples: int) -> float | None:
    """Return which part of the samples has the highest score at its label, without Dropout."""
    losses = [n for n in net.graph.nodes if n.type == "SoftmaxWithLoss" and any(n.loss_weights)]
    if not losses:
        return None
    scores, label = losses[-1].bottoms[:2]
    hits: list[bool] = []
    net.eval()
    while len(hits) < samples:
        found = net({}, blobs=[scores.blob, label.blob])
        best = found[scores.blob].argmax(1).flatten()
        hits += (best == found[label.blob].flatten()).tolist()
    return fmean(hits)
