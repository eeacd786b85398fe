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


def run(
    loss: Law, *, train: Law | None = None, test: Law | None = None, number: int = 50
) -> Curves:
    """Return a run at one rate; `train` and `test` are accuracies."""
    return Curves(
        "run",
        loss=sampled(loss, number),
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


def test_of_many_classes_a_loss_tells_about_how_many() -> None:
    (finding,) = diagnose(run(lambda _: math.log(200)))

    assert finding.message.endswith("which is chance among about 200 classes")


@pytest.mark.parametrize("noise", [0.01, 0.1])
def test_a_loss_that_is_hardly_lower_at_the_end_is_stuck(noise: float) -> None:
    assert codes(run(lambda t: 2.4 - 0.1 * t**0.5 + noise * math.sin(900 * t))) == ["PN687"]


def test_a_loss_of_zero_throughout_is_stuck() -> None:
    (finding,) = diagnose(run(lambda _: 0.0))

    assert finding.message == "the training loss stays at 0"


def noisy(law: Law, noise: float, seed: int) -> Law:
    """Return a law with what looks like the noise of batches."""
    return lambda t: law(t) * math.exp(noise * math.sin(1e4 * math.sin(3e3 * t + seed)))


@pytest.mark.parametrize("seed", range(20))
def test_noise_makes_no_late_start(seed: int) -> None:
    assert codes(run(noisy(lambda t: 0.02 + learns(t), 0.4, seed), number=20)) == []


@pytest.mark.parametrize("seed", range(20))
def test_a_line_with_noise_is_slow_and_not_late_or_level(seed: int) -> None:
    assert codes(run(noisy(lambda t: 2.3 - 1.2 * t, 0.07, seed))) == ["PN690"]


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


def test_a_test_score_that_falls_is_overfitting() -> None:
    fades = run(learns, test=lambda t: 0.9 - 0.8 * math.exp(-8 * t) - 0.3 * t)

    (finding,) = diagnose(fades)
    assert finding.code == "PN691"
    assert "has fallen to 0.6" in finding.message


def test_a_training_loss_says_how_accurate_it_is_at_least() -> None:
    learnt = run(lambda t: 2.3 * math.exp(-8 * t), test=lambda t: 0.6 - 0.5 * math.exp(-8 * t))

    (finding,) = diagnose(learnt)
    assert finding.message == (
        "`accuracy` is 0.5998 in the test, and at least 0.9986 in training, where the loss is "
        "0.001002"
    )
    assert codes(run(lambda t: 0.3 + learns(t), test=lambda t: 0.6 * t)) == []


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
