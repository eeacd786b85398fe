"""What curves say, of real trainings and of made ones."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from protonet.report.curves import Curve, Curves, read_curves
from protonet.report.diagnose import CAP, diagnose

REAL = Path(__file__).parent / "curves"


def codes(curves: Curves) -> list[str]:
    return [finding.code for finding in diagnose(curves)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("good", []),
        ("rate_too_high", ["PN686"]),
        ("stuck", ["PN687"]),
        ("poor_initial_weights", ["PN688"]),
        ("batch_too_small", ["PN689"]),
        ("rate_too_low", ["PN690"]),
    ],
)
def test_real_trainings_are_read_as_a_practitioner_reads_them(
    name: str, expected: list[str]
) -> None:
    assert codes(read_curves(REAL / f"{name}.csv")) == expected


Law = Callable[[float], float]


def sampled(law: Law, number: int = 50) -> Curve:
    """Return a curve of a law on 0 to 1."""
    return Curve(tuple(range(number)), tuple(law(at / (number - 1)) for at in range(number)))


def run(loss: Law, *, train: Law | None = None, test: Law | None = None) -> Curves:
    """Return a run at one rate; `train` and `test` are accuracies."""
    return Curves(
        "run",
        loss=sampled(loss),
        rate=Curve((0,), (0.1,)),
        train={"accuracy": sampled(train)} if train else {},
        test={"accuracy": sampled(test)} if test else {},
    )


def learns(t: float) -> float:
    return 2.3 * math.exp(-4 * t)


def test_a_loss_that_falls_has_no_findings() -> None:
    assert codes(run(learns)) == []


def test_a_loss_that_is_no_number_is_all_that_is_told() -> None:
    broken = run(lambda t: math.nan if t > 0.5 else 2.3)

    (finding,) = diagnose(broken)
    assert finding.code == "PN684"
    assert finding.message == "the loss is not a number from iteration 25 on"


def test_the_cap_of_the_softmax_loss_is_known() -> None:
    capped = run(lambda t: CAP if t > 0.1 else 2.3)

    (finding,) = diagnose(capped)
    assert finding.code == "PN685"
    assert "from iteration 5 on" in finding.message


def test_a_net_that_recovers_from_the_cap_is_judged_by_the_rest() -> None:
    assert codes(run(lambda t: CAP if t < 0.05 else learns(t))) == []


def test_a_rising_loss() -> None:
    (finding,) = diagnose(run(lambda t: 1 + 2 * t))

    assert finding.message == "the training loss rises, from 1 to 2.918"


def test_chance_is_named() -> None:
    (finding,) = diagnose(run(lambda t: math.log(20) + 0.01 * math.sin(50 * t)))

    assert finding.code == "PN687"
    assert finding.message.endswith("which is chance among 20 classes")


@pytest.mark.parametrize("level", [0.5, 12.5])
def test_other_levels_are_no_chance(level: float) -> None:
    (finding,) = diagnose(run(lambda _: level))

    assert finding.message == f"the training loss stays at {level:g}"


def test_a_test_loss_that_rises_is_overfitting() -> None:
    curves = run(learns)
    curves = Curves(
        "run",
        loss=curves.loss,
        rate=curves.rate,
        test={"loss": sampled(lambda t: 1 + 4 * (t - 0.4) ** 2)},
    )

    (finding,) = diagnose(curves)
    assert finding.code == "PN691"
    assert "best at iteration 20, 1" in finding.message


def test_scores_that_part_are_overfitting() -> None:
    def grows(t: float) -> float:
        return min(1.0, 0.1 + 2 * t)

    assert codes(run(learns, train=grows, test=lambda t: 0.6 * grows(t))) == ["PN691"]
    assert codes(run(learns, train=grows, test=lambda t: 0.95 * grows(t))) == []


def test_a_test_loss_that_is_worst_in_the_end_without_learning_is_none() -> None:
    curves = Curves("run", loss=sampled(lambda _: 2.0), test={"loss": sampled(lambda t: 2 + t)})

    assert codes(curves) == ["PN687"]


def test_a_level_at_one_rate_asks_for_a_lower_one() -> None:
    level = run(lambda t: 0.5 + 2 * math.exp(-20 * t))

    (finding,) = diagnose(level)
    assert finding.code == "PN692"
    assert "`stepvalue`" in finding.help
    lowered = Curves("run", loss=level.loss, rate=Curve((0, 20), (0.1, 0.01)))
    assert codes(lowered) == []


def test_few_points_say_nothing() -> None:
    assert codes(Curves("run", loss=Curve((0, 1), (1.0, 3.0)))) == []
    assert codes(Curves("run", test={"loss": Curve((0,), (1.0,))})) == []
