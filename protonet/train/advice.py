"""What a solver's file says and does not do, or does and hardly means: warnings. Torch-free."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from types import MappingProxyType

from protonet.diagnostics import Diagnostic, Label, Severity
from protonet.spec.edit import joined, removal
from protonet.spec.read import SolverFile
from protonet.spec.solver import CacheMode, SolverParameter
from protonet.train.check import NO_MOMENTUM, RULES
from protonet.train.torch_classes import find

OF_POLICIES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "fixed": frozenset(),
        "step": frozenset(("gamma", "stepsize")),
        "exp": frozenset(("gamma",)),
        "inv": frozenset(("gamma", "power")),
        "multistep": frozenset(("gamma", "stepvalue")),
        "poly": frozenset(("power",)),
        "sigmoid": frozenset(("gamma", "stepsize")),
        "cosine": frozenset(),
        "onecycle": frozenset(("onecycle",)),
        "plateau": frozenset(("plateau",)),
    }
)
"""The fields that each policy reads, besides ``base_lr`` and ``max_iter``."""

OF_RULES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "SGD": frozenset(("momentum",)),
        "Nesterov": frozenset(("momentum",)),
        "AdaGrad": frozenset(("delta",)),
        "RMSProp": frozenset(("rms_decay", "delta")),
        "AdaDelta": frozenset(("momentum", "delta")),
        "Adam": frozenset(("momentum", "momentum2", "delta")),
        "AdamW": frozenset(("momentum", "momentum2", "delta")),
        "Lion": frozenset(("momentum", "momentum2")),
    }
)
"""The fields that each rule reads, besides the rate and the decay."""


def advise(file: SolverFile) -> Iterator[Diagnostic]:
    """Yield the warnings PN613, PN620 to PN623, PN656 and PN663, in the order of their codes."""
    for field, why in unread(file.message):
        yield Diagnostic(
            "PN613",
            f"`{field}` has no effect: {why}",
            _labels(file, field),
            severity=Severity.WARNING,
            fix=joined(
                [removal(file.tree, field, at) for at, _ in enumerate(file.tree.root.all(field))]
            ),
        )
    yield from doubts(file)


def doubts(file: SolverFile) -> Iterator[Diagnostic]:
    """Yield the warnings about what has an effect, but hardly the one that is meant."""
    for part in (_dead_rate, _constant_rate, _steps, _clip, _length, _other_crops):
        for found in part(file):
            yield replace(found, severity=Severity.WARNING)


def unread(s: SolverParameter) -> Iterator[tuple[str, str]]:
    """Yield each field that is set and that nothing reads, and why."""
    read = OF_POLICIES.get(s.lr_policy, _POLICY_FIELDS)
    yield from _beyond(s, _POLICY_FIELDS - read, f"the policy `{s.lr_policy}` does not read it")
    yield from _beyond(
        s, _RULE_FIELDS - _of_rule(s), f"the solver type `{s.type}` does not read it"
    )
    if not s.test_iter:
        yield from _beyond(s, _TEST_FIELDS, "there are no tests")
    if not s.weight_decay:
        yield from _beyond(s, {"regularization_type"}, "`weight_decay` is not set")
    if s.cache_frozen is CacheMode.OFF:
        yield from _beyond(s, _CACHE_FIELDS, "`cache_frozen` is OFF")
    if s.has("solver_mode") and s.solver_mode == s.SolverMode.CPU:
        yield from _beyond(s, {"device_id"}, "`solver_mode` is CPU")


_POLICY_FIELDS = frozenset(field for fields in OF_POLICIES.values() for field in fields)
_RULE_FIELDS = frozenset(field for fields in OF_RULES.values() for field in fields) | {
    "optimizer_arg"
}
_CACHE_FIELDS = frozenset(("cache_variants", "cache_dir", "cache_limit"))
_TEST_FIELDS = frozenset(("test_interval", "test_initialization", "test_compute_loss"))


def _beyond(s: SolverParameter, fields: AbstractSet[str], why: str) -> Iterator[tuple[str, str]]:
    """Yield those of some fields that are set."""
    yield from (
        (field, why) for field in SolverParameter.slots() if field in fields and s.has(field)
    )


def _of_rule(s: SolverParameter) -> AbstractSet[str]:
    if s.type in NO_MOMENTUM:
        return OF_RULES[s.type] | {"momentum"}  # that is an error
    if s.type in OF_RULES:
        return OF_RULES[s.type]
    found = find(s.type, RULES)
    return {"optimizer_arg", *found.arguments} if found else _RULE_FIELDS


def _dead_rate(file: SolverFile) -> Iterator[Diagnostic]:
    """Look for a rate that is 0: Caffe trains on with it, and does not say so."""
    s = file.message
    firsts = {"step": s.stepsize, "exp": 1, "multistep": min(s.stepvalue, default=s.max_iter)}
    first = firsts.get(s.lr_policy, s.max_iter)
    if not s.base_lr:
        message, field, hint = "the rate is always 0: `base_lr` is not set", "base_lr", ""
    elif not s.gamma and first < s.max_iter and not s.min_lr:
        message = f"from iteration {first} on the rate is 0: `gamma` is not set"
        field, hint = "gamma", "`gamma: 0.1` divides it by ten"
    else:
        return
    yield Diagnostic("PN620", message, _labels(file, field), help=hint)


def _constant_rate(file: SolverFile) -> Iterator[Diagnostic]:
    s = file.message
    needs = {"inv": ("gamma", "power"), "poly": ("power",), "sigmoid": ("gamma",)}
    missing = [field for field in needs.get(s.lr_policy, ()) if not getattr(s, field)]
    if s.lr_policy == "multistep" and not s.stepvalue:
        missing = ["stepvalue"]
    if missing:
        said = " and ".join(f"`{field}`" for field in missing)
        verb = "is" if len(missing) == 1 else "are"
        message = f"the rate never changes: {said} {verb} not set"
        yield Diagnostic("PN621", message, _labels(file, missing[0]))


def _steps(file: SolverFile) -> Iterator[Diagnostic]:
    """Look for steps of the rate that come late or never."""
    s = file.message
    if s.lr_policy == "step" and s.stepsize >= s.max_iter > 0:
        message = f"`stepsize: {s.stepsize}` is never reached: `max_iter` is {s.max_iter}"
        yield Diagnostic("PN622", message, _labels(file, "stepsize"))
    if s.lr_policy != "multistep":
        return
    taken = -1
    for at, value in enumerate(s.stepvalue):
        labels, late = _labels(file, "stepvalue", at), taken >= value
        taken = max(taken + 1, value)
        if taken >= s.max_iter > 0:
            message = f"`stepvalue: {value}` is never reached: `max_iter` is {s.max_iter}"
            yield Diagnostic("PN622", message, labels)
        elif late:
            message = f"`stepvalue: {value}` is not after the one before it"
            hint = f"the step is taken at iteration {taken}; write them in rising order"
            yield Diagnostic("PN622", message, labels, help=hint)


def _clip(file: SolverFile) -> Iterator[Diagnostic]:
    s = file.message
    limit, size = s.clip_gradients, s.iter_size
    if limit > 0 and size > 1:
        yield Diagnostic(
            "PN623",
            f"`clip_gradients: {limit:g}` limits the sum over {size} batches (`iter_size`): "
            f"their mean is limited to {limit / size:g}",
            _labels(file, "clip_gradients"),
            help=f"to limit the mean to {limit:g}, write `clip_gradients: {limit * size:g}`",
        )


def _length(file: SolverFile) -> Iterator[Diagnostic]:
    s = file.message
    if not s.has("max_iter") and not s.max_epoch:
        message = "the training ends before its first iteration: `max_iter` is not set"
        hint = "say `max_iter`, or `max_epoch`, or both"
        yield Diagnostic("PN656", message, _labels(file, "lr_policy"), help=hint)


def _other_crops(file: SolverFile) -> Iterator[Diagnostic]:
    s = file.message
    if s.cache_frozen is CacheMode.DISK and s.cache_variants and s.random_seed < 0:
        yield Diagnostic(
            "PN663",
            "no other run finds the features of `cache_variants` on disk: each draws crops of its "
            "own",
            _labels(file, "cache_variants"),
            help="set `random_seed` (`--seed 1`), which decides what the variants are",
        )


def _labels(file: SolverFile, *path: str | int) -> tuple[Label, ...]:
    """Return the place of a field, or what stands for one that is not set."""
    said = path if file.message.has(str(path[0])) else ("lr_policy",)
    return (Label(file.tree.place(*said)),)
