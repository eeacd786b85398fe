"""What a resumed run needs beyond Caffe's two files to go on bit for bit: `<prefix>_iter_N.resume`.

Random generators, positions in the data, what layers carry from batch to batch, the losses whose
mean is displayed, and the files as they were run: JSON, with a checksum.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from protonet.diagnostics import Diagnostic, DiagnosticError, Severity
from protonet.net import Net
from protonet.train import generators
from protonet.train.carried import carried, carry
from protonet.train.distributed import ALONE, World
from protonet.weights.atomic import replacing
from protonet.weights.solverstate import SolverSnapshot

FORMAT = 3
SAMPLE = 1024
"""Values of a history blob that the fingerprint looks at."""
MOST_BYTES = 2**28
"""A larger file is none of ours."""

# What is wrong with a file of the right checksum that this program did not write.
CONTENT_FAULTS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Position:
    """Where random numbers, data and the states of layers stand.

    Attributes:
        generators: Where the process's generators stand, `generators.states`.
        feeds: The data of each net, the train net first.
        others: The generators of the processes but the first, if several train together.
        carried: What the layers of the nets of each process carry, the first process first.
    """

    generators: tuple[str, ...]
    feeds: tuple[Any, ...]
    others: tuple[tuple[str, ...], ...] = ()
    carried: tuple[tuple[Any, ...], ...] = ()

    @classmethod
    def of(cls, nets: Sequence[Net], world: World = ALONE) -> "Position":
        """Look where things stand; all processes must do so."""
        all_ = world.gathered((generators.states(), tuple(map(carried, nets))))
        first, *others = (states for states, _ in all_)
        feeds = tuple(net.feed.state() for net in nets)
        return cls(first, feeds, tuple(others), tuple(layers for _, layers in all_))

    @property
    def processes(self) -> int:
        """How many trained together."""
        return 1 + len(self.others)

    def go(self, nets: Sequence[Net], rank: int = 0) -> None:
        """Set generators, data and layers back to where they stood.

        A process that was not there keeps its random numbers, and its layers begin anew.
        """
        for states in (self.generators, *self.others)[rank : rank + 1]:
            generators.go(states)
        for layers in self.carried[rank : rank + 1]:
            for net, state in zip(nets, layers, strict=False):
                carry(net, state)
        for net, state in zip(nets, self.feeds, strict=False):
            net.feed.restore(state)


@dataclass(frozen=True, slots=True)
class Resume:
    """The file's contents.

    Attributes:
        position: Random numbers, data and layers.
        losses: The smoothed loss is their mean; oldest first.
        scaler: By what losses are scaled, with ``amp: "fp16"``.
        watch: What ``plateau`` and ``early_stopping`` have seen of the tests.
        kept: What ``keep_last`` and ``keep_best`` go by.
        config: The files as they were run (``train/differences.py``).
        fingerprint: Of the solver state it was written with.
    """

    position: Position
    losses: tuple[float, ...]
    scaler: dict[str, Any] = field(default_factory=dict[str, Any])
    watch: dict[str, Any] = field(default_factory=dict[str, Any])
    kept: dict[str, Any] = field(default_factory=dict[str, Any])
    config: dict[str, Any] = field(default_factory=dict[str, Any])
    fingerprint: int = 0

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all.

        Raises:
            DiagnosticError: PN408, it cannot be written.
        """
        body = asdict(self)
        content = {"format": FORMAT, "crc": _checksum(body), "body": body}
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(content), encoding="utf-8")


def read(path: Path, snapshot: SolverSnapshot) -> Resume | None:
    """Read the file that goes with a solver state; None if there is none.

    Raises:
        DiagnosticError: PN611, a warning: it is damaged or belongs to another solver state.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise unusable(path, "it is too large")
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise unusable(path, "another version of protonet wrote it")
        if _checksum(content["body"]) != content["crc"]:
            raise unusable(path, "it is damaged")
        found = _of(content["body"])
    except FileNotFoundError:
        return None
    except (OSError, *CONTENT_FAULTS):
        raise unusable(path, "it cannot be read") from None
    if found.fingerprint != fingerprint(snapshot):
        raise unusable(path, "it belongs to another solver state")
    return found


def _of(body: Mapping[str, Any]) -> Resume:
    position = body["position"]
    return Resume(
        Position(
            tuple(map(str, position["generators"])),
            tuple(map(_feed, position["feeds"])),
            tuple(tuple(map(str, states)) for states in position["others"]),
            tuple(map(tuple, position["carried"])),
        ),
        tuple(map(float, body["losses"])),
        *(dict(body[name]) for name in ("scaler", "watch", "kept", "config")),
        fingerprint=int(body["fingerprint"]),
    )


def _feed(state: Mapping[str, Any]) -> dict[str, Any]:
    positions = {str(name): _count(at) for name, at in state["positions"].items()}
    return {**state, "seed": _count(state["seed"]), "positions": positions}


def _count(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < 2**63:
        raise ValueError(f"{value!r} counts nothing")
    return value


def _checksum(body: object) -> int:
    return zlib.crc32(json.dumps(body, sort_keys=True).encode())


def fingerprint(snapshot: SolverSnapshot) -> int:
    """Return a number that tells a solver state from others with the same file name."""
    crc = zlib.crc32(f"{snapshot.iter} {snapshot.current_step}".encode())
    for array in snapshot.history:
        crc = zlib.crc32(array.reshape(-1)[:SAMPLE].tobytes(), crc)
    return crc


def unusable(path: Path, reason: str) -> DiagnosticError:
    """Return PN611, a warning: a file is not used."""
    return DiagnosticError(
        [
            Diagnostic(
                "PN611",
                f"`{path.name}` is not used: {reason}",
                help="data and random numbers start over, as they do in Caffe",
                severity=Severity.WARNING,
                file=str(path),
            )
        ]
    )
