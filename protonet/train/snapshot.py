"""Snapshots: what their files are called, and writing them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from protonet.diagnostics import Diagnostic, DiagnosticError, Label
from protonet.net import Net
from protonet.nets.blobs import Learnable
from protonet.spec.solver import SolverParameter
from protonet.weights import formats
from protonet.weights.load import compare
from protonet.weights.loading import Loading
from protonet.weights.solverstate import SolverSnapshot

FALLBACK_PREFIX = "snapshot"
"""Prefix for a solver that has neither ``snapshot_prefix`` nor a file of its own."""


@dataclass(frozen=True, slots=True)
class SnapshotNames:
    """The files of one snapshot: weights, solver state, and what a resume needs beyond Caffe."""

    weights: str
    state: str
    resume: str


def names(prefix: str, it: int, *, hdf5: bool) -> SnapshotNames:
    """Return the files' names, as ``<prefix>_iter_<it>.caffemodel``; with ``.h5`` for HDF5."""
    stem, suffix = f"{prefix}_iter_{it}", ".h5" if hdf5 else ""
    return SnapshotNames(
        f"{stem}.caffemodel{suffix}", f"{stem}.solverstate{suffix}", f"{stem}.resume"
    )


def prefix(solver: SolverParameter, path: Path | None) -> str:
    """Return what the files' names begin with.

    Caffe: ``upgrade_proto.cpp``, UpgradeSnapshotPrefixProperty.

    Args:
        solver: Its ``snapshot_prefix``, if it is no folder, is taken as it is.
        path: The solver's file: its name stands in for a prefix that is missing or names a folder.
    """
    own = Path(FALLBACK_PREFIX) if path is None else path.with_suffix("")
    if not solver.has("snapshot_prefix"):
        return str(own)
    if Path(solver.snapshot_prefix).is_dir():
        return str(Path(solver.snapshot_prefix) / own.name)
    return solver.snapshot_prefix


def check_writable(begin: str, labels: tuple[Label, ...]) -> Diagnostic | None:
    """Return PN608 if a snapshot could not be written: better told before the training than after.

    Args:
        begin: The prefix.
        labels: Where it is said.
    """
    probe = Path(f"{begin}_iter_0.tempfile")
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return Diagnostic(
            "PN608",
            f"snapshots cannot be written to `{probe.parent}`: {reason}",
            labels,
            help="make the folder, or change `snapshot_prefix`",
        )
    return None


def resume_of(state: Path) -> Path:
    """Return where the ``.resume`` file of a solver state is: beside it, ``.h5`` or not."""
    return (state.with_suffix("") if state.suffix == ".h5" else state).with_suffix(".resume")


def learned_net(saved: SolverSnapshot, state: Path) -> Path:
    """Return the weights of a snapshot: where it says, or beside the state if both were moved.

    Raises:
        DiagnosticError: PN609, they are in neither place.
    """
    said = Path(saved.learned_net)
    for path in (said, state.parent / said.name):
        if path.exists():
            return path
    raise DiagnosticError(
        [
            Diagnostic(
                "PN609",
                f"the weights of the snapshot, `{said}`, are not there",
                help="put them beside the solver state",
                file=str(state),
            )
        ]
    )


def check_net(
    saved: SolverSnapshot, state: Path, net: Net, history: Sequence[Tensor], rule: str
) -> None:
    """Hold a snapshot against the net and the rule that are to go on from it.

    Args:
        saved: The solver state.
        state: Where it is.
        net: The net.
        history: The history that the rule keeps for the net.
        rule: The solver's ``type``.

    Raises:
        DiagnosticError: PN609, the weights are not there; PN610, they or the history are of another
            net or rule.
    """
    problems = list(_other_layers(net, learned_net(saved, state))) if saved.learned_net else []
    problems = problems or list(_other_history(saved, net.learnables, history, rule))
    if problems:
        hint = "a run goes on with the net and the `type` that it began with"
        raise DiagnosticError(
            [Diagnostic("PN610", problem, help=hint, file=str(state)) for problem in problems]
        )


def _other_layers(net: Net, path: Path) -> Iterator[str]:
    """Yield in which layers the net of a snapshot's weights differs."""
    found = compare(net, [formats.read(path)], Loading())
    for layer in dict.fromkeys(bad.layer for bad in found.mismatched):
        reasons = "; ".join(bad.reason for bad in found.mismatched if bad.layer == layer)
        yield f"layer `{layer}` is another one in the snapshot: {reasons}"
    bad = {each.layer for each in found.mismatched}
    for layer in dict.fromkeys(blob.layer for blob in found.missing):
        if layer not in bad:
            yield f"layer `{layer}` of the net is not in the snapshot"
    for unused in found.unused:
        shapes = " ".join(map(str, unused.blobs))
        yield f"layer `{unused.layer}` {shapes} of the snapshot is not in the net"


def _other_history(
    saved: SolverSnapshot, learnables: Sequence[Learnable], history: Sequence[Tensor], rule: str
) -> Iterator[str]:
    if len(saved.history) != len(history):
        yield (
            f"the solver state holds {len(saved.history)} history blobs, "
            f"`{rule}` keeps {len(history)} for this net"
        )
        return
    for at, (theirs, mine) in enumerate(zip(saved.history, history, strict=True)):
        if theirs.size != mine.numel():
            blob = learnables[at % len(learnables)]
            yield (
                f"history blob {at} is {theirs.shape} in the solver state; "
                f"blob {blob.index} of layer `{blob.layer}` is {tuple(mine.shape)}"
            )


class Arrays(Sequence[NDArray[np.float32]]):
    """Tensors as arrays in C order, each made when it is asked for."""

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self._tensors = tensors

    def __len__(self) -> int:
        return len(self._tensors)

    @overload
    def __getitem__(self, at: int) -> NDArray[np.float32]: ...

    @overload
    def __getitem__(self, at: slice) -> "Arrays": ...

    def __getitem__(self, at: int | slice) -> "NDArray[np.float32] | Arrays":
        if isinstance(at, slice):
            return Arrays(self._tensors[at])
        array: NDArray[np.float32] = self._tensors[at].detach().cpu().contiguous().numpy()
        return array
