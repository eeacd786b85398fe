"""Layers of a user's own: a file, a module, or installed packages that register some.

    load("my_layers.py")      a file, run as a module of a name of its own
    load("my_package.layers") a module that Python finds
    load_installed()          what packages offer as entry points of the group ``protonet.layers``

Each registers its layers with ``@protonet.layer``.
"""

import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from itertools import accumulate
from pathlib import Path
from traceback import extract_tb

from protonet import files
from protonet.diagnostics import Diagnostic, DiagnosticError, Label
from protonet.layers.base import LAYERS
from protonet.source import Source, Span

GROUP = "protonet.layers"
"""Entry points of this group are imported where a net has something unknown."""
FAULTS = (ImportError, SyntaxError, NameError, AttributeError, TypeError, ValueError)
"""What a plugin that is wrong raises; anything else is shown with its traceback."""


def load(name: str) -> tuple[str, ...]:
    """Register the layers of a file or a module, once.

    Args:
        name: A file that ends in ``.py``, or a module.

    Returns:
        The types that were registered.

    Raises:
        DiagnosticError: PN021, the file is not there; PN223, it cannot be loaded; PN224, it
            registers no layer.
    """
    return _loaded(name, (files.find(name) or Path(name)).resolve())


@cache
def _loaded(name: str, path: Path) -> tuple[str, ...]:
    """Load a plugin; the same name is another file in another folder."""
    source = files.read(name) if name.endswith(".py") else None
    types = _registered(name, source, lambda: _run(path) if source else import_module(name))
    if not types:
        message = f"plugin `{name}` registers no layer"
        hint = "write `@protonet.layer` above each class that is one"
        raise DiagnosticError([Diagnostic("PN224", message, help=hint)])
    return types


@cache
def load_installed() -> tuple[str, ...]:
    """Register the layers of installed packages, once.

    Returns:
        The types that were registered.

    Raises:
        DiagnosticError: PN223, one cannot be loaded.
    """
    from importlib.metadata import entry_points  # noqa: PLC0415 # takes a tenth of a second

    found = (_registered(f"{e.name} = {e.value}", None, e.load) for e in entry_points(group=GROUP))
    return tuple(kind for types in found for kind in types)


def _registered(name: str, source: Source | None, run: Callable[[], object]) -> tuple[str, ...]:
    before = dict(LAYERS)
    try:
        run()
    except FAULTS as error:
        raise DiagnosticError([_failure(name, source, error)]) from error
    return tuple(kind for kind, layer in LAYERS.items() if before.get(kind) is not layer)


def _run(path: Path) -> None:
    name = f"plugin {path}".replace(".", "_")  # a dot would make it part of a package
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module_from_spec(spec)  # where pydantic looks for a class's names
    spec.loader.exec_module(sys.modules[name])


def _failure(name: str, source: Source | None, error: BaseException) -> Diagnostic:
    missing = isinstance(error, ModuleNotFoundError)
    return Diagnostic(
        "PN223",
        f"plugin `{name}` cannot be loaded: {type(error).__name__}: {error}",
        tuple(_labels(source, error)) if source else (),
        "a file ends in `.py`; a module is searched for on PYTHONPATH" if missing else "",
    )


def _labels(source: Source, error: BaseException) -> Iterator[Label]:
    """Yield the line of the file that raised."""
    assert source.path is not None
    path = source.path.resolve()
    if isinstance(error, SyntaxError):
        lines = [error.lineno] if error.filename == str(path) else []
    else:
        frames = extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if Path(frame.filename) == path]
    if lines and lines[-1]:
        yield Label(_line(source, lines[-1]))


def _line(source: Source, number: int) -> Span:
    starts = [0, *accumulate(map(len, source.text.splitlines(keepends=True)))]
    text = source.line(number)
    indent = len(text) - len(text.lstrip())
    return Span(source, starts[number - 1] + indent, starts[number - 1] + len(text))
