"""What a user's own Python layer sees: pycaffe's ``Layer``, blobs and blob list, over numpy arrays.

    class Double(caffe.Layer):
        def setup(self, bottom, top): ...
        def reshape(self, bottom, top): top[0].reshape(*bottom[0].shape)
        def forward(self, bottom, top): top[0].data[...] = 2 * bottom[0].data
        def backward(self, top, propagate_down, bottom): bottom[0].diff[...] = 2 * top[0].diff

Its module is found on ``PYTHONPATH`` and runs as code, so only when the user asked for it. Where
there is no pycaffe, ``import caffe`` in it gives a module that holds what stands here.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Shape = tuple[int, ...]


@dataclass
class Permission:
    """Whether users' code may run."""

    granted: bool = False


PERMISSION = Permission()
"""Granted by ``--allow-python-layers``."""


class NotAllowedError(Exception):
    """Users' code may not run."""


class NotFoundError(Exception):
    """There is no such module, or no such class in it."""


class Blob:
    """A blob: ``data`` and ``diff`` are arrays of one shape."""

    def __init__(self, shape: Shape = ()) -> None:
        self.data: Array = np.zeros(shape, np.float32)
        self.diff: Array = np.zeros(shape, np.float32)

    def reshape(self, *shape: int) -> None:
        """Give it another shape; all values are 0 then."""
        if shape != self.data.shape:
            self.data = np.zeros(shape, self.data.dtype)
            self.diff = np.zeros(shape, self.data.dtype)

    def assign(self, data: Array) -> None:
        """Look at other values; all diffs are 0 then."""
        self.data, self.diff = data, np.zeros(data.shape, data.dtype)

    @property
    def shape(self) -> Shape:
        """Extents of all axes."""
        return self.data.shape

    @property
    def count(self) -> int:
        """How many values."""
        return self.data.size

    @property
    def num(self) -> int:
        """Extent of axis 0."""
        return self._extent(0)

    @property
    def channels(self) -> int:
        """Extent of axis 1."""
        return self._extent(1)

    @property
    def height(self) -> int:
        """Extent of axis 2."""
        return self._extent(2)

    @property
    def width(self) -> int:
        """Extent of axis 3."""
        return self._extent(3)

    def _extent(self, axis: int) -> int:
        return self.data.shape[axis] if axis < self.data.ndim else 1


class BlobList(list[Blob]):
    """The blobs that a layer learns."""

    def add_blob(self, *shape: int) -> None:
        """Add one, all 0."""
        self.append(Blob(shape))


class Layer:
    """What users' layers derive from as ``caffe.Layer``."""

    param_str: str = ""
    phase: int = 1
    """0 for TRAIN, 1 for TEST."""
    blobs: BlobList

    def setup(self, bottom: Sequence[Blob], top: Sequence[Blob]) -> None:
        """Read ``param_str``, check the bottoms, add blobs; called once."""

    def reshape(self, bottom: Sequence[Blob], top: Sequence[Blob]) -> None:
        """Give the tops their shapes; called before each forward."""

    def forward(self, bottom: Sequence[Blob], top: Sequence[Blob]) -> None:
        """Write ``data`` of the tops."""
        raise NotImplementedError

    def backward(
        self, top: Sequence[Blob], propagate_down: Sequence[bool], bottom: Sequence[Blob]
    ) -> None:
        """Write ``diff`` of the bottoms and add to ``diff`` of the blobs."""


@dataclass(frozen=True, slots=True)
class UserCode:
    """Which class of which module, and the text it gets."""

    module: str
    layer: str
    param_str: str = ""

    def start(self, bottoms: Iterable[Shape], tops: int) -> "Running":
        """Make a layer and let it set itself up for these bottoms.

        Raises:
            NotAllowedError: It may not run.
            NotFoundError: There is no such class.
        """
        layer = self._class()()
        layer.param_str, layer.blobs = self.param_str, BlobList()
        running = Running(layer, [Blob(shape) for shape in bottoms], [Blob() for _ in range(tops)])
        layer.setup(running.bottom, running.top)
        layer.reshape(running.bottom, running.top)
        return running

    def _class(self) -> type[Layer]:
        if not PERMISSION.granted:
            raise NotAllowedError(
                f"class `{self.layer}` of module `{self.module}` is code that may not run"
            )
        if "caffe" not in sys.modules and find_spec("caffe") is None:
            sys.modules["caffe"] = _pycaffe()
        try:
            module = import_module(self.module)
        except ImportError as error:
            raise NotFoundError(f"cannot import module `{self.module}`: {error}") from error
        if self.layer not in vars(module):
            raise NotFoundError(f"module `{self.module}` has no class `{self.layer}`")
        found: type[Layer] = vars(module)[self.layer]
        return found


@dataclass(frozen=True, slots=True)
class Running:
    """A user's layer with its blobs."""

    layer: Layer
    bottom: list[Blob]
    top: list[Blob]


def _pycaffe() -> ModuleType:
    module = ModuleType("caffe", "What a Python layer needs of pycaffe.")
    vars(module).update(Layer=Layer, TRAIN=0, TEST=1)
    return module
