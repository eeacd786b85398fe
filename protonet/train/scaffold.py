"""What a solver is built of: its file, held against all rules, and its nets."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from protonet.data.given import Given
from protonet.data.shard import WHOLE
from protonet.diagnostics import Diagnostic, DiagnosticError, Label
from protonet.message import wire
from protonet.message.common import Phase
from protonet.net import Net
from protonet.nets.execution import Execution
from protonet.spec.read import SolverFile, read_net
from protonet.train import epochs, generators, snapshot, sources
from protonet.train.caching import cache, variants
from protonet.train.check import check, output_counts, unmonitored
from protonet.train.device import choose
from protonet.train.distributed import World
from protonet.train.events import Event
from protonet.train.optimizer import Optimizer
from protonet.train.overrides import override_net
from protonet.train.sources import NetSource
from protonet.weights.atomic import remove_stale
from protonet.weights.copying import copy
from protonet.weights.load import plan
from protonet.weights.loading import Loading, check_no_rules


@dataclass(frozen=True, slots=True)
class Site:
    """Where and how a solver runs.

    Attributes:
        world: The processes that train together.
        device: This process's device.
        execution: What the device does.
        seed: Of all random numbers but those of layers, the same in all processes.
    """

    world: World
    device: torch.device
    execution: Execution
    seed: int | None


def seed(file: SolverFile, world: World) -> int | None:
    """Return the solver's ``random_seed``; several processes without one agree on any."""
    fallback = world.agreed(secrets.randbits(63)) if world.size > 1 else None
    return file.message.random_seed if file.message.random_seed >= 0 else fallback


def site(
    asked: str | torch.device | None,
    file: SolverFile,
    world: World,
    execution: Execution,
    seed: int | None,
) -> tuple[Site, list[Diagnostic]]:
    """Return where a solver runs, with a warning for each wish that cannot be met.

    Raises:
        DiagnosticError: PN650, there are more processes than devices.
    """
    chosen, warnings = choose(asked, file.message)
    device = world.device(chosen)
    execution, faults = execution.prepared(device)
    return Site(world, device, execution, seed), [*warnings, *faults]


def begin_together(
    site: Site, nets: Sequence[Net], file: SolverFile, emit: Callable[[Event], None]
) -> None:
    """Let all processes begin with the weights of rank 0, and keep what frozen layers make.

    Args:
        site: Where it runs.
        nets: The train net, then the test nets.
        file: The solver.
        emit: Is told what is kept.

    Raises:
        DiagnosticError: PN652, they do not train the same.
    """
    net = nets[0]
    shapes = [(blob.layer, blob.index, blob.tensor.shape) for blob in net.learnables]
    same = (site.device.type, site.execution, shapes, wire.encode(file.message))
    site.world.check_same("a different net, solver or device", same)
    site.world.share(blob.tensor for blob in net.learnables)
    cache(file.message, nets, site.world, emit)


@dataclass(frozen=True, slots=True)
class Start:
    """What a run starts from: files, and how they go into its nets."""

    paths: Sequence[Path]
    loading: Loading


def check_all(file: SolverFile, prefix: str, *, writes: bool = True) -> None:
    """Check a solver's file, and that its snapshots can be written if this process ``writes`` them.

    What a killed run has left half-written goes.

    Raises:
        DiagnosticError: PN601 to PN608, all that were found.
    """
    problems = list(check(file))
    if file.message.snapshot and writes:
        problems += _unwritable(file, prefix)
    if problems:
        raise DiagnosticError(problems)
    if writes:
        remove_stale(Path(prefix))


def check_ending(file: SolverFile, prefix: str, world: World) -> None:
    """Check that the snapshot at the end can be written: better told before the training.

    Where there are others before it, `check_all` has done so.

    Raises:
        DiagnosticError: PN608, it cannot.
    """
    with world.together():
        alone = file.message.snapshot_after_train and not file.message.snapshot
        if alone and world.rank == 0 and (problems := _unwritable(file, prefix)):
            raise DiagnosticError(problems)


def _unwritable(file: SolverFile, prefix: str) -> list[Diagnostic]:
    labels = (Label(file.tree.place("snapshot_prefix")),)
    found = snapshot.check_writable(prefix, labels)
    return [found] if found else []


