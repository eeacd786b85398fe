"""Fine-tuning in two stages, on data made here: the tables of docs/recipes/fine_tuning.md.

    make reproduce                                        all; a quarter of an hour on two cores
    python benchmarks/recipe/reproduce.py --quick         one seed, the main rows; two minutes

Trains a base on some classes; then, on others, the last layer, and all layers after it; against all
layers from the base at once, and from scratch. Every number is the accuracy on test images after
the last iteration: the mean over the seeds 1, 2 and 3, and the least and the most. Each run has one
thread, so the numbers do not depend on how many run side by side.
"""

import json
import os
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import chdir
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from time import perf_counter

import torch

from protonet.data.tools import textures
from protonet.train.finetune import apply, recipe_of
from protonet.train.overrides import override_solver
from protonet.train.solver import Solver
from protonet.weights.load import save_weights
from protonet.weights.loading import Loading

SEEDS = (1, 2, 3)
QUIET = ("display=0", "test_interval=1000000", "test_initialization=false")
POOLINGS = ("bilinear", "average")
RESOLUTIONS = (64, 48, 32)
DIMENSIONS = (512, 256, 128, 64)
DECAYS = ("0", "0.00001", "0.001")

Results = Mapping[str, Sequence[Sequence[float]]]
"""Accuracies of each chain: for each seed, after each stage."""


@dataclass(frozen=True)
class Stage:
    """One training: a solver that ships, and what is set over it."""

    solver: str
    settings: tuple[str, ...] = ()
    train_only: tuple[str, ...] = ()
    reinit: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chain:
    """Trainings one after another, each from the weights of the one before it.

    Attributes:
        name: What its results are called.
        stages: The trainings.
        base: Which base the first one starts from; empty: from the fillers.
    """

    name: str
    stages: tuple[Stage, ...]
    base: str = ""


def last_layer(pooling: str, *settings: str) -> Stage:
    """Return the first stage on textures."""
    # Means of channels are not of unit length, and 1 is too much for them.
    rate = ("base_lr=0.1", "weight_decay=0.0005") if pooling == "average" else ()
    net = f"net=zoo/textures_{pooling}/train_val.prototxt"
    return Stage("textures_last_layer", (net, *rate, *settings), ("fc",), ("fc",))


def all_layers(pooling: str, *settings: str, reinit: tuple[str, ...] = ()) -> Stage:
    """Return the second stage on textures."""
    rate = ("base_lr=0.003",) if pooling == "average" else ()  # at 0.01 some runs fall apart
    net = f"net=zoo/textures_{pooling}/train_val.prototxt"
    return Stage("textures_all", (net, *rate, *settings), (), reinit)


def both(pooling: str, *settings: str) -> tuple[Stage, Stage]:
    """Return both stages on textures."""
    return last_layer(pooling, *settings), all_layers(pooling, *settings)


def bases() -> list[Chain]:
    """Return what all others start from."""
    return [
        Chain("base textures", (Stage("textures_base"),)),
        Chain("base digits", (Stage("base_digits"),)),
    ]


def main_rows() -> Iterator[Chain]:
    """Yield two stages against one, for both poolings."""
    for pooling in POOLINGS:
        fresh = all_layers(pooling, reinit=("fc",))
        yield Chain(f"stages {pooling}", both(pooling), "textures")
        yield Chain(f"direct {pooling}", (fresh,), "textures")


def other_rows() -> Iterator[Chain]:
    """Yield what direct training reaches with other numbers, from scratch, and on digits."""
    for name, setting in (("longer", "max_iter=1200"), ("faster", "base_lr=0.1")):
        stage = all_layers("bilinear", setting, reinit=("fc",))
        yield Chain(f"{name} bilinear", (stage,), "textures")
    for pooling, rate in zip(POOLINGS, ("0.2", "0.05"), strict=True):
        falling = (f"base_lr={rate}", "lr_policy=poly", "power=1", "max_iter=600")
        yield Chain(f"scratch {pooling}", (all_layers(pooling, *falling),))
    slow = ("base_lr=0.005", "lr_policy=fixed")
    everything = Stage("finetune_digits", slow, ("*",))
    net = "net=zoo/lenet_digits_5_9/train_val.prototxt"
    yield Chain("stages digits", (Stage("finetune_digits"), everything), "digits")
    yield Chain("direct digits", (everything,), "digits")
    yield Chain("faster digits", (Stage("finetune_digits", (), ("*",)),), "digits")
    yield Chain("scratch digits", (Stage("base_digits", (net,), ("*",)),))


def sweeps() -> Iterator[Chain]:
    """Yield one number changed at a time, with bilinear pooling."""
    for size in RESOLUTIONS[1:]:
        data = "layer.data.image_data_param"
        scaled = (f"{data}.new_height={size}", f"{data}.new_width={size}")
        yield Chain(f"resolution {size}", both("bilinear", *scaled), "textures")
    for bins in DIMENSIONS[1:]:
        wanted = f"layer.bilinear.compact_bilinear_param.num_output={bins}"
        yield Chain(f"dimension {bins}", both("bilinear", wanted), "textures")
    for decay in DECAYS[1:]:
        stage = last_layer("bilinear", f"weight_decay={decay}")
        yield Chain(f"decay {decay}", (stage,), "textures")


