"""A sweep from its first trial to the test of the best."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protonet.diagnostics import DiagnosticError
from protonet.spec.read import NetFile, SolverFile, read_net, read_solver
from protonet.train import sources
from protonet.train.overrides import override_net, write_resolved
from protonet.train.scores import elements
from protonet.train.solver import Solver
from protonet.train.sweep import trial
from protonet.train.sweep.result import Result, State, ranked
from protonet.train.sweep.search import Grid, Random, Search
from protonet.train.sweep.space import Axis
from protonet.train.sweep.store import Store
from protonet.train.sweep.tpe import Tpe
from protonet.train.sweep.trial import Listening, Plan, Trial

TRIALS = 20
"""Of a search that has no end."""


def definition(plan: Plan, settings: Sequence[str], search: str) -> dict[str, Any]:
    """Return all that the results of a sweep depend on, but for data and weights themselves.

    Args:
        plan: What its trials share.
        settings: What is varied, as on the command line.
        search: How.
    """
    return {
        "solver": str(plan.solver),
        "files": _hash(plan),
        "set": list(settings),
        "search": search,
        "seed": plan.seed,
        "monitor": f"{plan.monitor}:{plan.mode.name.lower()}",
        "parts": plan.parts,
        "folds": plan.folds,
        "weights": None if plan.weights is None else list(plan.weights),
        "loading": repr(plan.loading),
        "execution": repr(plan.execution),
    }


def searching(
    kind: str, axes: Sequence[Axis], trials: int | None, plan: Plan, store: Store, *, prune: bool
) -> Search:
    """Return what proposes the trials.

    Args:
        kind: ``grid``, ``random`` or ``tpe``.
        axes: What varies, and what does not.
        trials: How many; a grid has an end of its own.
        plan: What they share.
        store: Where results go.
        prune: Let TPE give hopeless trials up.

    Raises:
        DiagnosticError: PN694, a grid has no end; PN698, optuna is not installed.
    """
    if kind == "grid":
        return Grid(axes, trials)
    number = TRIALS if trials is None else trials
    if kind == "random":
        return Random(axes, number, plan.seed)
    return Tpe(axes, number, plan.seed, store, mode=plan.mode, prune=prune)


def _hash(plan: Plan) -> str:
    file = read_solver(plan.solver)
    nets = (sources.train_net(file), *sources.test_nets(file))
    texts = [file.tree.source.text, *(read_net(net.spec).tree.source.text for net in nets)]
    return hashlib.sha256("\0".join(texts).encode(errors="surrogateescape")).hexdigest()[:16]


def trials(
    plan: Plan, search: Search, store: Store, listening: Listening
) -> Iterator[tuple[Result, bool]]:
    """Run the trials that are left, one after the other; yield each, and whether it is new.

    Raises:
        DiagnosticError: A trial cannot be built, and none before it could.
    """
    for number in range(search.trials):
        known = store.results.get(number)
        if known is not None:
            yield known, False
            continue
        one = Trial(number, search.propose(number), store.begin(number))
        result = _tried(plan, search, store, one, listening)
        store.add(result, plan.mode)
        search.learn(result)
        yield result, True


def _tried(
    plan: Plan,
    search: Search,
    store: Store,
    one: Trial,
    listening: Listening,
) -> Result:
    try:
        return trial.run(plan, search, one, listening)
    except DiagnosticError as error:
        if not store.results:
            raise
        return Result(one.number, one.values, State.FAILED, told=error.diagnostics[0].message)


def best(store: Store, plan: Plan) -> Result | None:
    """Return the best trial; None if none came to its end."""
    first = next(iter(ranked(store.results.values(), plan.mode)), None)
    return first if first is not None and first.state is State.DONE else None


@dataclass(frozen=True, slots=True)
class Scores:
    """What the test data say of a trial's weights.

    Attributes:
        outputs: The means of the test nets' outputs, for each of its weights.
        again: They had said so before: nothing was run.
    """

    outputs: tuple[Mapping[str, float], ...]
    again: bool = False


def write_best(plan: Plan, winner: Result, store: Store) -> Path:
    """Write the solver and the nets of a trial with all TRAIN and TEST data; return the solver."""
    file = plan.file(winner.values, store.folder / "best")
    nets: list[NetFile] = []
    for source in (sources.train_net(file), *sources.test_nets(file)):
        net = read_net(source.spec)
        state = sources.merged(source.phase, net.message.state, source.state)
        nets.append(override_net(net, state, file.of_layers))
    return write_resolved(file, nets, str(store.folder / "best"))[0]


def test(plan: Plan, winner: Result, store: Store) -> Scores | None:
    """Score the weights of the best trial with the solver's own test nets, which saw none of it.

    Returns:
        None if these test nets have judged the trials.
    """
    known = store.tested(winner.number)
    if known is not None:
        return Scores(tuple(known), again=True)
    if not plan.parts:
        return None
    file = plan.tested(winner.values, store.folder / "best")
    found = tuple(_scores(plan, file, path) for path in winner.weights)
    store.keep_test(winner.number, found)
    return Scores(found)


def _scores(plan: Plan, file: SolverFile, weights: str) -> dict[str, float]:
    solver = Solver(file, device=plan.device, weights=weights, execution=plan.execution)
    scores: dict[str, float] = {}
    for at, (net, means) in enumerate(zip(solver.test_nets, solver.test(), strict=True)):
        for output in elements(net, means):
            scores.setdefault(f"{output.blob} #{at}" if at else output.blob, output.value)
    return scores
