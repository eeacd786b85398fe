"""Means of what a net puts out, over batches, or over all its data.

Over all data a batch counts for what it has: records, or items that a loss or an accuracy is the
mean of. So the means do not depend on how the data are cut into batches.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from protonet.data.feed import Epoch
from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.net import Net
from protonet.nets.outputs import Outputs
from protonet.train.length import WHOLE


class Means:
    """Means of output blobs, element by element, and of the objective.

    Over whole batches they are Caffe's: the sum over the number of batches.
    """

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._parts: dict[str, Tensor] = {}
        self._counted: dict[str, float] = {}
        """What outputs weigh in the objective that are means over items."""
        self._loss = torch.zeros(())
        self._total = 0.0

    def add(self, blobs: Mapping[str, Tensor], loss: Tensor, part: float = 1.0) -> None:
        """Count a batch.

        Args:
            blobs: The outputs.
            loss: The objective.
            part: How many records it has, as a part of a whole batch.
        """
        self._loss = self._loss + loss.detach() * part
        self._total += part
        for blob, value in blobs.items():
            self._add(blob, value.detach(), part)

    def add_counted(self, net: Net, outputs: Outputs, part: float) -> None:
        """Count a batch of a net; of outputs that are means over items, the items.

        Args:
            net: The net, which was run last on this batch.
            outputs: What that gave.
            part: How many records the batch has, as a part of a whole batch.
        """
        counts, loss = net.counts, net.loss(outputs)
        self._counted |= {blob: net.loss_weights.get(blob, 0.0) for blob in counts}
        for blob, weight in self._counted.items():  # their part comes of their means
            loss = loss - weight * outputs[blob].sum() if weight else loss
        self.add({b: outputs[b] for b in net.outputs if b not in counts}, loss, part)
        for blob, count in counts.items():
            value = outputs[blob].detach().double()
            if isinstance(count, Tensor) or count:
                times = torch.as_tensor(count, dtype=value.dtype, device=value.device)
                self._put(blob, value * times, times)
            else:
                self._put(blob, value, torch.tensor(part))

    def _add(self, blob: str, value: Tensor, part: float) -> None:
        if blob not in self._sums or value.shape == self._sums[blob].shape:
            self._put(blob, value * part, torch.tensor(part))
        else:  # a row for each record: the last rows have none in this batch
            self._add_rows(blob, value)

    def _put(self, blob: str, value: Tensor, part: Tensor) -> None:
        started = blob in self._sums
        self._sums[blob] = self._sums[blob] + value if started else value
        self._parts[blob] = self._parts[blob] + part if started else part

    def _add_rows(self, blob: str, value: Tensor) -> None:
        sums, rows = self._sums[blob].clone(), len(value)
        sums[:rows] += value
        parts = self._parts[blob].expand(len(sums)).clone()
        parts[:rows] += 1
        self._sums[blob] = sums
        self._parts[blob] = parts.view(-1, *[1] * (sums.dim() - 1))

    @property
    def blobs(self) -> dict[str, Tensor]:
        """The means of the outputs; 0 where nothing was counted."""
        means = {b: v / self._parts[b].to(v.device) for b, v in self._sums.items()}
        for blob in self._counted:
            none = self._parts[blob].to(means[blob].device) == 0
            means[blob] = means[blob].masked_fill(none, 0).float()
        return means

    @property
    def loss(self) -> float:
        """The mean objective; 0 of no batches."""
        blobs = self.blobs
        counted = sum(w * float(blobs[b].sum()) for b, w in self._counted.items() if w)
        return float(self._loss) / (self._total or 1.0) + counted


@dataclass(frozen=True, slots=True)
class Turn:
    """A batch that is to be run.

    Attributes:
        net: The net.
        records: How many the batch has.
        epoch: Of how many batches it is one; None where nobody counts.
    """

    net: Net
    records: int = 1
    epoch: Epoch | None = None

    @property
    def part(self) -> float:
        """How many records it has, as a part of a whole batch."""
        return self.records / self.epoch.batch if self.epoch else 1.0

    def count(self, outputs: Outputs, means: Means) -> None:
        """Add what the net put out for it to the means."""
        if self.epoch:
            means.add_counted(self.net, outputs, self.part)
        else:
            means.add({b: outputs[b] for b in self.net.outputs}, self.net.loss(outputs))

    def run(self, blobs: Sequence[str] | None = None) -> Outputs:
        """Run the net on it.

        Args:
            blobs: What to return instead of the outputs.

        Raises:
            DiagnosticError: PN655, the net takes no short batch.
        """
        if self.epoch is None or self.records == self.epoch.batch:
            return self.net({}, blobs)
        try:
            return self.net({}, blobs)
        except (DiagnosticError, RuntimeError) as error:
            why = error.diagnostics[0].message if isinstance(error, DiagnosticError) else str(error)
            raise DiagnosticError([_refused(self.records, self.epoch, why)]) from error


def turns(net: Net, batches: int) -> Iterator[Turn]:
    """Yield a net's next batches, or, if ``batches`` is `WHOLE`, all its data once, from the start.

    Each is to be run before the next one is asked for.

    Raises:
        DiagnosticError: PN535, the data have no end.
    """
    if batches != WHOLE:
        yield from (Turn(net) for _ in range(batches))
        return
    epoch = net.feed.epoch
    yield from (Turn(net, records, epoch) for records in net.feed.once())


def _refused(records: int, epoch: Epoch, why: str) -> Diagnostic:
    return Diagnostic(
        "PN655",
        f"the last batch has {records} of {epoch.batch} records, and the net refuses it:"
        f" {why.splitlines()[0]}",
        help=f"choose a `batch_size` that divides {epoch.records:,}",
    )