def start(
    file: SolverFile,
    given: str | Path | Sequence[str | Path] | None,
    loading: Loading | None,
) -> Start:
    """Return what to start from: the files given, else the solver's ``weights``.

    Raises:
        DiagnosticError: PN412, there are rules for weights, and no weights.
    """
    if given is None:
        paths = list(sources.weights(file))
    else:
        paths = [Path(given)] if isinstance(given, str | Path) else [Path(path) for path in given]
    if loading is not None and not paths:
        check_no_rules(loading)
    return Start(paths, loading or Loading())


def nets(
    file: SolverFile,
    start: Start,
    site: Site,
    given: Given,
    *,
    stages: Sequence[str] = (),
    level: int | None = None,
) -> list[Net]:
    """Build the train net, then the test nets on its blobs.

    With ``random_seed`` the random numbers of the run begin here. Of several processes only rank 0
    tests.

    Raises:
        DiagnosticError: PN627, the solver monitors what no net puts out; PN530, no net reads some
            of the data that were given.
    """
    if site.seed is not None:
        generators.seed(site.seed + site.world.rank)
    source = sources.train_net(file)
    trained = _net(file, source, start, site, stages=stages, level=level, data=given)
    if site.world.rank > 0:
        return [trained]
    tests = [
        _test_net(file, each, start, site, trained, data=given) for each in sources.test_nets(file)
    ]
    given.check(phases=True)
    epochs.check_tests(file, tests)
    problems = tuple(unmonitored(file, [output_counts(net.graph, net.shapes) for net in tests]))
    if problems:
        raise DiagnosticError(problems)
    return [trained, *tests]


def check_fed(net: Net) -> None:
    """See that a net is given all that it reads; Caffe would train on zeros.

    Raises:
        DiagnosticError: PN648, an Input layer has nobody to fill it.
    """
    nodes = [node for node in net.graph.nodes if node.type == "Input"]
    unfed = [(node, top.blob) for node in nodes for top in node.tops]
    problems = [
        Diagnostic(
            "PN648",
            f"nothing feeds the input `{blob}` of layer `{node.name}`",
            (Label(net.graph.place(node, "type")),),
            help="train a net with data layers, or give `Solver(data=...)` from Python",
        )
        for node, blob in unfed
        if blob not in net.feed.tops
    ]
    if problems:
        raise DiagnosticError(problems)


def _test_net(
    file: SolverFile,
    source: NetSource,
    start: Start,
    site: Site,
    trained: Net,
    *,
    data: Given,
) -> Net:
    """Build a test net on the train net's blobs; what it has not is read from the files."""
    net = _net(file, source, Start((), start.loading), site, data=data)
    net.share_weights(trained)
    shared = {id(blob.tensor) for blob in trained.learnables}
    if start.paths and any(id(blob.tensor) not in shared for blob in net.learnables):
        # The rules have been checked with the train net, and may be about its layers only.
        copy(plan(net, start.paths, start.loading, check=False))
    return net


def optimizer(file: SolverFile, net: Net) -> Optimizer:
    """Return what updates a net's weights.

    Raises:
        DiagnosticError: PN624, the solver's ``type`` is a class of torch that refuses the net.
    """
    try:
        return Optimizer(net.learnables, file.message)
    except DiagnosticError as error:
        labels = (Label(file.tree.place("type")),)
        raise DiagnosticError(replace(d, labels=labels) for d in error.diagnostics) from error


def _net(
    solver: SolverFile,
    source: NetSource,
    start: Start,
    site: Site,
    *,
    stages: Sequence[str] = (),
    level: int | None = None,
    data: Given,
) -> Net:
    file = read_net(source.spec)
    state = sources.merged(source.phase, file.message.state, source.state)
    changes = {"stage": (*state.stage, *stages)} | ({} if level is None else {"level": level})
    state = state.model_copy(update=changes)
    file = override_net(file, state, solver.of_layers)
    return Net(
        file,
        weights=start.paths or None,
        loading=start.loading,
        device=site.device,
        state=state,
        seed=site.seed,
        shard=site.world.shard if source.phase is Phase.TRAIN else WHOLE,
        variants=variants(solver.message, source.phase),
        execution=site.execution,
        data=data,
    )
