"""What a solver computes, as text with its own numbers. Torch-free."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from protonet.spec.solver import OneCycleParameter, SolverParameter, WarmupParameter
from protonet.train.check import RULES
from protonet.train.torch_classes import PREFIX, find

Lines: TypeAlias = Callable[[SolverParameter], tuple[str, ...]]


def gradient(s: SolverParameter) -> Iterator[str]:
    """Yield how the gradient ``g`` of a blob ``w`` comes about."""
    size = s.iter_size
    yield f"g = sum of dL/dw over {size} batches" if size > 1 else "g = dL/dw"
    if s.clip_gradients >= 0:
        yield f"g = g * min(1, {s.clip_gradients:g} / n), n the L2 norm of all gradients together"
    if size > 1:
        yield f"g = g / {size}"
    if s.clip_value >= 0:
        yield f"g = g, each element cut to -{s.clip_value:g} .. {s.clip_value:g}"
    if s.weight_decay and not _decays(s):
        w = "w" if s.regularization_type == "L2" else "sign(w)"
        yield f"g = g + {s.weight_decay:g} * decay_mult * {w}"


def _decays(s: SolverParameter) -> bool:
    """Tell whether the rule takes the decay in on its own."""
    found = find(s.type, RULES)
    if found:
        return "weight_decay" in found.arguments and s.regularization_type == "L2"
    return s.type in {"AdamW", "Lion"}


def _sgd(s: SolverParameter) -> tuple[str, ...]:
    return f"v = {s.momentum:g} * v + r * g", "w = w - v"


def _nesterov(s: SolverParameter) -> tuple[str, ...]:
    m = f"{s.momentum:g}"
    return f"v' = {m} * v + r * g", f"w = w - (1 + {m}) * v' + {m} * v"


def _adagrad(s: SolverParameter) -> tuple[str, ...]:
    return "h = h + g^2", f"w = w - r * g / (sqrt(h) + {s.delta:g})"


def _rmsprop(s: SolverParameter) -> tuple[str, ...]:
    return _mean("h", s.rms_decay, "g^2"), f"w = w - r * g / (sqrt(h) + {s.delta:g})"


def _adadelta(s: SolverParameter) -> tuple[str, ...]:
    m, d = s.momentum, f"{s.delta:g}"
    root = f"v = g * sqrt((k + {d}) / (h + {d}))"
    return _mean("h", m, "g^2"), root, _mean("k", m, "v^2"), "w = w - r * v"


def _adam(s: SolverParameter) -> tuple[str, ...]:
    a, b, d = s.momentum, s.momentum2, f"{s.delta:g}"
    correction = f"sqrt(1 - {b:g}^t) / (1 - {a:g}^t)"
    return (
        _mean("m", a, "g"),
        _mean("v", b, "g^2"),
        f"w = w - r * {correction} * m / (sqrt(v) + {d}), t = it + 1",
    )


def _adamw(s: SolverParameter) -> tuple[str, ...]:
    a, b, d = _momentum(s), s.momentum2, f"{s.delta:g}"
    step = f"m / (1 - {a:g}^t) / (sqrt(v / (1 - {b:g}^t)) + {d})"
    return (
        _mean("m", a, "g"),
        _mean("v", b, "g^2"),
        f"w = w - r * ({step}{_decay(s)}), t = it + 1",
    )


def _lion(s: SolverParameter) -> tuple[str, ...]:
    a, b = _momentum(s), s.momentum2 if s.has("momentum2") else 0.99
    return (
        f"u = sign({a:g} * m + {_rest(a)} * g)",
        f"w = w - r * (u{_decay(s)})",
        _mean("m", b, "g"),
    )


def _mean(name: str, weight: float, value: str) -> str:
    return f"{name} = {weight:g} * {name} + {_rest(weight)} * {value}"


def _rest(weight: float) -> str:
    """Return ``1 - weight`` as a person writes it: 0.001 for that of the 32-bit float 0.999."""
    return f"{1 - float(f'{weight:g}'):g}"


def _momentum(s: SolverParameter) -> float:
    return s.momentum if s.has("momentum") else 0.9


def _decay(s: SolverParameter) -> str:
    return f" + {s.weight_decay:g} * decay_mult * w" if s.weight_decay else ""


_RULES: Mapping[str, Lines] = MappingProxyType(
    {
        "SGD": _sgd,
        "Nesterov": _nesterov,
        "AdaGrad": _adagrad,
        "RMSProp": _rmsprop,
        "AdaDelta": _adadelta,
        "Adam": _adam,
        "AdamW": _adamw,
        "Lion": _lion,
    }
)


def update(s: SolverParameter) -> Iterator[str]:
    """Yield what an iteration does to a blob, with ``r = rate * lr_mult``."""
    if s.type in _RULES:
        yield from _RULES[s.type](s)
        return
    found = find(s.type, RULES)
    assert found  # the solver's file has been checked
    arguments = ["lr=r"]
    if _decays(s):
        arguments.append(f"weight_decay={s.weight_decay:g} * decay_mult")
    if "momentum" in found.arguments and s.has("momentum"):
        arguments.append(f"momentum={s.momentum:g}")
    yield f"w = a step of torch.optim.{found.name}({', '.join([*arguments, *s.optimizer_arg])})"


_INSIDE = (
    "keeps the rate out of v. Both are equal while the rate stays;",
    "after a drop, torch's past steps shrink at once, these go on at the rate they had.",
)
_SAME = "computes the same."
_TORCH: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "SGD": ("torch.optim.SGD", *_INSIDE),
        "Nesterov": ("torch.optim.SGD(nesterov=True)", *_INSIDE),
        "AdaGrad": ("torch.optim.Adagrad", _SAME),
        "RMSProp": ("torch.optim.RMSprop", _SAME),
        "AdaDelta": ("torch.optim.Adadelta", _SAME),
        "Adam": (
            "torch.optim.Adam",
            "adds delta after the correction of v: its eps would be delta / sqrt(1 - momentum2^t).",
            "Its betas are (0.9, 0.999); here momentum is 0 unless it is set.",
        ),
        "AdamW": ("torch.optim.AdamW", "computes the same; its decay is 0.01 unless it is set."),
        "Lion": ("torch.optim", "has no Lion."),
    }
)


def against_torch(s: SolverParameter) -> Iterator[str]:
    """Yield how torch's optimizer of that name differs."""
    if s.type in _TORCH:
        name, *rest = _TORCH[s.type]
        yield f"{name} {rest[0]}"
        yield from rest[1:]
    else:
        yield f"torch.optim.{s.type.removeprefix(PREFIX)} is what computes it."


