"""Layer types by name; a layer's file is imported when its type or message is asked for."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from protonet.message.base import Slot
from protonet.message.reader import reader

if TYPE_CHECKING:
    from protonet.layers.base import Layer

L = TypeVar("L", bound="type[Layer]")

SHARED = MappingProxyType({"loss_param": "SoftmaxWithLoss", "transform_param": "Data"})
"""Messages that several layers read, and one of these layers."""


class Registry(Mapping[str, "type[Layer]"]):
    """Layer types by their prototxt ``type``, sorted.

    There are about a hundred, a net uses ten, and importing a file takes a millisecond or two. A
    file is found by its name, ``InnerProduct`` and ``inner_product_param`` in ``inner_product.py``;
    a name that no file has, and whatever asks for all, imports all.
    """

    def __init__(self) -> None:
        self._types: dict[str, type[Layer]] = {}
        self._messages: dict[str, Slot] = {}
        self._files: dict[str, str] = {}

    @property
    def messages(self) -> Mapping[str, Slot]:
        """The ``*_param`` fields of LayerParameter that the layers declare, by name."""
        return _Messages(self._message, self._all_messages)

    def add_files(self, modules: Iterable[str]) -> None:
        """Name modules that register layers when they are imported."""
        self._files |= {_folded(module.rpartition(".")[2]): module for module in modules}

    def register(self, layer: L) -> L:
        """Add a layer class; its name is the ``type``.

        Raises:
            ValueError: There is another layer of that name, or another message of a field's name.
        """
        known = self._types.get(layer.__name__)
        if known is not None and known.__module__ != layer.__module__:
            raise ValueError(f"layer type `{layer.__name__}` is registered twice")
        for name, slot in layer.slots().items():
            other = self._messages.get(name, slot)
            if _identity(other) != _identity(slot):
                raise ValueError(f"layer type `{layer.__name__}` declares another `{name}`")
        if known is not None:  # a cell of a notebook that is run again
            reader.cache_clear()
        self._messages |= layer.slots()
        self._types[layer.__name__] = layer
        return layer

    def __getitem__(self, name: str) -> "type[Layer]":
        if name not in self._types:
            self._import(name)
        if name not in self._types:
            self._import_all()
        return self._types[name]

    def spelled(self, name: str) -> str | None:
        """Return the type that V1's enum would spell like that: `PReLU` for ``PRELU``."""
        self._import(name)
        if self._alike(name) is None:  # it may be one of several of a file
            self._import_all()
        return self._alike(name)

    def _alike(self, name: str) -> str | None:
        return next((one for one in self._types if _folded(one) == _folded(name)), None)

    def __iter__(self) -> Iterator[str]:
        self._import_all()
        return iter(sorted(self._types))

    def __len__(self) -> int:
        self._import_all()
        return len(self._types)

    def _message(self, name: str) -> Slot:
        if name not in self._messages:
            self._import(SHARED.get(name, name.removesuffix("_param")))
        if name not in self._messages:
            self._import_all()
        return self._messages[name]

    def _all_messages(self) -> Mapping[str, Slot]:
        self._import_all()
        return self._messages

    def _import(self, name: str) -> None:
        module = self._files.pop(_folded(name), None)
        if module is not None:
            import_module(module)

    def _import_all(self) -> None:
        while self._files:
            import_module(self._files.popitem()[1])


class _Messages(Mapping[str, Slot]):
    """Looks a message up without importing the others."""

    def __init__(self, one: Callable[[str], Slot], every: Callable[[], Mapping[str, Slot]]) -> None:
        self._one = one
        self._every = every

    def __getitem__(self, name: str) -> Slot:
        return self._one(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._every())

    def __len__(self) -> int:
        return len(self._every())


def _folded(name: str) -> str:
    """Return what ``InnerProduct`` and ``inner_product`` have in common."""
    return name.replace("_", "").lower()


def _identity(slot: Slot) -> tuple[int, str, str]:
    return slot.number, slot.type.__module__, slot.type.__qualname__
