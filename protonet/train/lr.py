"""Learning-rate policies, each a pure function of the solver, the iteration and the step count.

Caffe: ``sgd_solver.cpp``, GetLearningRate. Powers and exponentials are those of C: no
exception, but ``inf`` and ``nan``. Beyond Caffe: ``cosine``, ``onecycle``, ``plateau``, and over
any policy ``min_lr`` and ``warmup``.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from protonet.message.base import float32
from protonet.spec.solver import OneCycleParameter, SolverParameter, WarmupParameter

Policy: TypeAlias = Callable[[SolverParameter, int, int], float]


def fixed(s: SolverParameter, _it: int, _current_step: int) -> float:
    """``base_lr``"""
    return s.base_lr


def step(s: SolverParameter, _it: int, current_step: int) -> float:
    """``base_lr * gamma ^ floor(it / stepsize)``"""
    return s.base_lr * power(s.gamma, current_step)


def exp(s: SolverParameter, it: int, _current_step: int) -> float:
    """``base_lr * gamma ^ it``"""
    return s.base_lr * power(s.gamma, it)


def inv(s: SolverParameter, it: int, _current_step: int) -> float:
    """``base_lr * (1 + gamma * it) ^ -power``"""
    return s.base_lr * power(1 + s.gamma * it, -s.power)


def multistep(s: SolverParameter, _it: int, current_step: int) -> float:
    """``base_lr * gamma ^ current_step``, which counts the values of ``stepvalue`` passed"""
    return s.base_lr * power(s.gamma, current_step)


def poly(s: SolverParameter, it: int, _current_step: int) -> float:
    """``base_lr * (1 - it / max_iter) ^ power``; past ``max_iter`` it may be no number"""
    return s.base_lr * power(1 - it / s.max_iter, s.power)


def sigmoid(s: SolverParameter, it: int, _current_step: int) -> float:
    """``base_lr / (1 + e ^ (-gamma * (it - stepsize)))``, which rises towards ``base_lr``"""
    return s.base_lr / (1 + power(math.e, -s.gamma * (it - s.stepsize)))


def cosine(s: SolverParameter, it: int, _current_step: int) -> float:
    """``min_lr + (base_lr - min_lr) * (1 + cos(pi * it / max_iter)) / 2``; arXiv:1608.03983"""
    return _between(s.base_lr, s.min_lr, it / s.max_iter)


def onecycle(s: SolverParameter, it: int, _current_step: int) -> float:
    """``base_lr / div_factor`` up to ``base_lr``, then down to the first over ``final_div_factor``

    As ``torch.optim.lr_scheduler.OneCycleLR``, but for the momentum, which stays.
    """
    p = s.onecycle or OneCycleParameter()
    first = s.base_lr / p.div_factor
    top, last = p.pct_start * s.max_iter - 1, s.max_iter - 1
    if it <= top:
        return _between(first, s.base_lr, it / top) if top else s.base_lr
    return _between(s.base_lr, first / p.final_div_factor, (it - top) / (last - top))


def plateau(s: SolverParameter, _it: int, current_step: int) -> float:
    """``base_lr * factor ^ current_step``, which counts the drops so far (``train/watch.py``)"""
    assert s.plateau is not None
    return s.base_lr * power(s.plateau.factor, current_step)


def _between(start: float, end: float, part: float) -> float:
    """Return a rate on half a cosine from ``start`` to ``end``, which it keeps."""
    return end + (start - end) * (1 + math.cos(math.pi * min(part, 1))) / 2


POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        f.__name__: f
        for f in (fixed, step, exp, inv, multistep, poly, sigmoid, cosine, onecycle, plateau)
    }
)


def rate(s: SolverParameter, it: int, current_step: int) -> float:
    """Return the rate of an iteration, a 32-bit float as in Caffe."""
    value = POLICIES[s.lr_policy](s, it, current_step)
    if s.has("min_lr") and value < s.min_lr:
        value = s.min_lr
    return float32(value * warmth(s, it))


def warmth(s: SolverParameter, it: int) -> float:
    """Return what the policy's rate is multiplied by: 1, but during the warm-up."""
    w = s.warmup
    if w is None or it >= w.iterations or not s.base_lr:
        return 1.0
    first = w.factor if w.start_lr is None else w.start_lr / s.base_lr
    if w.policy == WarmupParameter.Policy.CONSTANT:
        return first
    return first + (1 - first) * it / w.iterations


def advance(s: SolverParameter, it: int, current_step: int) -> int:
    """Return ``current_step`` as it is in iteration ``it``.

    ``multistep`` counts up, by one an iteration at most: of two equal ``stepvalue`` the second is
    taken one iteration later, and a resumed run goes on from the count that its snapshot holds.
    """
    match s.lr_policy:
        case "step":
            return it // s.stepsize
        case "multistep" if current_step < len(s.stepvalue) and it >= s.stepvalue[current_step]:
            return current_step + 1
        case _:
            return current_step


def power(base: float, exponent: float) -> float:
    """Return ``base ^ exponent`` as C's ``pow`` does, but for the sign of a zero."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan if base else math.inf
