"""What a practitioner reads from curves: is the rate too high, does it overfit, what to try next.

Every rule looks at the curves alone and returns a finding or nothing. The numbers are rules of
thumb, after Bengio, "Practical recommendations for gradient-based training of deep architectures"
(arXiv:1206.5533), Smith, arXiv:1803.09820, and Karpathy's notes for CS231n, "Babysitting the
learning process". Torch-free.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import correlation, fmean, median, pstdev

from protonet.diagnostics import Diagnostic, Severity
from protonet.report.curves import Curve, Curves, is_score

FEWEST = 8
"""Points that a curve needs before its form says anything."""
CAP = 87.3365
"""-log of the smallest normal float: what SoftmaxWithLoss gives where a probability is 0."""
STRAIGHT = 0.93
"""The part of the variance that a straight line explains, from which on a curve is one."""
STILL = 0.2
"""The part of the fall in the last third, from which on a curve has not levelled off."""
CHANCE = 0.005
"""How near to the log of a whole number a loss is that chance gives."""
SAME = 0.03
"""Losses that differ by less, as a part of the larger, count as equal."""
FEW_CLASSES = 100
"""Up to so many, a loss tells the number of classes that it is chance among."""
GAP = 0.1
"""Of a score: by how much training and test may differ."""
FADING = 0.05
"""Of a score: by how much it may fall behind its best."""
BLOCKS = 12
"""Means of so many parts of a curve show its form, without the noise of single batches."""


def diagnose(curves: Curves) -> tuple[Diagnostic, ...]:
    """Return what the curves say; warnings, since they are no faults of a file.

    A run that is no number is judged by that alone, and one with any other finding not by its end.
    """
    for rules in RULES:
        findings = tuple(finding for rule in rules if (finding := rule(curves)))
        if findings:
            return findings
    return ()


Rule = Callable[[Curves], Diagnostic | None]


def _finding(code: str, message: str, help_: str) -> Diagnostic:
    return Diagnostic(code, message, help=help_, severity=Severity.WARNING)


def not_a_number(curves: Curves) -> Diagnostic | None:
    """The loss is infinite or no number from some iteration on."""
    bad = [
        i for i, v in zip(curves.loss.its, curves.loss.values, strict=True) if not math.isfinite(v)
    ]
    if not bad:
        return None
    return _finding(
        "PN684",
        f"the loss is not a number from iteration {bad[0]} on",
        "lower `base_lr` by a factor of 10, or add `warmup` or `clip_gradients`; if it happens at "
        "once, look for values in the data that are no numbers, and for a missing `scale`",
    )


def capped(curves: Curves) -> Diagnostic | None:
    """The loss stands at 87.3365: the probability of the label is 0."""
    loss = curves.loss.finite
    at = [i for i, v in zip(loss.its, loss.values, strict=True) if abs(v - CAP) < 0.01 * CAP]
    if not at or loss.values[-1] < CAP / 2:
        return None
    return _finding(
        "PN685",
        f"the loss stands at {CAP} from iteration {at[0]} on, the most that SoftmaxWithLoss gives",
        "the net has diverged: lower `base_lr` by a factor of 10; if it begins so, the labels are "
        "wrong: they count from 0 and are below `num_output`",
    )


def rising(curves: Curves) -> Diagnostic | None:
    """The training loss ends above where it began, or gives up what it had gained."""
    loss = curves.loss.finite
    if len(loss) < FEWEST or _is_stuck(loss):
        return None
    begin, end, smooth = loss.values[0], _end(loss), _smooth(loss.values)
    lowest, highest = min(smooth), max(smooth[: len(smooth) // 2])
    if end > 1.1 * begin:
        message = f"the training loss rises, from {begin:.4g} to {end:.4g}"
    elif end > 0.9 * begin and (lowest < 0.85 * end or highest > 1.2 * begin):
        message = (
            f"the training loss was {lowest:.4g} at best and {highest:.4g} at worst, and ends "
        )
        message += f"at {end:.4g}, near the {begin:.4g} that it began with"
    else:
        return None
    return _finding(
        "PN686",
        message,
        "the rate is too high: lower `base_lr` by a factor of 3 to 10, or begin with `warmup`",
    )


def stuck(curves: Curves) -> Diagnostic | None:
    """The training loss does not move at all, or no more, near where it began."""
    loss = curves.loss.finite
    if len(loss) < FEWEST or rising(curves):
        return None
    half = Curve(loss.its[len(loss) // 2 :], loss.values[len(loss) // 2 :])
    is_still = _is_stuck(half) and _end(loss) > 0.9 * loss.values[0]
    if not (_is_stuck(loss) or is_still or _hardly_moves(loss)):
        return None
    level = fmean(half.values)
    return _finding(
        "PN687",
        f"the training loss stays at {level:.4g}{_chance(level)}",
        "check whether anything learns (`protonet explain SOLVER`), whether the fillers are all "
        "constant (`protonet stats NET`), and whether the net can memorise a few samples "
        "(`protonet train --overfit 20`); then try `base_lr` by factors of 10, up and down",
    )


def _hardly_moves(loss: Curve) -> bool:
    """Tell whether a loss never gets far below where it began, and does not creep down either."""
    begin = _begin(loss)
    is_near = min(_smooth(loss.values)) > 0.9 * begin and _end(loss) > 0.95 * begin
    return is_near and _straightness(loss)[0] < STRAIGHT


def _chance(level: float) -> str:
    """Return how many classes a loss is chance among; of many, all losses are of about some."""
    classes = round(math.exp(level)) if level < math.log(1e5) else 0
    if classes < 2 or abs(math.log(classes) - level) >= CHANCE * level:  # noqa: PLR2004 # one class
        return ""
    about = "about " if classes > FEW_CLASSES else ""
    return f", which is chance among {about}{classes} classes"


def late(curves: Curves) -> Diagnostic | None:
    """The training loss is flat at first, and falls later: the initial weights are poor."""
    loss = curves.loss.finite
    if len(loss) < 2 * FEWEST or _is_stuck(loss):
        return None
    begin, end = _begin(loss), _end(loss)
    fallen = begin - 0.1 * (begin - end)
    flat = next((n for n, v in enumerate(_smooth(loss.values), 1) if v < fallen), 0)
    if end > 0.8 * begin or flat < max(FEWEST // 2, 0.15 * len(loss)):
        return None
    is_noise = pstdev(loss.values[:flat]) > 0.1 * (begin - end)
    if is_noise or _straightness(loss)[0] > STRAIGHT:
        return None
    return _finding(
        "PN688",
        f"the training loss stays at {begin:.4g} until iteration {loss.its[flat]}, and falls then",
        'the initial weights are poor: use `weight_filler { type: "msra" }` (or "xavier" without '
        "ReLU), add BatchNorm, or start from trained weights",
    )


def oscillating(curves: Curves) -> Diagnostic | None:
    """The training loss goes up and down by much of its value: the rate is too high."""
    loss = curves.loss.finite
    if len(loss) < 2 * FEWEST:
        return None
    half = loss.values[len(loss) // 2 :]
    jumps = [abs(b - a) for a, b in pairwise(half)]
    turns = sum(_turns(a, b, c) for a, b, c in zip(half, half[1:], half[2:], strict=False))
    level, fall = median(half), _begin(loss) - median(half)
    if median(jumps) < 0.1 * level or turns < 0.4 * len(half) or median(jumps) < abs(fall) / 4:
        return None
    return _finding(
        "PN689",
        f"the training loss jumps by {median(jumps):.3g} from one display to the next, around "
        f"{level:.4g}",
        "the rate is too high or the batch too small: lower `base_lr` by a factor of 3, or raise "
        "`iter_size`; `average_loss: 20` shows the trend",
    )


def slow(curves: Curves) -> Diagnostic | None:
    """The training loss falls along a straight line to the end: the rate is too low."""
    loss = curves.loss.finite
    if len(loss) < 2 * FEWEST or _is_stuck(loss):
        return None
    begin, end = _begin(loss), _end(loss)
    straight, share = _straightness(loss)
    if not 0.3 * begin < end < 0.97 * begin or straight < STRAIGHT or share < STILL:
        return None
    return _finding(
        "PN690",
        f"the training loss falls in a straight line, from {begin:.4g} to {end:.4g}, and has not "
        "levelled off",
        "the rate is too low: raise `base_lr` by a factor of 3 to 10; or train for longer",
    )


def overfitting(curves: Curves) -> Diagnostic | None:
    """The test gets worse while the training loss falls, or scores of the two part."""
    tests = [(name, test.finite) for name, test in curves.test.items() if test.finite]
    for name, test in tests:
        if len(test) >= FEWEST // 2 and (finding := _turned(name, test, curves.loss)):
            return finding
    for name, test in tests:
        if is_score(name) and (finding := _gap(name, test.values[-1], curves)):
            return finding
    return None


def _turned(name: str, test: Curve, loss: Curve) -> Diagnostic | None:
    best, end = (max if is_score(name) else min)(test.values), _end(test)
    at = test.its[test.values.index(best)]
    gained = abs(test.values[0] - best)
    margin = max(FADING if is_score(name) else 0.1 * best, 0.05 * gained)
    if at == test.its[0] or abs(end - best) <= margin or not _falls(loss, at):
        return None
    return _overfits(
        f"the test output `{name}` was best at iteration {at}, {best:.4g}, and has "
        f"{'fallen' if is_score(name) else 'risen'} to {end:.4g} while the training loss still "
        "falls"
    )


def _gap(name: str, test: float, curves: Curves) -> Diagnostic | None:
    train = curves.train.get(name, Curve()).finite
    if len(train) >= FEWEST and _end(train) - test > GAP * max(1.0, _end(train)):
        return _overfits(f"`{name}` is {_end(train):.4g} in training and {test:.4g} in the test")
    loss = curves.loss.finite
    if train or "acc" not in name.lower() or len(loss) < FEWEST:
        return None
    # Without an accuracy of the train net: a sample that is told wrong has at least this loss.
    level = max(0.0, fmean(loss.values[-FEWEST // 2 :]))
    least = 1 - level / math.log(2)
    if least - test <= GAP:
        return None
    return _overfits(
        f"`{name}` is {test:.4g} in the test, and at least {least:.4g} in training, where the loss "
        f"is {level:.4g}"
    )


def _overfits(message: str) -> Diagnostic:
    return _finding(
        "PN691",
        message,
        "it overfits: more data or augmentation (`mirror`, `crop_size`), a larger `weight_decay`, "
        "Dropout, fewer layers that learn (`lr_mult: 0`), or stop there: `early_stopping`, "
        "`keep_best`",
    )


def levelled(curves: Curves) -> Diagnostic | None:
    """The training loss no longer falls, at a rate that was never lowered."""
    loss = curves.loss.finite
    if len(loss) < 2 * FEWEST or _is_stuck(loss):
        return None
    tail = loss.values[-len(loss) // 3 :]
    rates = set(curves.rate.values)
    half = len(tail) // 2
    moved = abs(median(tail[:half]) - median(tail[half:]))
    if len(rates) > 1 or not rates or moved > SAME * median(tail) or median(tail) < SAME:
        return None
    before = loss.values[len(loss) // 3 : -len(loss) // 3]
    if median(tail) > 0.9 * _begin(loss) or fmean(before) > (1 + 2 * SAME) * fmean(tail):
        return None  # it has not fallen, or still does
    return _finding(
        "PN692",
        f"the training loss has stayed near {median(tail):.4g} since iteration "
        f"{loss.its[-len(tail)]}, at the same rate",
        'lower the rate: `lr_policy: "multistep"` with a `stepvalue` there and `gamma: 0.1`, or '
        '`lr_policy: "plateau"`; if it stays, the net is too small or the labels are noisy',
    )


RULES: tuple[tuple[Rule, ...], ...] = (
    (not_a_number, capped),
    (rising, stuck, oscillating, late, slow, overfitting),
    (levelled,),
)
"""Those of a row are asked if those above found nothing."""


def _begin(curve: Curve) -> float:
    return median(curve.values[: max(1, min(3, len(curve) // 10))])


def _end(curve: Curve) -> float:
    return median(curve.values[-max(1, min(5, len(curve) // 4)) :])


def _smooth(values: Sequence[float]) -> list[float]:
    """Return running medians of three."""
    return [median(values[at : at + 3]) for at in range(len(values) - 2)]


def _is_stuck(curve: Curve) -> bool:
    level, spread = abs(fmean(curve.values)), pstdev(curve.values)
    moved = abs(median(curve.values[: len(curve) // 3]) - median(curve.values[-len(curve) // 3 :]))
    return spread <= SAME * level and moved <= SAME / 2 * level


def _turns(a: float, b: float, c: float) -> bool:
    return (b - a) * (c - b) < 0


def _straightness(curve: Curve) -> tuple[float, float]:
    """Return what part of the variance a line explains, and of the fall the last third has."""
    y = _blocks(curve.values)
    straight = correlation(range(len(y)), y) ** 2 if len({*y}) > 1 else 0.0
    third = len(y) // 3
    fall = fmean(y[:third]) - fmean(y[-third:])
    late_fall = fmean(y[third : 2 * third]) - fmean(y[-third:])
    return straight, late_fall / fall if fall > 0 else 0.0


def _blocks(values: Sequence[float]) -> list[float]:
    """Return the means of equal parts, of two values at least where there are enough."""
    parts = min(BLOCKS, len(values) // 2)
    edges = [round(at * len(values) / parts) for at in range(parts + 1)]
    return [fmean(values[a:b]) for a, b in pairwise(edges)]


def _falls(loss: Curve, since: int) -> bool:
    """Tell whether the training loss is clearly lower now than it was around an iteration."""
    before = [v for i, v in zip(loss.finite.its, loss.finite.values, strict=True) if i <= since]
    return bool(before) and _end(loss.finite) < 0.9 * median(before[-5:])
