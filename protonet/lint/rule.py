"""What a rule is, and where rules are found."""

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Generic, NamedTuple, TypeVar

from protonet.diagnostics import Diagnostic, Fix, Label, Severity
from protonet.source import Span

T = TypeVar("T")


class Finding(NamedTuple):
    """What a rule found; see `Diagnostic`.

    A rule reports an error only where the run would end with one.
    """

    message: str
    span: Span
    help: str = ""
    fix: Fix | None = None
    severity: Severity = Severity.WARNING
    more: tuple[Label, ...] = ()
    """Further places that show it."""


Check = Callable[[T], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule(Generic[T]):
    """A trap: its code, and the function that finds it."""

    code: str
    check: Check[T]

    @property
    def name(self) -> str:
        """What it is called: ``zero-weights``."""
        return self.check.__name__.replace("_", "-")

    @property
    def summary(self) -> str:
        """The first line of its documentation."""
        return (self.check.__doc__ or "").partition("\n")[0]


class Selection(NamedTuple):
    """Which codes are asked for, by how they begin: ``PN7``; all, if nothing is selected."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def wants(self, code: str) -> bool:
        """Tell whether problems of that code are told."""
        return (not self.select or code.startswith(self.select)) and not code.startswith(
            self.ignore
        )


EVERYTHING = Selection()


class Scope(Generic[T]):
    """The rules that look at one kind of thing.

    Args:
        folder: The one below ``lint/`` that holds their files.
    """

    def __init__(self, folder: str) -> None:
        self._package = f"protonet.lint.{folder}"
        self._found: list[Rule[T]] = []

    def rule(self, code: str) -> Callable[[Check[T]], Check[T]]:
        """Return the decorator that makes a function a rule."""

        def add(check: Check[T]) -> Check[T]:
            self._found.append(Rule(code, check))
            return check

        return add

    @cached_property
    def rules(self) -> tuple[Rule[T], ...]:
        """All rules, by their code."""
        package = import_module(self._package)
        for module in pkgutil.iter_modules(package.__path__, f"{self._package}."):
            import_module(module.name)
        return tuple(sorted(self._found, key=lambda rule: rule.code))

    def check(self, subject: T, selection: Selection = EVERYTHING) -> Iterator[Diagnostic]:
        """Yield what the rules find."""
        for rule in self.rules:
            if selection.wants(rule.code):
                for found in rule.check(subject):
                    labels = (Label(found.span), *found.more)
                    yield Diagnostic(
                        rule.code,
                        found.message,
                        labels,
                        found.help,
                        found.severity,
                        fix=found.fix,
                    )
