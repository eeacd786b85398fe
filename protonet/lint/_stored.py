"""What rules ask of the weights that a solver names: heads only, and of Caffe's binary form."""

from collections.abc import Iterator
from pathlib import Path

from protonet import files
from protonet.layers.base import Weight
from protonet.lint.scopes import Run
from protonet.weights.caffemodel import read_caffemodel
from protonet.weights.match import Match, match


def matches(run: Run) -> Iterator[tuple[int, Path, Match[Weight]]]:
    """Yield how the weights fit the trained net: which ``weights`` it is, the file, the match.

    Raises:
        DiagnosticError: A file is damaged.
    """
    net = run.train
    target = {node.name: () for node in net.graph.nodes} | {
        node.name: net.shapes.weights[node.key]
        for node in reversed(net.graph.nodes)
        if node.key in net.shapes.weights
    }
    for at, value in enumerate(run.solver.message.weights):
        for name in filter(None, map(str.strip, value.split(","))):
            path = files.find(name, run.solver.folder)
            if path is not None and path.suffix == ".caffemodel":
                yield at, path, match(target, read_caffemodel(path))
