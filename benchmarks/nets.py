"""Training steps and forward passes, as ratios to the same nets written by hand in plain torch.

    python benchmarks/nets.py [NET ...]

Each variant runs in a process of its own, rounds interleaved: ours with the allocator settings of
the command line, plain torch (NCHW, `torch.optim.SGD`) with none. The figure is the median of the
rounds' ratios. "same process": both in turn in one process, without such settings.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch
from plain_nets import PLAIN
from torch import nn

from protonet import Net, Solver
from protonet.cli._allocator import keep_freed_memory

ZOO = Path(__file__).parent.parent / "zoo"
SOLVER = """
base_lr: 0.001
lr_policy: "inv"
gamma: 0.0001
power: 0.75
momentum: 0.9
weight_decay: 0.0005
max_iter: 1000000
snapshot_after_train: false
random_seed: 1701
"""
OWN_BAR, SAME_BAR = 0.75, 0.90


@dataclass(frozen=True)
class Case:
    """One figure.

    Attributes:
        zoo: The net.
        shape: Of a batch.
        classes: How many labels there are.
        train: A whole step through `Solver`; else a forward pass at TEST.
        steps: How many make one measurement.
        rounds: How many measurements of each variant.
    """

    zoo: str
    shape: tuple[int, int, int, int]
    classes: int
    train: bool = True
    steps: int = 5
    rounds: int = 7


CASES = {
    "lenet": Case("lenet", (64, 1, 28, 28), 10, steps=60),
    "cifar10_quick": Case("cifar10_quick", (100, 3, 32, 32), 10, steps=15),
    "caffenet": Case("caffenet", (16, 3, 227, 227), 1000, rounds=5),
    "resnet18": Case("resnet18", (16, 3, 224, 224), 1000, rounds=5),
    "vgg16_forward": Case("vgg16", (4, 3, 224, 224), 1000, train=False, rounds=5),
}

Step = Callable[[], object]


def batch(case: Case) -> tuple[torch.Tensor, torch.Tensor]:
    """Return one batch of random images and labels."""
    generator = torch.Generator().manual_seed(1701)
    images = torch.randn(case.shape, generator=generator)
    return images, torch.randint(case.classes, case.shape[:1], generator=generator)


def with_data(case: Case, layer: str) -> str:
    """Return the net of the zoo with another data layer, given as text less its ``layer {``."""
    net = (ZOO / case.zoo / "train_val.prototxt").read_text()
    layers = net.split("\nlayer {")
    kept = [layer for layer in layers[1:] if '"Data"' not in layer and '"Accuracy"' not in layer]
    return "\nlayer {".join([layers[0], layer, *kept])


def text(case: Case) -> str:
    """Return the net of the zoo with a MemoryData layer for its data."""
    n, c, h, w = case.shape
    memory = (
        ' name: "memory" type: "MemoryData" top: "data" top: "label"\n'
        f"memory_data_param {{ batch_size: {n} channels: {c} height: {h} width: {w} }} }}"
    )
    return with_data(case, memory)


def ours(case: Case) -> Step:
    """Return a step of protonet."""
    images, labels = batch(case)
    arrays = images.numpy(), labels.numpy().astype(np.float32)
    if not case.train:
        net = Net(text(case), phase="TEST", seed=1701)

        def forward() -> None:
            with torch.inference_mode():
                net({"data": images, "label": labels.float()})

        return forward
    solver = Solver(f"net_param {{ {text(case)} }}\n{SOLVER}", device="cpu")
    solver.net.feed.set_input_arrays("memory", *arrays)
    return lambda: solver.step(1)


def plain(case: Case) -> Step:
    """Return a step of a plain loop."""
    images, labels = batch(case)
    torch.manual_seed(1701)
    net = PLAIN[case.zoo]()
    criterion = nn.CrossEntropyLoss()
    if not case.train:
        net.eval()

        def forward() -> None:
            with torch.inference_mode():
                criterion(net(images), labels)

        return forward
    optimizer = torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9, weight_decay=0.0005)

    def step() -> None:
        optimizer.zero_grad()
        criterion(net(images), labels).backward()
        optimizer.step()

    return step


VARIANTS = {"ours": ours, "plain": plain}


def milliseconds(step: Step, steps: int) -> float:
    """Return the median time of one step."""
    times: list[float] = []
    for _ in range(steps):
        start = perf_counter()
        step()
        times.append((perf_counter() - start) * 1000)
    return median(times)


def measure(variant: str, case: Case) -> float:
    """Measure one variant in this process."""
    if variant == "ours":
        keep_freed_memory()
    step = VARIANTS[variant](case)
    milliseconds(step, 3 + case.steps // 4)
    return milliseconds(step, case.steps)


def own_process(name: str) -> float:
    """Return the median ratio, each variant in a process of its own."""

    def measured(variant: str) -> float:
        command = [sys.executable, __file__, "--variant", variant, name]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    return median(measured("ours") / measured("plain") for _ in range(CASES[name].rounds))


def same_process(name: str) -> float:
    """Return the median ratio, both variants in turn in this process."""
    case = CASES[name]
    steps = [VARIANTS[variant](case) for variant in ("ours", "plain")]
    for step in steps:
        milliseconds(step, 3)
    rounds = [[milliseconds(step, case.steps) for step in steps] for _ in range(case.rounds)]
    return median(mine / theirs for mine, theirs in rounds)


def main(names: list[str]) -> None:
    """Print the figures."""
    for name in names:
        figures = (
            (f"{name}_vs_plain_torch", own_process(name), OWN_BAR),
            (
                f"{name}_vs_plain_torch_same_process",
                same_process(name),
                SAME_BAR,
            ),
        )
        for figure, ratio, bar in figures:
            print(
                f"{figure}  {ratio:.2f}  {bar:.2f}  {'ok' if ratio <= bar else 'short'}", flush=True
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--variant"]:
        with redirect_stdout(sys.stderr):
            milliseconds_taken = measure(sys.argv[2], CASES[sys.argv[3]])
        print(json.dumps(milliseconds_taken))
    else:
        main(sys.argv[1:] or list(CASES))
