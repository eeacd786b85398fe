"""What of a solver file cannot be trained with: all of it, before anything is built. Torch-free."""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from math import isfinite

from protonet.diagnostics import Diagnostic, Label, did_you_mean
from protonet.graph.infer import Shapes
from protonet.graph.ir import Graph
from protonet.shape import count
from protonet.spec.read import SolverFile
from protonet.train.lr import POLICIES
from protonet.train.sources import TRAIN_FIELDS
from protonet.train.torch_classes import (
    OF_FIELDS,
    PREFIX,
    REFUSED,
    TorchClass,
    argument,
    find,
    names,
)

RULES = ("SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam", "AdamW", "Lion")
"""Those of ``train/optimizer.py``, which imports torch: checking a file must not wait for it."""

NO_MOMENTUM = ("AdaGrad", "RMSProp")
"""Rules that refuse a momentum."""
ABOVE_0, AT_LEAST_0 = "above 0", "at least 0"

MOMENTS = ("Adam", "AdamW", "Lion")
"""Rules whose momentums are the weights of means."""


def check(file: SolverFile) -> Iterator[Diagnostic]:
    """Yield the problems PN601 to PN607, PN625 and PN626."""
    parts = (_policy, _policy_numbers, _rule, _rule_numbers, _train_net, _test_nets, _numbers)
    for part in (*parts, _arguments, _ranges):
        yield from part(file)


def output_counts(graph: Graph, shapes: Shapes) -> dict[str, int]:
    """Return how many elements each output of a net has."""
    return {value.blob: count(shapes.values[value]) for value in graph.outputs}


def unmonitored(file: SolverFile, outputs: Sequence[Mapping[str, int]]) -> Iterator[Diagnostic]:
    """Yield PN627 for each ``monitor`` that is no number of a test net.

    Args:
        file: The solver.
        outputs: How many elements each output has, for each test net.
    """
    known = [name for net in outputs for name, count in net.items() if count == 1]
    for field in ("plateau", "early_stopping", "keep_best"):
        message = getattr(file.message, field)
        unread = field == "plateau" and file.message.lr_policy != field
        if message is None or message.monitor in known or unread:
            continue
        hint = did_you_mean(message.monitor, known) or f"they output {', '.join(known)}"
        yield Diagnostic(
            "PN627",
            f"`{field}` monitors `{message.monitor}`, which is not a number that a test net outputs"
            if known
            else f"`{field}` monitors the tests, and there are none",
            _labels(file, field, "monitor"),
            help=hint if known else "add `test_iter` and `test_interval`",
        )


def _labels(file: SolverFile, *path: str | int) -> tuple[Label, ...]:
    return (Label(file.tree.place(*path)),)


def _policy(file: SolverFile) -> Iterator[Diagnostic]:
    policy = file.message.lr_policy
    if policy in POLICIES:
        return
    known = f"the policies are {', '.join(POLICIES)}"
    message = f"unknown learning-rate policy `{policy}`" if policy else "`lr_policy` is not set"
    hint = did_you_mean(policy, POLICIES) if policy else ""
    yield Diagnostic("PN601", message, _labels(file, "lr_policy"), help=hint or known)


def _policy_numbers(file: SolverFile) -> Iterator[Diagnostic]:
    s = file.message
    wrong: list[tuple[str, str]] = []
    if s.lr_policy in {"step", "sigmoid"} and s.stepsize <= 0:
        wrong.append(("stepsize", f"a `stepsize` above 0; it is {s.stepsize}"))
    if s.lr_policy in {"step", "exp", "inv", "multistep", "sigmoid"} and not s.gamma >= 0:
        wrong.append(("gamma", f"a `gamma` of at least 0; it is {s.gamma:g}"))
    endless = s.max_iter <= 0 and (s.has("max_iter") or not s.max_epoch)
    if s.lr_policy in {"poly", "cosine", "onecycle"} and endless:
        wrong.append(("max_iter", f"a `max_iter` above 0; it is {s.max_iter}"))
    if s.lr_policy == "plateau" and s.plateau is None:
        wrong.append(("lr_policy", "a `plateau { monitor: ... }`"))
    for field, needs in wrong:
        yield Diagnostic("PN602", f"the policy `{s.lr_policy}` needs {needs}", _labels(file, field))


