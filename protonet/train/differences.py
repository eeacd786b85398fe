"""What is other in a resumed run than in the one that wrote the snapshot, and what will happen.

As in Caffe the solver's file is read anew, and what it says counts from here on; only iteration,
``current_step`` and history are the snapshot's.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from protonet.diagnostics import Diagnostic, DiagnosticError, Severity
from protonet.message.base import Message
from protonet.message.unbind import unbind
from protonet.net import Net
from protonet.nets.blobs import Learnable
from protonet.spec.read import read_solver
from protonet.spec.solver import SolverParameter
from protonet.syntax.format import format_block
from protonet.train import lr
from protonet.weights.solverstate import SolverSnapshot

OF_NO_MATTER = frozenset(
    {
        *("cache_dir", "cache_frozen", "cache_limit"),
        *("average_loss", "debug_info", "device_id", "display", "max_epoch", "max_iter"),
        *("keep_best", "keep_last", "snapshot", "snapshot_after_train", "snapshot_diff"),
        *("snapshot_format", "snapshot_prefix", "solver_mode", "test_compute_loss"),
        *(
            "test_initialization",
            "test_interval",
            "test_iter",
            "test_net",
            "test_net_param",
            "test_state",
            "weights",
        ),
        *("net", "net_param", "train_net", "train_net_param", "iter_size", "random_seed"),
    }
)
"""Fields that change no update, or that are told of in another way."""

MOMENTUM_RULES = ("SGD", "Nesterov")
"""Rules that go on moving a blob without gradient."""


def config(solver: SolverParameter, nets: Sequence[Net]) -> dict[str, Any]:
    """Return the files of a run as they are run, as plain values.

    Args:
        solver: The solver.
        nets: Its nets, the train net first.
    """
    return {
        "solver": _text(solver),
        "nets": [_text(net.graph.file.message) for net in nets],
        "inputs": {blob: list(shape) for blob, shape in nets[0].inputs.items()},
    }


def _text(message: Message) -> str:
    return format_block(unbind(message))


def of_config(
    before: Mapping[str, Any], now: SolverParameter, net: Net, saved: SolverSnapshot
) -> Iterator[Diagnostic]:
    """Yield what has changed since a snapshot, as warnings: PN640 and PN641.

    Args:
        before: What `config` gave then.
        now: The solver.
        net: The train net.
        saved: The solver state.
    """
    try:
        old = read_solver(str(before["solver"])).message
    except (DiagnosticError, KeyError):
        return
    changed = list(_changed_fields(old, now))
    rates = [_rate(s, saved) for s in (old, now)]
    if rates[0] != rates[1] and old.max_iter != now.max_iter:
        changed.append(_change("max_iter", old.max_iter, now.max_iter))
    if changed:
        hint = f"from iteration {saved.iter} on the solver file counts"
        if rates[0] != rates[1]:
            hint += f": its rate is {rates[1]:g}, and would have been {rates[0]:g}"
        message = f"the solver has changed since the snapshot: {', '.join(changed)}"
        yield _warning("PN640", message, hint)
    yield from _batches(before, old, now, net)


def _changed_fields(old: SolverParameter, now: SolverParameter) -> Iterator[str]:
    values, others = dict(old), dict(now)
    for field in sorted(values.keys() - OF_NO_MATTER):
        if values[field] != others[field]:
            yield _change(field, values[field], others[field])


def _change(field: str, old: object, new: object) -> str:
    return f"`{field}` was {shown(old)} and is {shown(new)}"


def shown(value: object) -> str:
    """Return a field's value as a file would say it."""
    match value:
        case None | ():
            return "not set"
        case Message():
            return "{ " + " ".join(_text(value).split()) + " }"
        case float():
            return f"{value:g}"
        case tuple():
            return f"[{', '.join(map(str, value))}]"  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] # of whatever the field holds
        case _:
            return str(value)


def _rate(solver: SolverParameter, saved: SolverSnapshot) -> float:
    step = lr.advance(solver, saved.iter, saved.current_step)
    return lr.rate(solver, saved.iter, step)


def _batches(
    before: Mapping[str, Any], old: SolverParameter, now: SolverParameter, net: Net
) -> Iterator[Diagnostic]:
    changed: list[str] = []
    if old.iter_size != now.iter_size:
        changed.append(_change("iter_size", old.iter_size, now.iter_size))
    for blob, shape in before.get("inputs", {}).items():
        here = net.inputs.get(blob)
        if here is not None and tuple(shape) != here:
            changed.append(_change(blob, tuple(shape), here))
    if changed:
        message = f"an update has seen other batches before the snapshot: {', '.join(changed)}"
        hint = "data go on with the record that was next; the rate may have to change with them"
        yield _warning("PN641", message, hint)
    if old.random_seed != now.random_seed:
        hint = "data and random numbers go on as they were; the new seed is not used"
        message = _change("random_seed", old.random_seed, now.random_seed)
        yield _warning("PN640", f"the solver has changed since the snapshot: {message}", hint)


def of_state(
    now: SolverParameter, saved: SolverSnapshot, learnables: Sequence[Learnable]
) -> Iterator[Diagnostic]:
    """Yield what of a solver state does not go with the solver: PN642, PN643.

    Args:
        now: The solver.
        saved: The solver state, of Caffe's or ours.
        learnables: The net's blobs, in the order of the history.
    """
    passed = _passed(now.stepvalue, saved.iter)
    if now.lr_policy == "multistep" and passed != saved.current_step:
        rates = [lr.rate(now, saved.iter, step) for step in (saved.current_step, passed)]
        yield _warning(
            "PN642",
            f"the snapshot has passed {saved.current_step} of `stepvalue`, but the solver has "
            f"{passed} of them before iteration {saved.iter}",
            f"as in Caffe the snapshot's count goes on: the rate is {rates[0]:g}, and would be "
            f"{rates[1]:g}",
        )
    moving = [
        f"`{blob.layer}/{blob.index}`"
        for blob, history in zip(learnables, saved.history, strict=False)
        if not blob.lr_mult and np.any(history)
    ]
    if moving and now.type in MOMENTUM_RULES:
        yield _warning(
            "PN643",
            f"frozen blobs have momentum in the snapshot: {', '.join(moving)}",
            "as in Caffe they go on moving until it has worn off; to freeze them at once, start "
            "from the weights (`--weights`) instead of the solver state",
        )


def _passed(stepvalue: Sequence[int], it: int) -> int:
    """Return how many steps ``multistep`` has taken in ``it`` iterations: one each at most."""
    steps, last = 0, -1
    for value in stepvalue:
        last = max(value, last + 1)
        if last >= it:
            break
        steps += 1
    return steps


def of_weights(said: str, found: Path, state: Path) -> Iterator[Diagnostic]:
    """Yield PN644 if the weights of a snapshot are not where it says."""
    if Path(said) != found:
        message = f"the weights of the snapshot, `{said}`, are not there"
        yield _warning("PN644", message, f"`{found}` is read, which is beside it", str(state))


def _warning(code: str, message: str, hint: str, file: str = "") -> Diagnostic:
    return Diagnostic(code, message, help=hint, severity=Severity.WARNING, file=file)
