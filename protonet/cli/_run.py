"""A training: solver, signals and what is printed, wired together."""

import sys
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import click

from protonet.cli._allocator import keep_freed_memory
from protonet.cli._launch import end_with_parent
from protonet.cli._options import ExecutionOptions
from protonet.cli._start import start
from protonet.diagnostics import DiagnosticError
from protonet.nets.execution import Execution
from protonet.report.log import CaffeLog
from protonet.spec.read import SolverFile
from protonet.train.distributed import JointError, World, joined
from protonet.train.events import Listener
from protonet.train.overrides import override_solver, write_resolved
from protonet.train.signals import handled
from protonet.train.solver import Solver
from protonet.weights.load import check_target, save_weights
from protonet.weights.loading import Loading


class RunOptions(ExecutionOptions):
    """What `_options.of_a_run` adds to a command."""

    device: str | None
    gpus: tuple[int, ...] | None
    processes: int | None
    settings: tuple[str, ...]
    seed: int | None
    export: str | None
    plain: bool
    loading: Loading


def run(
    solver_file: str,
    options: RunOptions,
    *,
    weights: str | None = None,
    snapshot: str | None = None,
) -> None:
    """Train as a solver file and the command line say, in several processes if they say so."""
    device, status = start(options["device"], options["gpus"], options["processes"])
    if status is not None:
        click.get_current_context().exit(status)
    keep_freed_memory()
    end_with_parent()
    with joined() as world, _ranks_told(world):
        with world.together():
            file = _solver_file(solver_file, options, writes=world.rank == 0)
        with _listener(world, plain=options["plain"]) as listener:
            solver = Solver(
                file,
                device=device,
                weights=weights.split(",") if weights else None,
                loading=options["loading"],
                execution=_execution(options),
                listeners=[listener],
            )
            if world.rank == 0:
                _tell_of_files(
                    solver, written=bool(options["settings"]) or options["seed"] is not None
                )
            with handled(solver):
                solver.solve(snapshot)
        if options["export"] and world.rank == 0:
            save_weights(solver.net, options["export"])


def _solver_file(name: str, options: RunOptions, *, writes: bool) -> SolverFile:
    settings = list(options["settings"])
    if options["seed"] is not None:
        settings.append(f"random_seed={options['seed']}")
    if options["export"] and writes:
        check_target(options["export"])
    return override_solver(name, settings)


def _execution(options: RunOptions) -> Execution:
    return Execution(
        amp=options["amp"],
        compile=options.get("compile", False),
        channels_last=options["channels_last"],
        deterministic=options["deterministic"],
        tf32=options["tf32"],
    )


def _tell_of_files(solver: Solver, *, written: bool) -> None:
    """Report what weights were loaded, and write the files as they are run."""
    if solver.net.match:
        click.echo(solver.net.match.report(), err=True)
    if written:
        nets = [net.graph.file for net in (solver.net, *solver.test_nets)]
        write_resolved(solver.file, nets, solver.prefix)


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


def _listener(world: World, *, plain: bool) -> AbstractContextManager[Listener]:
    """Give what shows the run; rank 0 alone does."""
    return listening(plain=plain) if world.rank == 0 else nullcontext(lambda _: None)


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