def _rule(file: SolverFile) -> Iterator[Diagnostic]:
    s = file.message
    if s.type not in RULES and find(s.type, RULES) is None:
        reason = REFUSED.get(s.type.removeprefix(PREFIX))
        message = f"solver type `{s.type}` cannot be used: {reason}"
        yield Diagnostic(
            "PN603",
            message if reason else f"unknown solver type `{s.type}`",
            _labels(file, "type"),
            help="" if reason else _known_types(s.type),
        )
    if s.regularization_type not in {"L1", "L2"}:
        yield Diagnostic(
            "PN603",
            f"unknown regularization type `{s.regularization_type}`",
            _labels(file, "regularization_type"),
            help="the types are L1, L2",
        )


def _known_types(kind: str) -> str:
    of_torch = [f"{PREFIX}{name}" for name in names() if name not in REFUSED]
    plain = [name for name in names() if find(name, RULES)]
    known = f"the types are {', '.join(RULES)}, and classes of torch.optim as `torch.NAdam`"
    return did_you_mean(kind, [*of_torch, *plain, *RULES]) or known


def _arguments(file: SolverFile) -> Iterator[Diagnostic]:
    """Look at the arguments of a class of torch: those of other rules are told as unread."""
    found = find(file.message.type, RULES)
    given = file.message.optimizer_arg if found else ()
    for at, text in enumerate(given):
        assert found
        fault = _argument_fault(text, found)
        if fault:
            message, hint = fault
            yield Diagnostic("PN625", message, _labels(file, "optimizer_arg", at), help=hint)


def _argument_fault(text: str, found: TorchClass) -> tuple[str, str] | None:
    try:
        name, _ = argument(text)
    except ValueError:
        return f"`{text}` is no argument", 'write it as `optimizer_arg: "betas=(0.9, 0.99)"`'
    if name in OF_FIELDS and (name == "lr" or name in found.arguments):
        field = OF_FIELDS[name]
        return f"`{name}` is not given by `optimizer_arg`", f"write `{field}: ...`"
    if name not in found.arguments:
        known = [name for name in found.arguments if name not in OF_FIELDS]
        hint = did_you_mean(name, known) or f"its arguments are {', '.join(known)}"
        return f"`torch.optim.{found.name}` has no argument `{name}`", hint
    return None


def _rule_numbers(file: SolverFile) -> Iterator[Diagnostic]:
    s = file.message
    wrong: list[tuple[str, str]] = []
    if s.type in NO_MOMENTUM and s.momentum:
        wrong.append(("momentum", f"no `momentum`; it is {s.momentum:g}"))
    if s.type == "RMSProp" and not 0 <= s.rms_decay < 1:
        wrong.append(("rms_decay", f"an `rms_decay` in [0, 1); it is {s.rms_decay:g}"))
    if s.type in MOMENTS:
        wrong += [
            (field, f"a `{field}` in [0, 1); it is {value:g}")
            for field, value in (("momentum", s.momentum), ("momentum2", s.momentum2))
            if not 0 <= value < 1
        ]
    if s.type in {"AdamW", "Lion"} and s.regularization_type == "L1" and s.weight_decay:
        wrong.append(("regularization_type", "no L1: its decay is no part of the gradient"))
    for field, needs in wrong:
        yield Diagnostic("PN604", f"the solver type `{s.type}` takes {needs}", _labels(file, field))


def _train_net(file: SolverFile) -> Iterator[Diagnostic]:
    given = [field for field in TRAIN_FIELDS if file.message.has(field)]
    if len(given) == 1:
        return
    said = " and ".join(f"`{field}`" for field in given)
    yield Diagnostic(
        "PN605",
        f"{said} are both given" if given else "no net is given",
        tuple(label for field in given[1:] or ["net"] for label in _labels(file, field)),
        help=f"a solver has exactly one of {', '.join(f'`{field}`' for field in TRAIN_FIELDS)}",
    )


