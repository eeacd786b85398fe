"""A training: solver, signals and what is printed, wired together."""

import sys
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager

import click

from protonet.cli._allocator import keep_freed_memory
from protonet.cli._launch import end_with_parent
from protonet.cli._options import ExecutionOptions
from protonet.cli._start import start
from protonet.diagnostics import DiagnosticError
from protonet.nets.execution import Execution
from protonet.report.finetuning import doubts, rows, table
from protonet.report.log import CaffeLog
from protonet.report.record import Record
from protonet.report.tensorboard import TensorBoard
from protonet.spec.read import SolverFile
from protonet.train.distributed import JointError, World, joined
from protonet.train.events import Listener
from protonet.train.finetune import Recipe, apply
from protonet.train.overrides import override_solver, write_resolved
from protonet.train.signals import handled
from protonet.train.solver import Callback, Solver
from protonet.weights.load import check_target, save_weights
from protonet.weights.loading import Loading


class RunOptions(ExecutionOptions):
    """What `_options.of_a_run` adds to a command."""

    device: str | None
    gpus: tuple[int, ...] | None
    processes: int | None
    settings: tuple[str, ...]
    seed: int | None
    cache_frozen: str | None
    export: str | None
    record: str | None
    tensorboard: str | None
    embed: str | None
    plain: bool
    loading: Loading


def run(
    solver_file: str,
    options: RunOptions,
    *,
    weights: str | None = None,
    snapshot: str | None = None,
    recipe: Recipe | None = None,
    dry_run: bool = False,
) -> None:
    """Train as a solver file and the command line say, in several processes if they say so.

    Args:
        solver_file: The solver.
        options: Of the command line.
        weights: Files to start from.
        snapshot: A solver state to go on from.
        recipe: What a fine-tuning sets; its table is printed.
        dry_run: Stop before the first iteration.
    """
    if options["embed"] and not options["tensorboard"]:
        raise click.UsageError("--embed goes with --tensorboard")
    device, status = start(options["device"], options["gpus"], options["processes"])
    if status is not None:
        click.get_current_context().exit(status)
    keep_freed_memory()
    end_with_parent()
    with joined() as world, _ranks_told(world):
        with world.together():
            file = read_file(solver_file, options, recipe, writes=world.rank == 0)
        with _listeners(world, options) as (listeners, callbacks):
            solver = Solver(
                file,
                device=device,
                weights=weights.split(",") if weights else None,
                loading=options["loading"],
                execution=_execution(options),
                listeners=listeners,
                callbacks=callbacks,
            )
            if world.rank == 0:
                _tell_of_files(solver, options, recipe)
            if dry_run:
                return
            with handled(solver):
                solver.solve(snapshot)
        if options["export"] and world.rank == 0:
            save_weights(solver.net, options["export"])


def read_file(name: str, options: RunOptions, recipe: Recipe | None, *, writes: bool) -> SolverFile:
    """Read a solver file with what the command line sets over it."""
    settings = list(options["settings"])
    if options["seed"] is not None:
        settings.append(f"random_seed={options['seed']}")
    if options["cache_frozen"] is not None:
        settings.append(f"cache_frozen={options['cache_frozen']}")
    if options["export"] and writes:
        check_target(options["export"])
    file = override_solver(name, settings)
    return file if recipe is None else apply(file, recipe)


def _execution(options: RunOptions) -> Execution:
    return Execution(
        amp=options["amp"],
        compile=options.get("compile", False),
        channels_last=options["channels_last"],
        deterministic=options["deterministic"],
        tf32=options["tf32"],
    )


def _tell_of_files(solver: Solver, options: RunOptions, recipe: Recipe | None) -> None:
    """Report what weights were loaded, and write the files as they are run."""
    if recipe is not None:
        _tell_of_blobs(solver)
    elif solver.net.match:
        click.echo(solver.net.match.report(), err=True)
    if recipe is not None or options["settings"] or options["seed"] is not None:
        nets = [net.graph.file for net in (solver.net, *solver.test_nets)]
        write_resolved(solver.file, nets, solver.prefix)


def _tell_of_blobs(solver: Solver) -> None:
    """Report what the weights did, exceptions first, then each blob."""
    found = rows(solver.net, solver.param)
    exceptions = solver.net.match.report(plain=False) if solver.net.match else ""
    for text in (exceptions, *(doubt.render() for doubt in doubts(found))):
        if text:
            click.echo(text, err=True)
    click.echo(table(found))


@contextmanager
def _ranks_told(world: World) -> Generator[None]:
    """Say whose error follows; of those that all have, rank 0 speaks."""
    try:
        yield
    except JointError as error:
        if world.rank > 0:
            raise click.exceptions.Exit(1) from error
        raise
    except Exception as error:
        if world.size == 1:
            raise
        head = f"rank {world.rank} of {world.size} has failed:"
        if not isinstance(error, DiagnosticError):
            click.echo(head, err=True)
            raise
        click.echo(f"{head}\n{error}", err=True)  # at once: others may be writing, too
        raise click.exceptions.Exit(1) from error


@contextmanager
def _listeners(
    world: World, options: RunOptions
) -> Generator[tuple[list[Listener], list[Callback]]]:
    """Give what shows the run, and what writes it down; rank 0 alone does."""
    listeners: list[Listener] = []
    callbacks: list[Callback] = []
    with ExitStack() as stack:
        if world.rank == 0:
            listeners.append(stack.enter_context(listening(plain=options["plain"])))
            if options["record"]:
                listeners.append(stack.enter_context(closing(Record(options["record"]))))
            if options["tensorboard"]:
                board = TensorBoard(options["tensorboard"], options["embed"])
                callbacks.append(stack.enter_context(closing(board)))
        yield listeners, callbacks


@contextmanager
def listening(*, plain: bool) -> Generator[Listener]:
    """Give a progress bar on a terminal; Caffe's log lines where output is piped."""
    piped = [stream for stream in (sys.stderr, sys.stdout) if not stream.isatty()]
    if plain or piped:
        # Caffe logs to standard error; where only standard output is piped, that is what is read.
        yield CaffeLog(piped[0] if piped else sys.stderr)
        return
    from protonet.report.progress import ProgressBar  # noqa: PLC0415 # rich takes its time

    with ProgressBar() as bar:
        yield bar
