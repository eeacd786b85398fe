"""Packages that only some exports need."""

from importlib import import_module
from typing import Any

from protonet.diagnostics import Diagnostic, DiagnosticError


def onnx_package(name: str) -> Any:
    """Import a package of the extra ``onnx``; they are not typed.

    Raises:
        DiagnosticError: PN821, it is not installed.
    """
    try:
        return import_module(name)
    except ImportError:
        raise DiagnosticError(
            [
                Diagnostic(
                    "PN821",
                    f"the package `{name}` is not installed",
                    help='pip install "protonet[onnx]"',
                )
            ]
        ) from None
