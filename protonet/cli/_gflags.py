"""Command lines as Caffe's tools take them (gflags): ``-flag value``, ``--flag=value``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import click

from protonet.diagnostics import did_you_mean

_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


@dataclass(frozen=True, slots=True)
class Given:
    """What stands on a command line.

    Attributes:
        flags: Values by flag; of a flag without one, ``"true"`` or ``"false"``.
        words: The others.
    """

    flags: dict[str, str] = field(default_factory=dict[str, str])
    words: list[str] = field(default_factory=list[str])

    def on(self, flag: str) -> bool:
        """Tell whether a flag without a value is set."""
        return self.flags.get(flag) == "true"

    def number(self, flag: str) -> int:
        """Return a flag's whole number; 0 if it is not given."""
        value = self.flags.get(flag, "0")
        try:
            return int(value)
        except ValueError:
            raise click.UsageError(f"-{flag} takes a whole number, not {value!r}") from None

    def option(self, flag: str, ours: str) -> list[str]:
        """Return a flag's value as an option of ours; nothing if it is not given."""
        value = self.flags.get(flag, "")
        return [ours, value] if value else []


def parse(args: Sequence[str], flags: Mapping[str, bool], hint: str) -> Given:
    """Read a command line.

    Args:
        args: Its words.
        flags: What is known, and whether it takes a value.
        hint: Added to what is said of an unknown flag.

    Raises:
        UsageError: A flag is unknown, or lacks its value.
    """
    given = Given()
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word == "--":
            given.words.extend(rest)
            break
        if not word.startswith("-") or word == "-":
            given.words.append(word)
            continue
        name, equals, value = word.lstrip("-").partition("=")
        name = name.replace("-", "_")
        if name.startswith("no") and flags.get(name.removeprefix("no")) is False:
            given.flags[name.removeprefix("no")] = "false"
        elif name not in flags:
            raise click.UsageError(_unknown(name, flags, hint))
        elif not flags[name]:
            given.flags[name] = _claim(name, value) if equals else "true"
        elif equals or rest:
            given.flags[name] = value if equals else rest.pop(0)
        else:
            raise click.UsageError(f"-{name} takes a value")
    return given


def _claim(name: str, value: str) -> str:
    if value.lower() in _TRUE:
        return "true"
    if value.lower() in _FALSE:
        return "false"
    raise click.UsageError(f"-{name} is either true or false, not {value!r}")


def _unknown(name: str, flags: Mapping[str, bool], hint: str) -> str:
    near = did_you_mean(name, flags).replace("`", "")
    known = f"it has {', '.join(f'-{flag}' for flag in flags)}" if flags else "it has none"
    return f"there is no flag -{name}; {near or known}\n{hint}"
