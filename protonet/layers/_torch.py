"""torch for layer files: imported when a layer is built, not when its file is read."""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn
    from torch.nn import functional as F  # noqa: N812 # torch's own name for it

    from protonet import ops


class _Lazy(ModuleType):
    """A module that is imported at its first attribute."""

    def __getattr__(self, name: str) -> Any:
        module = import_module(self.__name__)
        try:
            return getattr(module, name)
        except AttributeError:
            return import_module(f"{self.__name__}.{name}")


if not TYPE_CHECKING:
    nn = _Lazy("torch.nn")
    F = _Lazy("torch.nn.functional")
    ops = _Lazy("protonet.ops")

__all__ = ["F", "nn", "ops"]
