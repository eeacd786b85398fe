"""The optimizers of torch, and their arguments, read off torch's source: torch is not imported."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

PREFIX = "torch."

REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "LBFGS": "it evaluates the net several times a step",
        "SparseAdam": "it takes sparse gradients only",
    }
)
"""Classes that cannot stand in for an update rule, and why."""

OF_FIELDS: Mapping[str, str] = MappingProxyType(
    {"lr": "base_lr", "weight_decay": "weight_decay", "momentum": "momentum"}
)
"""Arguments that a solver has a field for."""


@dataclass(frozen=True, slots=True)
class TorchClass:
    """A class of ``torch.optim``.

    Attributes:
        name: Its name, as ``NAdam``.
        arguments: The text of each argument's default.
    """

    name: str
    arguments: Mapping[str, str]


@cache
def names() -> Mapping[str, str]:
    """Return the module of every optimizer of torch, those that are refused too."""
    found: dict[str, str] = {}
    for statement in _parsed("__init__").body:
        match statement:
            case ast.ImportFrom(module=str(module), names=[ast.alias(name=name)]):
                if name[0].isupper() and name != "Optimizer":
                    found[name] = module.rpartition(".")[2]
            case _:
                pass
    return MappingProxyType(found)


def find(kind: str, rules: Iterable[str]) -> TorchClass | None:
    """Return the class that a solver's ``type`` names, if it names one that can be used.

    Args:
        kind: ``torch.NAdam``; or ``NAdam``, unless a rule has that name in whatever spelling.
        rules: The rules of Caffe and of this program: torch's ``RMSprop`` is not ``RMSProp``.
    """
    name = kind.removeprefix(PREFIX)
    hidden = kind == name and name.lower() in {rule.lower() for rule in rules}
    if name not in names() or name in REFUSED or hidden:
        return None
    return TorchClass(name, MappingProxyType(dict(_arguments(name))))


def argument(text: str) -> tuple[str, object]:
    """Return name and value of ``"betas=(0.9, 0.99)"``.

    Raises:
        ValueError: It is not of that form.
    """
    name, sign, value = text.partition("=")
    if not sign or not name.strip().isidentifier():
        raise ValueError(text)
    try:
        return name.strip(), ast.literal_eval(value.strip())
    except (SyntaxError, TypeError, MemoryError, RecursionError):
        raise ValueError(text) from None


def _arguments(name: str) -> Iterator[tuple[str, str]]:
    body = _parsed(names()[name]).body
    (found,) = (node for node in body if isinstance(node, ast.ClassDef) and node.name == name)
    (init,) = (
        node for node in found.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    )
    both = (*init.args.args[2:], *init.args.kwonlyargs)
    defaults = (*init.args.defaults, *init.args.kw_defaults)
    for argument, default in zip(both, defaults, strict=True):
        yield argument.arg, "" if default is None else ast.unparse(default)


def _parsed(module: str) -> ast.Module:
    spec = find_spec("torch")
    assert spec is not None
    assert spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0]) / "optim" / f"{module}.py"
    return ast.parse(path.read_text(encoding="utf-8"))