def _test_nets(file: SolverFile) -> Iterator[Diagnostic]:
    s = file.message
    given = len(s.test_net_param) + len(s.test_net)
    generic = s.has("net") or s.has("net_param")
    tests = len(s.test_iter)
    if tests < given or (tests > given and not generic):
        yield Diagnostic(
            "PN606",
            f"`test_iter` is given {_times(tests)}, and there are {given} test nets",
            _labels(file, "test_iter" if tests else "test_net"),
            help="give one `test_iter` for each test net",
        )
        return
    if s.test_state and len(s.test_state) != tests:
        yield Diagnostic(
            "PN606",
            f"`test_state` is given {_times(len(s.test_state))}, `test_iter` {_times(tests)}",
            _labels(file, "test_state"),
            help="give one `test_state` for each test net, or none",
        )
    if tests and not s.test_interval:
        yield Diagnostic(
            "PN606",
            "there are test nets, but `test_interval` is not set",
            _labels(file, "test_iter"),
            help="say how many iterations lie between two tests",
        )


def _numbers(file: SolverFile) -> Iterator[Diagnostic]:
    s = file.message
    values: list[tuple[str, int, int]] = [
        ("average_loss", s.average_loss, 1),
        ("cache_limit", s.cache_limit, 0),
        ("cache_variants", s.cache_variants, 0),
        ("display", s.display, 0),
        ("iter_size", s.iter_size, 1),
        ("keep_last", s.keep_last, 0),
        ("max_epoch", s.max_epoch, 0),
        ("max_iter", s.max_iter, 0),
        ("snapshot", s.snapshot, 0),
        ("test_interval", s.test_interval, 0),
        *(("test_iter", batches, -1) for batches in s.test_iter),
    ]
    for field, value, least in values:
        if value < least:
            message = f"`{field}` is {value}; it cannot be less than {least}"
            yield Diagnostic("PN607", message, _labels(file, field))


def _ranges(file: SolverFile) -> Iterator[Diagnostic]:
    """Hold what is beyond Caffe, and the rate, against what it can be."""
    s = file.message
    rules: list[tuple[tuple[str, ...], bool, str]] = [
        (("base_lr",), isfinite(s.base_lr), "finite"),
        (("min_lr",), 0 <= s.min_lr <= s.base_lr or not s.has("min_lr"), "in [0, `base_lr`]"),
    ]
    if (p := s.plateau) is not None:
        rules.append((("plateau", "factor"), 0 <= p.factor < 1, "in [0, 1)"))
        rules.append((("plateau", "cooldown"), p.cooldown >= 0, AT_LEAST_0))
    for field, trend in (("plateau", s.plateau), ("early_stopping", s.early_stopping)):
        if trend is not None:
            rules.append(((field, "patience"), trend.patience >= 0, AT_LEAST_0))
            rules.append(((field, "min_delta"), trend.min_delta >= 0, AT_LEAST_0))
    if (w := s.warmup) is not None:
        rules.append((("warmup", "iterations"), w.iterations > 0, ABOVE_0))
        rules.append((("warmup", "factor"), w.factor >= 0, AT_LEAST_0))
        rules.append((("warmup", "start_lr"), (w.start_lr or 0) >= 0, AT_LEAST_0))
    if (c := s.onecycle) is not None:
        rules.append((("onecycle", "pct_start"), 0 <= c.pct_start < 1, "in [0, 1)"))
        rules.append((("onecycle", "div_factor"), c.div_factor > 0, ABOVE_0))
        rules.append((("onecycle", "final_div_factor"), c.final_div_factor > 0, ABOVE_0))
    for path, holds, needs in rules:
        if not holds:
            value = reduce(getattr, path, s)
            message = f"`{'.'.join(path)}` is {value:g}; it has to be {needs}"
            yield Diagnostic("PN626", message, _labels(file, *path))


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
