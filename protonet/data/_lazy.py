"""numpy and libraries that read files, imported when first used: a check need not wait for them."""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any


class _Lazy(ModuleType):
    """A module that is imported at its first attribute."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(import_module(self.__name__), name)
        setattr(self, name, value)
        return value


if TYPE_CHECKING:
    import cv2
    import h5py  # pyright: ignore[reportMissingTypeStubs] # it has none
    import lmdb
    import numpy as np
else:
    cv2 = _Lazy("cv2")
    h5py = _Lazy("h5py")
    lmdb = _Lazy("lmdb")
    np = _Lazy("numpy")

__all__ = ["cv2", "h5py", "lmdb", "np"]