def rate(s: SolverParameter) -> Iterator[str]:
    """Yield the formula of the rate."""
    b, g = f"{s.base_lr:g}", f"{s.gamma:g}"
    formulas: dict[str, Callable[[], str]] = {
        "fixed": lambda: b,
        "step": lambda: f"{b} * {g} ^ floor(it / {s.stepsize})",
        "exp": lambda: f"{b} * {g} ^ it",
        "inv": lambda: f"{b} * (1 + {g} * it) ^ -{s.power:g}",
        "multistep": lambda: f"{b} * {g} ^ (how many of {_listed(s.stepvalue)} are reached)",
        "poly": lambda: f"{b} * (1 - it / {s.max_iter}) ^ {s.power:g}",
        "sigmoid": lambda: f"{b} / (1 + exp(-{g} * (it - {s.stepsize})))",
        "cosine": lambda: _cosine(s),
        "onecycle": lambda: _onecycle(s),
        "plateau": lambda: _plateau(s),
    }
    yield f"rate = {formulas[s.lr_policy]()}"
    if s.has("min_lr"):
        yield f"and never below {s.min_lr:g}"
    if (w := s.warmup) is not None:
        first = w.factor if w.start_lr is None else w.start_lr / (s.base_lr or 1)
        steady = w.policy == WarmupParameter.Policy.CONSTANT
        how = f"{first:g}" if steady else f"a number that grows from {first:g} to 1"
        yield f"before iteration {w.iterations} times {how}"


def _listed(values: tuple[int, ...]) -> str:
    return ", ".join(map(str, values)) or "none"


def _cosine(s: SolverParameter) -> str:
    least = f"{s.min_lr:g} + " if s.min_lr else ""
    return f"{least}{s.base_lr - s.min_lr:g} * (1 + cos(pi * it / {s.max_iter})) / 2"


def _onecycle(s: SolverParameter) -> str:
    p = s.onecycle or OneCycleParameter()
    first = s.base_lr / p.div_factor
    top = max(0, round(p.pct_start * s.max_iter) - 1)
    return (
        f"from {first:g} up to {s.base_lr:g} at iteration {top}, "
        f"down to {first / p.final_div_factor:g} at {s.max_iter - 1}"
    )


def _plateau(s: SolverParameter) -> str:
    assert s.plateau
    p = s.plateau
    return (
        f"{s.base_lr:g} * {p.factor:g} ^ (how often {p.patience + 1} tests in a row "
        f"had no better `{p.monitor}`)"
    )
