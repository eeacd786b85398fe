"""A callback that writes what TensorBoard shows: curves, histograms, images, graph, embeddings."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from protonet.diagnostics import Diagnostic, DiagnosticError, did_you_mean
from protonet.graph.ir import Graph
from protonet.net import Net
from protonet.report.record import points
from protonet.source import readable
from protonet.train import events
from protonet.train.events import Event
from protonet.train.resume import Position
from protonet.train.solver import Solver
from protonet.weights.faults import unwritable

IMAGES = 16
"""How many of the first batch are shown."""
MOST_EMBEDDED = 1000
"""Samples whose blob is written at the end."""
IMAGE_AXES = 4
COLOURS = 3


class TensorBoard:
    """Writes what `tensorboard --logdir DIR` shows.

    At each display: loss, rate, outputs, and the norm and the histogram of every blob and of its
    gradient. At each test: its outputs. At the start: the images of a batch, and the graph. At the
    end: with ``embed``, that blob of the test net for some samples, with their labels.

    Args:
        folder: Where to write; several runs beside each other are shown together.
        embed: A blob of the test net, or of the train net if there is none.

    Raises:
        DiagnosticError: PN646, tensorboard is not installed; PN408, it cannot write there.
    """

    def __init__(self, folder: str | Path, embed: str | None = None) -> None:
        try:
            from torch.utils.tensorboard.writer import SummaryWriter  # noqa: PLC0415 # an extra
        except ImportError:
            message = "`--tensorboard` needs tensorboard, which is not installed"
            help_ = 'install it: pip install "protonet[tensorboard]"'
            raise DiagnosticError([Diagnostic("PN646", message, help=help_)]) from None
        try:
            self._writer: SummaryWriter = SummaryWriter(str(folder))
        except OSError as error:
            raise unwritable(Path(folder), error) from None
        self._embed = embed

    def __call__(self, solver: Solver, event: Event) -> None:
        """Write what an event gives reason for.

        Raises:
            DiagnosticError: PN647, no net has the blob to embed.
        """
        for it, kind, name, value in points(event):
            tag = f"{kind}/{readable(name)}" if name else str(kind)
            self._writer.add_scalar(tag, value, it)
        match event:
            case events.Solving():
                self._start(solver)
            case events.Displayed():
                self._blobs(solver, event.it)
            case events.Solved():
                if self._embed:
                    self._embedding(solver, self._embed)
                self._writer.flush()
            case _:
                pass

    def close(self) -> None:
        """End the files."""
        self._writer.close()

    def _start(self, solver: Solver) -> None:
        if self._embed:
            _check(_scored(solver), self._embed)
        for name, text in (("code", solver.net.code), ("solver", solver.file.tree.source.text)):
            self._writer.add_text(name, f"```\n{readable(text)}\n```")
        self._graph(solver.net.graph)
        with _batch(solver.net) as batch:
            images = next((blob for blob in batch.values() if blob.dim() == IMAGE_AXES), None)
        if images is not None and images.shape[1] in {1, COLOURS}:
            self._writer.add_images("input", _shown(images[:IMAGES]))

    def _graph(self, graph: Graph) -> None:
        """Write the layers as the file has them: a trace would run the net once more."""
        # The package has no stubs.
        event, graphs, layers = (
            cast("Any", import_module(f"tensorboard.compat.proto.{name}_pb2"))
            for name in ("event", "graph", "node_def")
        )
        makers = {top: node.key for node in graph.nodes for top in node.tops}
        nodes = [
            layers.NodeDef(
                name=readable(node.key),
                op=readable(node.type),
                input=[readable(makers[bottom]) for bottom in node.bottoms],
            )
            for node in graph.nodes
        ]
        file = self._writer.file_writer
        assert file is not None
        file.add_event(event.Event(graph_def=graphs.GraphDef(node=nodes).SerializeToString()))

    def _blobs(self, solver: Solver, it: int) -> None:
        for blob in solver.net.learnables:
            name = readable(f"{blob.layer}/{blob.index}")
            self._writer.add_scalar(f"norm/{name}", blob.tensor.detach().norm(), it)
            self._writer.add_histogram(f"blob/{name}", blob.tensor.detach(), it)
            if blob.tensor.grad is not None:
                self._writer.add_scalar(f"gradient norm/{name}", blob.tensor.grad.norm(), it)
                self._writer.add_histogram(f"gradient/{name}", blob.tensor.grad, it)

    @torch.no_grad()
    def _embedding(self, solver: Solver, blob: str) -> None:
        rows: list[Tensor] = []
        labels: list[str] = []
        net = _scored(solver)
        with _reading(net):
            while len(rows) < MOST_EMBEDDED:
                batch = net.feed.next()
                rows += net(batch, blobs=[blob])[blob].flatten(1).cpu()
                labels += map(_label, _labels(batch))
        table = torch.stack(rows[:MOST_EMBEDDED])
        names = labels[:MOST_EMBEDDED] if len(labels) >= len(table) else None
        self._writer.add_embedding(
            table, metadata=names, tag=readable(blob), global_step=solver.iter
        )


@contextmanager
def _reading(net: Net) -> Generator[None]:
    """Let data and random numbers go back to where they stood before."""
    start = Position.of((net,))
    yield
    start.go((net,))


@contextmanager
def _batch(net: Net) -> Generator[Mapping[str, Tensor]]:
    """Give the next batch, which the net will read all the same."""
    with _reading(net):
        yield net.feed.next() if net.feed.tops else {}


def _labels(batch: Mapping[str, Tensor]) -> Tensor:
    return next((blob for blob in batch.values() if blob.dim() == 1), torch.empty(0))


def _label(value: Tensor) -> str:
    return f"{float(value):g}"


def _scored(solver: Solver) -> Net:
    return solver.test_nets[0] if solver.test_nets else solver.net


def _check(net: Net, blob: str) -> None:
    if blob not in net.graph.values or not net.feed.tops:
        hint = (
            did_you_mean(blob, net.graph.values) or f"its blobs are {', '.join(net.graph.values)}"
        )
        message = f"the net has no blob `{blob}` to embed"
        raise DiagnosticError([Diagnostic("PN647", message, help=hint)])


def _shown(images: Tensor) -> Tensor:
    """Return images as 0 to 1, red first."""
    low, high = images.min(), images.max()
    return ((images - low) / (high - low).clamp(min=1e-12)).flip(1).cpu()