def train(chain: Chain, seed: int) -> list[float]:
    """Train all stages; return the accuracy after each."""
    start = Path(f"base {chain.base}_{seed}_0.pth") if chain.base else None
    found: list[float] = []
    for at, stage in enumerate(chain.stages):
        out = Path(f"{chain.name}_{seed}_{at}.pth")
        found.append(train_stage(stage, seed, start, out))
        start = out
    return found


def train_stage(stage: Stage, seed: int, start: Path | None, out: Path) -> float:
    """Train; write the weights and return the accuracy on the test images."""
    settings = [*QUIET, *stage.settings, f"random_seed={seed}"]
    file = override_solver(f"solvers/{stage.solver}.prototxt", settings)
    file = apply(file, recipe_of(train_only=stage.train_only))
    loading = Loading.of(reinit=stage.reinit) if start else None
    solver = Solver(file, weights=start, loading=loading)
    solver.step(solver.max_iter)
    save_weights(solver.net, out)
    (results,) = solver.test()
    return float(results["accuracy"])


def run(chains: Sequence[Chain], seeds: Sequence[int], pool: ProcessPoolExecutor) -> Results:
    """Train chains with all seeds, as many at a time as there are cores."""
    jobs = list(product(chains, seeds))
    found = pool.map(train, [chain for chain, _ in jobs], [seed for _, seed in jobs])
    results: dict[str, list[list[float]]] = {}
    for (chain, seed), accuracies in zip(jobs, found, strict=True):
        results.setdefault(chain.name, []).append(accuracies)
        print(f"{chain.name}, seed {seed}:", *(f"{100 * a:.1f}" for a in accuracies), flush=True)
    return results


def make_data() -> None:
    """Make textures of 20 classes, and lists of the base's 10 and the others."""
    made = textures.make(Path("textures"), classes=20, per_class=100, split=0.6)
    for part in (made.train, made.test):
        lines = [line.split() for line in part.read_text(encoding="utf-8").splitlines()]
        for name, first in (("base", 0), ("other", 10)):
            own = [(path, int(label) - first) for path, label in lines]
            text = "".join(f"{path} {label}\n" for path, label in own if 0 <= label < 10)
            part.with_name(f"{name}_{part.name}").write_text(text, encoding="utf-8")


def cell(results: Results, name: str, stage: int = 0) -> str:
    """Return mean, least and most accuracy in per cent; nothing for what was not run."""
    if name not in results:
        return ""
    values = [100 * accuracies[stage] for accuracies in results[name]]
    spread = f" ({min(values):.1f} to {max(values):.1f})" if len(values) > 1 else ""
    return f"{mean(values):.1f}{spread}"


def rows(results: Results) -> Iterator[tuple[str, ...]]:
    """Yield the main table."""
    columns = (*POOLINGS, "digits")
    yield ("", "source", *(f"textures, {pooling}" for pooling in POOLINGS), "digits")
    for text, source, kind, stage in (
        ("last layer", "74.5", "stages", 0),
        ("then all layers", "86.8", "stages", 1),
        ("all layers at once", "79", "direct", 0),
        ("the same, as many iterations as both stages", "", "longer", 0),
        ("the same, ten times the rate", "", "faster", 0),
        ("from scratch", "", "scratch", 0),
    ):
        yield (text, source, *(cell(results, f"{kind} {column}", stage) for column in columns))


def sweep_rows(results: Results) -> Iterator[tuple[str, ...]]:
    """Yield the table of sweeps; their first values are those of the main table."""
    yield ("bilinear", "last layer", "then all layers")
    for what, values in (("resolution", RESOLUTIONS), ("dimension", DIMENSIONS)):
        for at, value in enumerate(values):
            name = f"{what} {value}" if at else "stages bilinear"
            yield (f"{what} {value}", cell(results, name), cell(results, name, 1))
    for at, value in enumerate(DECAYS):
        yield (f"decay {value}", cell(results, f"decay {value}" if at else "stages bilinear"), "")


def show(table: Iterator[tuple[str, ...]]) -> None:
    """Print a table as Markdown."""
    for at, row in enumerate(table):
        print(f"| {' | '.join(row)} |")
        if not at:
            print(f"|{'---|' * len(row)}")
    print(flush=True)


def main() -> None:
    """Train, and print the tables."""
    parser = ArgumentParser(description=__doc__, usage="%(prog)s [--quick] [--json FILE]")
    parser.add_argument("--quick", action="store_true", help="one seed, the main rows")
    parser.add_argument("--json", type=Path, help="also write all accuracies")
    options = parser.parse_args()
    seeds = SEEDS[:1] if options.quick else SEEDS
    chains = [*main_rows()] if options.quick else [*main_rows(), *other_rows(), *sweeps()]
    start = perf_counter()
    with TemporaryDirectory() as folder, chdir(folder):
        make_data()
        with ProcessPoolExecutor(
            os.cpu_count(), get_context("spawn"), torch.set_num_threads, (1,)
        ) as pool:
            results = {**run(bases()[: 1 if options.quick else 2], seeds, pool)}
            results |= run(chains, seeds, pool)
    print()
    show(rows(results))
    if not options.quick:
        show(sweep_rows(results))
    base = cell(results, "base textures")
    print(f"base {base}; seeds {seeds}; {perf_counter() - start:.0f} s")
    if options.json:
        options.json.write_text(json.dumps(results), encoding="utf-8")


if __name__ == "__main__":
    main()
