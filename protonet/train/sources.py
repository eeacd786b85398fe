"""Which nets a solver trains and tests, and in which state.

Caffe: ``solver.cpp``, InitTrainNet and InitTestNets.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from errno import ENOENT
from os import strerror
from pathlib import Path

from protonet import files
from protonet.diagnostics import DiagnosticError, Label
from protonet.message.common import Phase
from protonet.spec.net import NetParameter, NetState
from protonet.spec.read import SolverFile

TRAIN_FIELDS = ("net", "net_param", "train_net", "train_net_param")
"""A solver has exactly one of these."""


@dataclass(frozen=True, slots=True)
class NetSource:
    """A net and the state that the solver puts it in, over the net's own.

    Attributes:
        spec: A path, or the message that stands in the solver's file.
        phase: TRAIN or TEST.
        state: ``train_state`` or ``test_state``, if there is one.
    """

    spec: Path | NetParameter
    phase: Phase
    state: NetState | None = None


def train_net(file: SolverFile) -> NetSource:
    """Return the net to train; its fields have been checked."""
    s = file.message
    message = s.train_net_param or s.net_param
    field = "train_net" if s.train_net else "net"
    spec = message or find(s.train_net or s.net, file, field)
    return NetSource(spec, Phase.TRAIN, s.train_state)


def test_nets(file: SolverFile) -> list[NetSource]:
    """Return the nets to test: messages, files, then ``net`` for every ``test_iter`` left."""
    s = file.message
    specs: list[Path | NetParameter] = [*s.test_net_param]
    specs += [find(name, file, "test_net", at) for at, name in enumerate(s.test_net)]
    if s.has("net") or s.has("net_param"):
        generic = s.net_param or find(s.net, file, "net")
        specs += [generic] * (len(s.test_iter) - len(specs))
    states: Sequence[NetState | None] = s.test_state or [None] * len(specs)
    return [NetSource(spec, Phase.TEST, state) for spec, state in zip(specs, states, strict=True)]


def weights(file: SolverFile) -> Iterator[Path]:
    """Yield the files of ``weights``; each value may be a list with commas."""
    for at, value in enumerate(file.message.weights):
        names = (name.strip() for name in value.split(","))
        yield from (find(name, file, "weights", at) for name in names if name)


def merged(phase: Phase, *states: NetState | None) -> NetState:
    """Return a state: numbers of later ones win where they are set, stages add up."""
    given = [state for state in states if state is not None]
    return NetState.of(
        {
            "phase": [phase, *(s.phase for s in given if s.has("phase"))][-1],
            "level": next((s.level for s in reversed(given) if s.has("level")), 0),
            "stage": tuple(stage for s in given for stage in s.stage),
        }
    )


def find(name: str, file: SolverFile, *place: str | int) -> Path:
    """Return where a file is that a solver names in one of its fields.

    Raises:
        DiagnosticError: PN021, it is nowhere.
    """
    path = files.find(name, file.folder)
    if path is None:
        error = FileNotFoundError(ENOENT, strerror(ENOENT))
        labels = (Label(file.tree.place(*place)),)
        raise DiagnosticError([files.unreadable(name, error, labels)])
    return path
