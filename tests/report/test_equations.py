"""Equations as text: computed as they stand, they are what the optimizer does."""

import math
import re

import numpy as np
import pytest

from protonet.report import equations
from protonet.spec.solver import SolverParameter
from protonet.train import lr
from protonet.train.check import RULES
from protonet.train.lr import POLICIES
from protonet.train.optimizer import Optimizer
from tests.train.blobs import ITERATIONS, Blobs, solver
from tests.train.test_optimizer import TYPES

FIELDS: dict[str, dict[str, object]] = {**TYPES, "AdamW": {}, "Lion": {}}
SETTINGS: tuple[dict[str, object], ...] = (
    {},
    {"iter_size": 3, "clip_gradients": 1.0, "clip_value": 0.1},
    {"momentum": 0.5, "momentum2": 0.75},
)


def code(lines: list[str]) -> list[str]:
    """Return equations as Python."""
    found = [line.partition(", n the")[0].partition(", t = ")[0] for line in lines]
    found = [line.replace("^", "**").replace("v'", "v1") for line in found]
    found = [re.sub(r"g = sum of dL/dw.*|g = dL/dw", "g = d", line) for line in found]
    clip = r"g = g, each element cut to (\S+) \.\. (\S+)"
    return [re.sub(clip, r"g = clip(g, \1, \2)", line) for line in found]


@pytest.mark.parametrize("fields", SETTINGS, ids=str)
@pytest.mark.parametrize("kind", RULES)
def test_text_computes_what_the_optimizer_does(kind: str, fields: dict[str, object]) -> None:
    if kind in {"AdaGrad", "RMSProp"}:
        fields = {name: value for name, value in fields.items() if name != "momentum"}
    s = solver(**{"type": kind, "weight_decay": 0.1, **FIELDS[kind], **fields})
    blobs = Blobs.make()
    optimizer = Optimizer(blobs.learnables, s)
    learning = blobs.learnables[:4]
    names = [
        {"w": b.tensor.detach().double().numpy().copy(), **dict.fromkeys("vhkm", 0.0)}
        for b in learning
    ]
    lines = code([*equations.gradient(s), *equations.update(s)])
    for it in range(ITERATIONS):
        diffs = blobs.give_gradients(it)
        optimizer.step(0.1, it)
        norm = math.sqrt(sum(float((diff**2).sum()) for diff in diffs))
        for blob, diff, values in zip(learning, diffs, names, strict=False):
            values |= {"d": diff, "n": norm, "r": 0.1 * blob.lr_mult, "t": it + 1}
            values |= {"decay_mult": blob.decay_mult, "sqrt": np.sqrt, "sign": np.sign}
            exec("\n".join(lines), {"clip": np.clip}, values)  # text of ours
            values["v"] = values.pop("v1", values["v"])

    for blob, values in zip(learning, names, strict=True):
        np.testing.assert_allclose(blob.tensor.detach().numpy(), values["w"], rtol=1e-4, atol=1e-5)


POLICY_FIELDS: dict[str, dict[str, object]] = {
    "fixed": {},
    "step": {"gamma": 0.1, "stepsize": 5},
    "exp": {"gamma": 0.9},
    "inv": {"gamma": 0.1, "power": 0.75},
    "poly": {"power": 2.0},
    "sigmoid": {"gamma": 0.5, "stepsize": 4},
    "cosine": {"min_lr": 0.01},
}


@pytest.mark.parametrize("policy", POLICY_FIELDS)
def test_formula_of_the_rate_is_that_of_the_policy(policy: str) -> None:
    s = solver(lr_policy=policy, max_iter=20, **POLICY_FIELDS[policy])
    text = next(equations.rate(s)).removeprefix("rate = ").replace("^", "**")

    for it in range(20):
        names = {**vars(math), "it": it}
        assert eval(text, names) == pytest.approx(lr.rate(s, it, it // 5))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"lr_policy": "multistep", "gamma": 0.5, "stepvalue": (5, 9)},
            ["rate = 0.1 * 0.5 ^ (how many of 5, 9 are reached)"],
        ),
        (
            {"lr_policy": "multistep", "gamma": 0.5},
            ["rate = 0.1 * 0.5 ^ (how many of none are reached)"],
        ),
        (
            {"lr_policy": "onecycle"},
            ["rate = from 0.004 up to 0.1 at iteration 29, down to 4e-07 at 99"],
        ),
        (
            {"lr_policy": "plateau", "plateau": {"monitor": "loss", "patience": 2}},
            ["rate = 0.1 * 0.1 ^ (how often 3 tests in a row had no better `loss`)"],
        ),
        (
            {"lr_policy": "fixed", "min_lr": 0.01, "warmup": {"iterations": 9}},
            [
                "rate = 0.1",
                "and never below 0.01",
                "before iteration 9 times a number that grows from 0.1 to 1",
            ],
        ),
        (
            {"lr_policy": "fixed", "warmup": {"iterations": 9, "start_lr": 0.025, "policy": 1}},
            ["rate = 0.1", "before iteration 9 times 0.25"],
        ),
        ({"lr_policy": "cosine"}, ["rate = 0.1 * (1 + cos(pi * it / 100)) / 2"]),
    ],
    ids=str,
)
def test_rate_in_words(fields: dict[str, object], expected: list[str]) -> None:
    assert list(equations.rate(solver(max_iter=100, **fields))) == expected


def test_every_policy_has_a_formula() -> None:
    plateau = {"monitor": "loss"}
    for policy in POLICIES:
        assert next(equations.rate(solver(lr_policy=policy, max_iter=9, plateau=plateau)))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"type": "NAdam", "weight_decay": 0.1, "optimizer_arg": ("eps=1e-3",)},
            ["w = a step of torch.optim.NAdam(lr=r, weight_decay=0.1 * decay_mult, eps=1e-3)"],
        ),
        (
            {
                "type": "torch.SGD",
                "momentum": 0.9,
                "weight_decay": 0.1,
                "regularization_type": "L1",
            },
            [
                "g = g + 0.1 * decay_mult * sign(w)",
                "w = a step of torch.optim.SGD(lr=r, momentum=0.9)",
            ],
        ),
        (
            {"type": "Rprop", "weight_decay": 0.1},
            ["g = g + 0.1 * decay_mult * w", "w = a step of torch.optim.Rprop(lr=r)"],
        ),
    ],
    ids=str,
)
def test_classes_of_torch(fields: dict[str, object], expected: list[str]) -> None:
    s = solver(**fields)

    assert [*equations.gradient(s), *equations.update(s)] == ["g = dL/dw", *expected]
    (said,) = equations.against_torch(s)
    assert said.startswith(f"torch.optim.{s.type.removeprefix('torch.')} is")


@pytest.mark.parametrize("kind", RULES)
def test_every_rule_is_held_against_torch(kind: str) -> None:
    said = " ".join(equations.against_torch(SolverParameter(type=kind)))

    assert said.startswith("torch.optim")
    assert said.endswith(".")
