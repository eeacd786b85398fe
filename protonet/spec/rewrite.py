"""Spellings of forks to today's: `hole: 2` of DeepLab is `dilation: 2`.

A rule says what it does to the fields of one message. Only what means the same is rewritten; a
field that only chose an implementation is left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import chain

from protonet.diagnostics import Diagnostic, Label, Severity
from protonet.source import Source
from protonet.spec.change import Change, in_blocks, place, values
from protonet.spec.upgrade import upgrade_net, upgrade_solver
from protonet.syntax.parse import parse
from protonet.syntax.splice import splice
from protonet.syntax.tree import Block, Field, Tree, Word

Rule = Callable[[Block, list[Change]], tuple[Field, ...]]

SPELLING = "PN226"
NO_EFFECT = "PN227"


def modernized(source: Source, *, solver: bool = False) -> tuple[str, tuple[Change, ...]]:
    """Return the text of a net or solver in today's form, and what was done to it.

    Comments, blank lines and what needs no change stay as they are. Doing it again changes nothing.

    Raises:
        DiagnosticError: It is no prototxt, or a generation that cannot be upgraded.
    """
    tree = parse(source)
    new, changes = modern_solver(tree) if solver else modern_net(tree)
    return splice(tree, new), changes


def modern_net(tree: Tree) -> tuple[Tree, tuple[Change, ...]]:
    """Return a net in today's form and BVLC's spelling, and what was done to it.

    Raises:
        DiagnosticError: What `upgrade_net` raises.
    """
    upgraded, changes = upgrade_net(tree)
    rewritten, more = rewrite(upgraded)
    return rewritten, (*changes, *more)


def modern_solver(tree: Tree) -> tuple[Tree, tuple[Change, ...]]:
    """Return a solver in today's form, the nets in it too, and what was done to it.

    Raises:
        DiagnosticError: What `upgrade_solver` raises.
    """
    upgraded, changes = upgrade_solver(tree)
    rewritten, more = rewrite(upgraded)
    return rewritten, (*changes, *more)


def rewrite(tree: Tree) -> tuple[Tree, tuple[Change, ...]]:
    """Return a net or solver with the spellings of forks replaced by today's, and what was done."""
    found: list[Change] = []
    if not any(map(tree.source.text.__contains__, _NAMES)):  # as in most: it is to be quick
        return tree, ()
    root = _block("", tree.root, found)
    return (replace(tree, root=root) if found else tree), tuple(found)


def notes(tree: Tree) -> tuple[Diagnostic, ...]:
    """Return a warning, PN226 or PN227, for each spelling of a fork in a net or solver."""
    return tuple(
        Diagnostic(
            change.code,
            change.what,
            (Label(place(tree, change.at)),),
            "`protonet convert` rewrites it" if change.code == SPELLING else "remove it",
            Severity.WARNING,
        )
        for change in rewrite(tree)[1]
    )


def _block(name: str, block: Block, found: list[Change]) -> Block:
    before, fields = len(found), block.fields
    if not _NAMES.isdisjoint([one.name for one in fields]):
        rule = _RULES.get(name)
        fields = _without(name, rule(block, found) if rule else fields, found)
    fields = tuple(
        _field(one, found) if isinstance(one.value, tuple) else one for one in fields
    )  # a block is a tuple, too
    return block._replace(fields=fields) if len(found) > before else block


def _field(one: Field, found: list[Change]) -> Field:
    before = len(found)
    value = in_blocks(one.value, lambda block: _block(one.name, block, found))
    return one._replace(value=value) if len(found) > before else one


def _without(name: str, fields: tuple[Field, ...], found: list[Change]) -> tuple[Field, ...]:
    """Leave out what only chose how a fork computes."""
    known = _CHOICES.get(name, {})
    kept: list[Field] = []
    for one in fields:
        fork = known.get(one.name) or (_INTEL if _is_intel_engine(one) else "")
        if fork:
            what = f"`{one.name}` of the {fork} fork chooses an implementation: it has no effect"
            found.append(Change(what, one.at, code=NO_EFFECT))
        else:
            kept.append(one)
    return tuple(kept)


def _is_intel_engine(one: Field) -> bool:
    return one.name == "engine" and isinstance(one.value, str) and one.value.startswith("MKL")


def _hole(block: Block, found: list[Change]) -> tuple[Field, ...]:
    """DeepLab's `hole`, `hole_h` and `hole_w` are `dilation`."""
    given = [one for one in block.fields if one.name in _HOLES]
    holes = {one.name: one for one in given}
    if len(holes) < max(1, len(given)) or {"hole"} < holes.keys() or any(block.all("dilation")):
        return block.fields
    numbers = [value for value, _ in values(block, "hole")]
    numbers = numbers or [holes[n].value if n in holes else 1 for n in ("hole_h", "hole_w")]
    if any(type(number) is not int for number in numbers):
        return block.fields
    first, numbers = given[0], numbers if len(set(numbers)) > 1 else numbers[:1]
    now = " ".join(f"dilation: {number}" for number in numbers)
    names = " and ".join(f"`{name}`" for name in holes)
    found.append(_respelled(names, "DeepLab", now, first.at, several=len(holes) > 1))
    new = tuple(Field("dilation", number, first.at) for number in numbers)
    return _replaced(block, first, new, _HOLES)


