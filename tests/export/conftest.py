"""What the tests of this folder share."""

from collections.abc import Generator
from copy import copy
from functools import cache
from importlib import import_module
from typing import Any

import pytest


@pytest.fixture(scope="session", autouse=True)
def _one_table_of_operators() -> Generator[None]:
    """Let torch's exporter make its table of operators once, not anew for every small net."""
    table: Any = import_module("torch.onnx._internal.exporter._registration").ONNXRegistry
    made = cache(table.from_torchlib)

    def copied(**opset: int) -> Any:
        found = copy(made(**opset))
        found.functions = {name: [*forms] for name, forms in found.functions.items()}
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "from_torchlib", staticmethod(copied))
        yield
