import math
from collections.abc import Callable

import pytest
import torch
from torch.optim import lr_scheduler

from protonet.message.base import float32
from protonet.spec.solver import SolverParameter
from protonet.train import lr
from tests.train.reference import caffe_rate


def solver(**fields: object) -> SolverParameter:
    return SolverParameter.model_validate({"base_lr": 0.01, **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {"lr_policy": "fixed"},
        {"lr_policy": "step", "gamma": 0.1, "stepsize": 7},
        {"lr_policy": "step", "stepsize": 7},
        {"lr_policy": "exp", "gamma": 0.97},
        {"lr_policy": "inv", "gamma": 0.0001, "power": 0.75},
        {"lr_policy": "multistep", "gamma": 0.3, "stepvalue": (3, 7, 12)},
        {"lr_policy": "multistep", "gamma": 0.3, "stepvalue": (5, 5, 2)},
        {"lr_policy": "poly", "power": 0.5, "max_iter": 25},
        {"lr_policy": "sigmoid", "gamma": 0.3, "stepsize": 10},
    ],
    ids=str,
)
def test_rate_equals_caffe(fields: dict[str, object]) -> None:
    s = solver(**fields)
    step = theirs = 0
    for it in range(25):
        expected, theirs = caffe_rate(s, it, theirs)
        step = lr.advance(s, it, step)
        assert lr.rate(s, it, step) == pytest.approx(expected, rel=1e-6)
        assert step == theirs


def test_rate_is_a_32_bit_float() -> None:
    assert lr.rate(solver(lr_policy="exp", gamma=0.9), 3, 0) == float32(
        float32(0.01) * float32(0.9) ** 3
    )


def test_multistep_takes_equal_stepvalues_one_iteration_apart() -> None:
    s = solver(lr_policy="multistep", gamma=0.1, stepvalue=(2, 2, 4))
    steps = [0]
    for it in range(6):
        steps.append(lr.advance(s, it, steps[-1]))

    assert steps[1:] == [0, 0, 1, 2, 3, 3]


def test_poly_past_max_iter_is_no_number() -> None:
    assert math.isnan(lr.rate(solver(lr_policy="poly", power=0.5, max_iter=10), 11, 0))


def test_powers_are_those_of_c() -> None:
    assert [lr.power(0.0, 0), lr.power(0.0, -1), lr.power(10.0, 1000)] == [1.0, math.inf, math.inf]


def test_sigmoid_far_before_its_middle_is_zero() -> None:
    assert lr.rate(solver(lr_policy="sigmoid", gamma=1.0, stepsize=10_000), 0, 0) == 0.0


def rates(steps: int, **fields: object) -> list[float]:
    s = solver(**{"max_iter": steps, **fields})
    return [lr.rate(s, it, 0) for it in range(steps)]


def torch_rates(
    scheduler: Callable[[torch.optim.Optimizer], torch.optim.lr_scheduler.LRScheduler], steps: int
) -> list[float]:
    """Return the rates that a scheduler of torch gives a rate of 0.01."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.01)
    schedule, found = scheduler(optimizer), list[float]()
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


@pytest.mark.parametrize("least", [0.0, 0.002])
def test_cosine_is_that_of_torch(least: float) -> None:
    theirs = torch_rates(lambda o: lr_scheduler.CosineAnnealingLR(o, 20, eta_min=least), 20)

    assert rates(20, lr_policy="cosine", min_lr=least) == pytest.approx(theirs, rel=1e-6)


def test_cosine_stays_at_its_end() -> None:
    s = solver(lr_policy="cosine", max_iter=10, min_lr=0.002)

    assert [lr.rate(s, it, 0) for it in (10, 15)] == [float32(0.002)] * 2


@pytest.mark.parametrize(
    ("start", "first", "last"), [(0.3, 25.0, 1e4), (0.5, 10.0, 100.0), (0.0, 25.0, 1e4)]
)
def test_onecycle_is_that_of_torch(start: float, first: float, last: float) -> None:
    theirs = torch_rates(
        lambda o: lr_scheduler.OneCycleLR(
            o,
            0.01,
            total_steps=21,
            pct_start=start,
            cycle_momentum=False,
            div_factor=first,
            final_div_factor=last,
        ),
        20,
    )
    numbers = {"pct_start": start, "div_factor": first, "final_div_factor": last}

    mine = rates(21, lr_policy="onecycle", onecycle=numbers)

    assert mine[:20] == pytest.approx(theirs, rel=1e-6)


def test_onecycle_whose_way_up_is_one_iteration_begins_at_the_top() -> None:
    assert rates(4, lr_policy="onecycle", onecycle={"pct_start": 0.25})[0] == float32(0.01)


def test_onecycle_stays_at_its_end() -> None:
    s = solver(lr_policy="onecycle", max_iter=10)

    assert lr.rate(s, 20, 0) == lr.rate(s, 9, 0) == pytest.approx(0.01 / 25 / 1e4)


def test_plateau_counts_its_drops() -> None:
    s = solver(lr_policy="plateau", plateau={"monitor": "loss", "factor": 0.5})

    assert [lr.rate(s, 9, drops) for drops in range(3)] == pytest.approx([0.01, 0.005, 0.0025])
    assert lr.advance(s, 9, 2) == 2


def test_rate_is_never_below_min_lr() -> None:
    found = rates(5, lr_policy="exp", gamma=0.1, min_lr=0.0005)

    assert found == pytest.approx([0.01, 0.001, 0.0005, 0.0005, 0.0005])


@pytest.mark.parametrize(
    ("warmup", "expected"),
    [
        ({"iterations": 4}, [0.001, 0.00325, 0.0055, 0.00775, 0.01, 0.01]),
        ({"iterations": 2, "factor": 0.0}, [0.0, 0.005, 0.01, 0.01, 0.01, 0.01]),
        ({"iterations": 2, "start_lr": 0.002}, [0.002, 0.006, 0.01, 0.01, 0.01, 0.01]),
        ({"iterations": 3, "policy": 1}, [0.001, 0.001, 0.001, 0.01, 0.01, 0.01]),
    ],
    ids=str,
)
def test_warmup_grows_to_the_policys_rate(warmup: dict[str, float], expected: list[float]) -> None:
    assert rates(6, lr_policy="fixed", warmup=warmup) == pytest.approx(expected)


def test_warmup_goes_over_any_policy_which_counts_from_0() -> None:
    plain = rates(6, lr_policy="exp", gamma=0.5)
    warmed = rates(6, lr_policy="exp", gamma=0.5, warmup={"iterations": 2, "factor": 0.5})

    assert warmed == pytest.approx([plain[0] * 0.5, plain[1] * 0.75, *plain[2:]])


def test_warmup_of_no_rate_is_none() -> None:
    s = solver(base_lr=0.0, lr_policy="fixed", warmup={"iterations": 2, "start_lr": 0.1})

    assert lr.rate(s, 0, 0) == 0.0
