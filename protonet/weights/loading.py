"""How weights are brought into a net that is not quite that of the file: rules, as data.

    Loading            all that a user asked for
      Adapt            what to do where a layer has other classes than the file

Nothing here imports torch or numpy: the command line reads its options with it.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from protonet import files
from protonet.diagnostics import Diagnostic, DiagnosticError, Label, did_you_mean
from protonet.source import Source, Span
from protonet.spec.override import matches


class Adapt(StrEnum):
    """What to do where a layer has other classes (rows of its blobs) than the file.

    FIRST takes the first ones of a file that has more. PAD fills the first ones of a net that has
    more; the others keep what they hold, of a fresh net the filler's values.
    """

    FIRST = "first"
    PAD = "pad"


@dataclass(frozen=True, slots=True)
class Loading:
    """What a user asked for. Layers of the net are given by patterns, as ``fc*``.

    Attributes:
        strict: Refuse blobs of the net that no file has, and layers of a file that the net has not.
        by_order: Match layers by their order and shapes instead of their names.
        adapt: What to do with layers of other classes, by pattern; the first that fits counts.
        rename: Layers of a file and what they are called in the net.
        reinit: Patterns of layers that are left alone, whatever the files hold.
    """

    strict: bool = False
    by_order: bool = False
    adapt: Mapping[str, Adapt] = field(default_factory=dict[str, Adapt])
    rename: Mapping[str, str] = field(default_factory=dict[str, str])
    reinit: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        *,
        strict: bool = False,
        by_order: bool = False,
        adapt: Mapping[str, str] | None = None,
        rename: Mapping[str, str] | None = None,
        reinit: str | Iterable[str] = (),
    ) -> "Loading":
        """Make one of plain values.

        Raises:
            DiagnosticError: PN411, an adapting rule is unknown, or two layers get one name.
        """
        rules = {pattern: _adapt(pattern, rule) for pattern, rule in (adapt or {}).items()}
        names = dict(rename or {})
        goals = list(names.values())
        twice = sorted({goal for goal in goals if goals.count(goal) > 1})
        if twice:
            raise DiagnosticError([_bad(f"two layers are renamed to `{goal}`") for goal in twice])
        patterns = (reinit,) if isinstance(reinit, str) else tuple(reinit)
        return cls(strict, by_order, rules, names, patterns)

    def adapts(self, layer: str) -> Adapt | None:
        """Return the rule for a layer of the net, if there is one."""
        return next((rule for pattern, rule in self.adapt.items() if matches(layer, pattern)), None)

    def leaves(self, layer: str) -> bool:
        """Tell whether a layer of the net is left alone."""
        return any(matches(layer, pattern) for pattern in self.reinit)


def loading_of(
    *,
    adapt: Sequence[str],
    rename: Sequence[str],
    reinit: Sequence[str],
    strict: bool,
    by_order: bool,
) -> Loading:
    """Read the options of the command line.

    Args:
        adapt: As ``fc8=first``.
        rename: As ``old=new``, or files of such lines.
        reinit: Patterns of layers.
        strict: As `Loading`.
        by_order: As `Loading`.

    Raises:
        DiagnosticError: PN021, a file of names cannot be read; PN411, a rule cannot be understood.
    """
    rules = dict(_split(text, "`layer=first` or `layer=pad`") for text in adapt)
    names = [pair for text in rename for pair in _renames(text)]
    twice = [old for at, (old, _) in enumerate(names) if old in dict(names[:at])]
    if twice:
        raise DiagnosticError([_bad(f"`{old}` is renamed twice") for old in twice])
    return Loading.of(
        strict=strict, by_order=by_order, adapt=rules, rename=dict(names), reinit=reinit
    )


def _adapt(pattern: str, rule: str) -> Adapt:
    if rule in list(Adapt):
        return Adapt(rule)
    hint = did_you_mean(rule, list(Adapt)) or "the rules are `first` and `pad`"
    raise DiagnosticError([_bad(f"`{rule}` is not a rule to adapt `{pattern}`", hint)])


def _renames(text: str) -> Iterator[tuple[str, str]]:
    is_file = "=" not in text or os.path.exists(text)  # noqa: PTH110 # unlike Path.exists it never raises
    if is_file:
        yield from _lines(files.read(text))
    else:
        yield _split(text, "`old=new`, or a file of such lines")


def _lines(source: Source) -> Iterator[tuple[str, str]]:
    """Yield the pairs of a file: a line each; what follows a ``#`` is a comment."""
    at = 0
    for line in source.text.splitlines(keepends=True):
        said = line.partition("#")[0].strip()
        if said:
            start = at + line.index(said)
            yield _split(said, "`old=new`", (Label(Span(source, start, start + len(said))),))
        at += len(line)


def _split(text: str, form: str, labels: tuple[Label, ...] = ()) -> tuple[str, str]:
    left, _, right = (part.strip() for part in text.partition("="))
    if not left or not right:
        raise DiagnosticError(
            [_bad(f"`{text}` is not a rule for weights", f"write {form}", labels)]
        )
    return left, right


def _bad(message: str, hint: str = "", labels: tuple[Label, ...] = ()) -> Diagnostic:
    return Diagnostic("PN411", message, labels, help=hint)


def check_rules(
    loading: Loading, layers: Iterable[str], stored: Iterable[str]
) -> Iterator[Diagnostic]:
    """Yield PN412 for each rule that is about nothing, most likely a misspelt name.

    Args:
        loading: The rules.
        layers: The net's layers that have blobs.
        stored: The files' layers.
    """
    layers, stored = list(layers), list(stored)
    for pattern in (*loading.adapt, *loading.reinit):
        if not any(matches(layer, pattern) for layer in layers):
            yield _about_nothing(f"{_NONE} `{pattern}`", pattern, layers)
    for old, new in loading.rename.items():
        if old not in stored:
            yield _about_nothing(f"the files have no layer called `{old}`", old, stored)
        if new not in layers:
            yield _about_nothing(f"{_NONE} `{new}`", new, layers)


def check_no_rules(loading: Loading) -> None:
    """Hold against rules that there are no weights.

    Raises:
        DiagnosticError: PN412, there are some.
    """
    if loading != Loading():
        message = "there are rules for weights, and no weights to start from"
        raise DiagnosticError([_nothing(message, "give `--weights`, or `weights` in the solver")])


def _about_nothing(message: str, name: str, known: Sequence[str]) -> Diagnostic:
    return _nothing(message, did_you_mean(name, known) or _listed(known))


def _nothing(message: str, hint: str) -> Diagnostic:
    return Diagnostic("PN412", message, help=hint)


_NONE = "the net has no layer with weights called"
_MOST_LISTED = 12


def _listed(known: Sequence[str]) -> str:
    names = [f"`{name}`" for name in known[:_MOST_LISTED]]
    more = ["..."] if len(known) > _MOST_LISTED else []
    return f"the layers are {', '.join([*names, *more])}" if names else ""
