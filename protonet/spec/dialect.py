"""Layer types that mean different things in different forks of Caffe: which one a net means.

A layer type says which fields each fork has for it (``Layer.dialects``). A net was written for one
fork, so all its layers of a type are of one dialect: the one that was asked for, or one that has
all of their fields.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from protonet.diagnostics import Diagnostic, DiagnosticError, Label, Severity, did_you_mean
from protonet.layers import LAYERS
from protonet.layers._dialect import possible_dialects
from protonet.spec.read import NetFile


def names() -> tuple[str, ...]:
    """Return the dialects that there are, sorted."""
    return tuple(sorted({name for layer in LAYERS.values() for name in layer.dialects}))


@dataclass
class Preference:
    """The fork that nets are taken to be written for where nobody says."""

    dialect: str | None = None


PREFERENCE = Preference()
"""Set by ``--dialect``."""


def resolve(file: NetFile, dialect: str | None = None) -> tuple[NetFile, tuple[Diagnostic, ...]]:
    """Decide what each layer type of a net means.

    Args:
        file: The net.
        dialect: The fork that it was written for, if that is known, else that of `PREFERENCE`; a
            type that this fork does not have is decided by its fields.

    Returns:
        The net with its ``dialects``, and a warning PN220 for each of them that was not asked for.

    Raises:
        DiagnosticError: PN221, there is no such dialect. PN222, no dialect has all fields of a
            type's layers, or the one that was asked for has not.
    """
    dialect = dialect or PREFERENCE.dialect
    if dialect is not None and dialect not in names():
        hint = did_you_mean(dialect, names()) or f"dialects are {', '.join(names())}"
        raise DiagnosticError([Diagnostic("PN221", f"unknown dialect `{dialect}`", help=hint)])
    taken: dict[str, str] = {}
    notes: list[Diagnostic] = []
    problems: list[Diagnostic] = []
    for kind, uses in _uses(file).items():
        choices = _common(kind, uses)
        asked = dialect if dialect in LAYERS[kind].dialects else None
        if not choices or (asked and asked not in choices):
            problems.append(_refusal(file, kind, uses, asked))
            continue
        taken[kind] = asked or choices[0]
        if not asked:
            notes.append(_note(file, kind, uses[0], choices))
    if problems:
        raise DiagnosticError(problems)
    return replace(file, dialects=taken), tuple(notes)


@dataclass(frozen=True, slots=True)
class _Use:
    """One layer: which of the file's it is, and the dialects that have all of its fields."""

    index: int
    possible: tuple[str, ...]


def _uses(file: NetFile) -> dict[str, list[_Use]]:
    """Return the layers of types with dialects; one that is of none is refused by itself."""
    uses: defaultdict[str, list[_Use]] = defaultdict(list)
    for index, said in enumerate(file.message.layer):
        kind = LAYERS.get(said.type)
        if kind is not None and kind.dialects:
            possible = possible_dialects(said.layer(kind))
            if possible:
                uses[said.type].append(_Use(index, possible))
    return uses


def _common(kind: str, uses: list[_Use]) -> list[str]:
    return [name for name in LAYERS[kind].dialects if all(name in use.possible for use in uses)]


def _note(file: NetFile, kind: str, use: _Use, choices: list[str]) -> Diagnostic:
    taken, *others = choices
    why = "nothing in the file says which fork" if others else "its fields are of that fork"
    return Diagnostic(
        "PN220",
        f"`{kind}` is read as `{taken}` means it: {why}",
        (_label(file, use),),
        f"`--dialect {others[0]}` reads it differently" if others else "",
        Severity.WARNING,
    )


def _refusal(file: NetFile, kind: str, uses: list[_Use], asked: str | None) -> Diagnostic:
    if asked:
        message = f"`{kind}` has fields that `{asked}` does not have"
        odd = next(use for use in uses if asked not in use.possible)
        return Diagnostic("PN222", message, (_label(file, odd),), _of(odd))
    labels = tuple(_label(file, use, _of(use)) for use in _apart(kind, uses))
    return Diagnostic(
        "PN222",
        f"layers of type `{kind}` have fields of different forks",
        labels,
        "a net belongs to one fork: rewrite the layers that come from another",
    )


def _apart(kind: str, uses: list[_Use]) -> Iterator[_Use]:
    """Yield the first layer, and the first with which no dialect is left."""
    yield uses[0]
    yield next(use for at, use in enumerate(uses) if not _common(kind, uses[: at + 1]))


def _of(use: _Use) -> str:
    return f"this is {' or '.join(f'`{name}`' for name in use.possible)}"


def _label(file: NetFile, use: _Use, text: str = "") -> Label:
    return Label(file.tree.place("layer", use.index, "type"), text)
