"""``protonet sweep``."""

import sys
from pathlib import Path
from typing import Unpack

import click

from protonet.cli import _options
from protonet.cli._allocator import keep_freed_memory
from protonet.nets.execution import Execution
from protonet.report import sweep as report
from protonet.report.curves import is_score
from protonet.report.progress import ProgressBar
from protonet.spec.solver import Mode
from protonet.train.sweep import run
from protonet.train.sweep.result import Result
from protonet.train.sweep.space import Axis, axes, kind_of
from protonet.train.sweep.store import Store
from protonet.train.sweep.trial import Plan
from protonet.weights.loading import Loading


def _monitor(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, Mode]:
    """Read ``accuracy``, ``loss`` and ``error:min``."""
    name, colon, mode = value.partition(":")
    if not colon:
        return name, Mode.MAX if is_score(name) else Mode.MIN
    if mode.upper() not in Mode.__members__:
        raise click.BadParameter(f"{mode!r} is neither `min` nor `max`.")
    return name, Mode[mode.upper()]


@click.command()
@click.option("--solver", required=True, metavar="FILE", help="The solver's prototxt.")
@click.option(
    "--weights",
    callback=_options.file_names,
    metavar="FILE[,FILE...]",
    help="Weights that every trial starts from.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    required=True,
    metavar="FIELD=VALUES",
    help="What to vary: base_lr=0.1,0.01, weight_decay=log:1e-6..1e-2, momentum=lin:0.8..0.99, "
    "iter_size=int:1..4, layer.relu*.type=ReLU,ELU; one value is the same in all trials.",
)
@click.option(
    "--search",
    type=click.Choice(("grid", "random", "tpe")),
    help="All combinations, random ones, or those that TPE (optuna) expects to be good; by default "
    "grid if there are only lists, else random.",
)
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    help=f"How many at most; {run.TRIALS} by default, or all of a grid.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="For random search, the split, and trainings whose solver has no random_seed.",
)
@click.option(
    "--validation",
    type=click.FloatRange(0, 0.5),
    default=0.1,
    show_default=True,
    help="The part of the TRAIN data that is held out to judge trials; 0: the solver's own test "
    "nets judge, and nothing is tested at the end.",
)
@click.option(
    "--folds",
    type=click.IntRange(min=2),
    help="Cross validation: train so many times, holding out another part of the TRAIN data.",
)
@click.option(
    "--monitor",
    default="accuracy",
    show_default=True,
    callback=_monitor,
    metavar="OUTPUT[:min|max]",
    help="The test output that ranks trials; for losses, lower is better.",
)
@click.option(
    "--dir", "folder", metavar="DIR", help="Where everything is written; SOLVER_sweep by default."
)
@click.option("--no-prune", is_flag=True, help="Do not let TPE end trials early.")
@click.option("--plot", metavar="FILE", help="Also plot results against what varied: sweep.png.")
@_options.device
@_options.of_loading
@_options.of_execution
@_options.of_compilation
@_options.of_nets
def command(
    solver: str,
    weights: str | None,
    *,
    settings: tuple[str, ...],
    search: str | None,
    trials: int | None,
    seed: int,
    validation: float,
    folds: int | None,
    monitor: tuple[str, Mode],
    folder: str | None,
    no_prune: bool,
    plot: str | None,
    device: str | None,
    loading: Loading,
    **options: Unpack[_options.ExecutionOptions],
) -> None:
    """Train with many values of some fields, and find the best.

    Trials are judged on a part of the TRAIN data that they do not train on; the test data are used
    once, for the best. The same command resumes where it was stopped.
    """
    if folds and _options.given("validation"):
        raise click.UsageError("give --validation or --folds, not both")
    keep_freed_memory()
    space = axes(settings)
    kind = kind_of(space, search)
    plan = Plan(
        solver,
        *monitor,
        parts=folds or (round(1 / validation) if validation else 0),
        folds=folds or 1,
        seed=seed,
        weights=weights.split(",") if weights else None,
        loading=loading,
        device=device,
        execution=Execution(**options),
    )
    place = Path(folder or f"{Path(solver).stem}_sweep")
    store = Store(place, run.definition(plan, settings, kind))
    found = _run(
        plan, store, space, run.searching(kind, space, trials, plan, store, prune=not no_prune)
    )
    click.echo(f"\n{report.table(found, space, plan.monitor, plan.mode)}\n")
    if plot:
        report.plot(found, space, plan.monitor, plan.mode, plot)
        click.echo(f"wrote {plot}", err=True)
    _tell_the_best(plan, store)


def _run(plan: Plan, store: Store, space: tuple[Axis, ...], search: run.Search) -> list[Result]:
    """Run all trials, with a line for each; Ctrl-C ends it between two of its files."""
    looking = report.Looking(lambda text: click.echo(text, err=True), *_shown())
    found: list[Result] = []
    click.echo(report.heading(plan, search.trials, store.folder))
    try:
        for result, new in run.trials(plan, search, store, looking):
            found.append(result)
            if new:
                click.echo(report.line(result, search.trials, space, plan.monitor))
    except KeyboardInterrupt:
        if found:
            click.echo(f"\n{report.table(found, space, plan.monitor, plan.mode)}\n")
        click.echo(report.stopped(len(found), search.trials, store.folder), err=True)
        raise click.exceptions.Exit(130) from None
    finally:
        search.close()
    return found


def _shown() -> tuple[type[ProgressBar], ...]:
    return (ProgressBar,) if sys.stderr.isatty() and sys.stdout.isatty() else ()


def _tell_the_best(plan: Plan, store: Store) -> None:
    winner = run.best(store, plan)
    if winner is None:
        click.echo("no trial ended with a number")
        return
    click.echo(report.verdict(winner, plan, run.write_best(plan, winner, store)))
    tested = run.test(plan, winner, store)
    click.echo(
        report.told_of_test(tested)
        if tested
        else "nothing is tested: the test nets were the judges"
    )