def _rounding(block: Block, found: list[Change]) -> tuple[Field, ...]:
    """`ceil_mode` and NVIDIA's `torch_pooling` are `round_mode`."""
    given = [one for one in block.fields if one.name in _ROUNDINGS]
    if len(given) != 1 or given[0].value not in _BOOLS or any(block.all("round_mode")):
        return block.fields
    (one,) = given
    fork, rounds_up = _ROUNDINGS[one.name]
    mode = Word("CEIL" if _BOOLS[one.value] is rounds_up else "FLOOR")
    found.append(_respelled(f"`{one.name}`", fork, f"round_mode: {mode}", one.at))
    return _replaced(block, one, (Field("round_mode", mode, one.at),), frozenset({one.name}))


def _scale_train(block: Block, found: list[Change]) -> tuple[Field, ...]:
    """`scale_train: true` of R-FCN is what Dropout always does."""
    one = next(block.all("scale_train"), None)
    if one is None or not _BOOLS.get(one.value, False):
        return block.fields
    what = "`scale_train: true` of the R-FCN fork is what Dropout always does"
    found.append(Change(what, one.at, code=NO_EFFECT))
    return _replaced(block, one, (), frozenset({"scale_train"}))


def _warmup(block: Block, found: list[Change]) -> tuple[Field, ...]:
    """Intel's `warmup_iter` and `warmup_start_lr` are `warmup`: a rate that grows evenly."""
    given = {one.name: one for one in block.fields if one.name in _WARMUP}
    if len(given) < len(_WARMUP) or any(block.all("warmup")):
        return block.fields
    first = min(given.values(), key=lambda one: one.at)
    inner = tuple(Field(_WARMUP[name], one.value, one.at) for name, one in given.items())
    now = " ".join(f"{one.name}: {one.value}" for one in inner)
    names = " and ".join(f"`{name}`" for name in given)
    found.append(_respelled(names, "Intel", f"warmup {{ {now} }}", first.at, several=True))
    new = Field("warmup", Block(inner, first.at, first.at), first.at)
    return _replaced(block, first, (new,), frozenset(_WARMUP))


def _respelled(names: str, fork: str, now: str, at: int, *, several: bool = False) -> Change:
    verb = "belong" if several else "belongs"
    what = f"{names} {verb} to the {fork} fork; the current spelling is `{now}`"
    return Change(what, at, code=SPELLING)


def _replaced(
    block: Block, place: Field, new: tuple[Field, ...], gone: frozenset[str]
) -> tuple[Field, ...]:
    """Return the fields of a block with others in the place of one, and some gone."""
    fields: list[Field] = []
    for one in block.fields:
        if one is place:
            fields += new
        elif one.name not in gone:
            fields.append(one)
    return tuple(fields)


_HOLES = frozenset({"hole", "hole_h", "hole_w"})
_WARMUP = {"warmup_iter": "iterations", "warmup_start_lr": "start_lr"}
_ROUNDINGS = {"ceil_mode": ("PytorchToCaffe", True), "torch_pooling": ("NVIDIA", False)}
"""How each is called, and whether `true` rounds up."""

_BOOLS: Mapping[object, bool] = {
    **dict.fromkeys((Word("true"), Word("True"), Word("t"), 1), True),
    **dict.fromkeys((Word("false"), Word("False"), Word("f"), 0), False),
}

_RULES: Mapping[str, Rule] = {
    "": _warmup,
    "convolution_param": _hole,
    "pooling_param": _rounding,
    "dropout_param": _scale_train,
}
"""What may be spelled otherwise, by the name of the message."""

_INTEL, _NVIDIA = "Intel", "NVIDIA"
_CHOICES: Mapping[str, Mapping[str, str]] = {
    "": {
        "engine": _INTEL,
        "compile_net_state": _INTEL,
        "mem_param": "yjxiong",
        "default_forward_type": _NVIDIA,
        "default_backward_type": _NVIDIA,
        "default_forward_math": _NVIDIA,
        "default_backward_math": _NVIDIA,
        "solver_data_type": _NVIDIA,
        "store_blobs_in_old_format": _NVIDIA,
    },
    "layer": {
        "engine": _INTEL,
        "forward_type": _NVIDIA,
        "backward_type": _NVIDIA,
        "forward_math": _NVIDIA,
        "backward_math": _NVIDIA,
        "debug": _NVIDIA,
        "cudnn_math_override": _NVIDIA,
    },
    "batch_norm_param": {"engine": _INTEL},
    "concat_param": {"engine": _INTEL},
    "eltwise_param": {"engine": _INTEL},
    "inner_product_param": {"engine": _INTEL},
    "convolution_param": {
        "conv_algos_override": _NVIDIA,
        "cudnn_convolution_algo_seeker": _NVIDIA,
    },
    "dropout_param": {"engine": _NVIDIA},
    "data_param": {"threads": _NVIDIA, "parser_threads": _NVIDIA, "cache": _NVIDIA},
    "image_data_param": {"threads": _NVIDIA},
}
"""Fields that choose how a fork computes, by the name of the message, and whose they are."""

_NAMES = {*_HOLES, *_ROUNDINGS, *_WARMUP, "scale_train", *chain(*_CHOICES.values())}
"""All of them; `engine` and `debug` are BVLC's, too."""
