"""What a user's own Python layer sees: pycaffe's ``Layer``, blobs and blob list, over numpy arrays.

    class Double(caffe.Layer):
        def setup(self, bottom, top): ...
        def reshape(self, bottom, top): top[0].reshape(*bottom[0].shape)
        def forward(self, bottom, top): top[0].data[...] = 2 * bottom[0].data
        def backward(self, top, propagate_down, bottom): bottom[0].diff[...] = 2 * top[0].diff

Its module is found on ``PYTHONPATH`` and runs as code, so only when the user asked for it. Where
there is no pycaffe, ``import caffe`` in it gives a module that holds what stands here.
"""

import importlib
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import NamedTuple

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


class UserCodeError(ValueError):
    """A user's code raised something."""

    def __init__(self, what: str, error: Exception) -> None:
        super().__init__(f"{what}: {_told(error)}")


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
    param_str_: str = ""
    """The same, as it was called until 2015."""
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
class Running:
    """A user's layer with its blobs.

    Attributes:
        name: Its class.
        layer: It.
        bottom: Its bottoms.
        top: Its tops.
    """

    name: str
    layer: Layer
    bottom: list[Blob]
    top: list[Blob]

    @contextmanager
    def calling(self, method: str) -> Generator[None]:
        """Say of what the user's code raises where it does.

        Raises:
            UserCodeError: It raised something.
        """
        try:
            yield
        except Exception as error:
            raise UserCodeError(f"`{method}` of class `{self.name}`", error) from error


class Started(NamedTuple):
    """What is known of a layer that has set itself up.

    Attributes:
        running: It.
        tops: The shapes of its tops.
        blobs: What it has filled its blobs with.
    """

    running: Running
    tops: tuple[Shape, ...]
    blobs: tuple[Array, ...]


class UserCode:
    """Which class of which module, the text it gets, and what came of it.

    A user's `setup` may read lists or start processes, so it is called once for each net, as in
    Caffe: the layer that was asked for its shapes is the one that runs.
    """

    def __init__(self, module: str, layer: str, param_str: str = "", phase: int = 1) -> None:
        self.module = module
        self.layer = layer
        self.param_str = param_str
        self.phase = phase
        self._started: dict[tuple[tuple[Shape, ...], int], Started] = {}
        self._taken: set[tuple[tuple[Shape, ...], int]] = set()

    def start(self, bottoms: Iterable[Shape], tops: int) -> Started:
        """Return a layer that has set itself up for these bottoms, the same every time.

        Raises:
            NotAllowedError: It may not run.
            NotFoundError: There is no such class.
            UserCodeError: It raised something.
        """
        key = tuple(bottoms), tops
        if key not in self._started:
            self._started[key] = self._start(*key)
        return self._started[key]

    def take(self, bottoms: Iterable[Shape], tops: int) -> Started:
        """Return a layer that nobody else runs: that of `start`, for the first who asks.

        Raises:
            As `start`.
        """
        key = tuple(bottoms), tops
        if key in self._taken:
            return self._start(*key)
        started = self.start(*key)
        self._taken.add(key)
        return started

    def _start(self, bottoms: tuple[Shape, ...], tops: int) -> Started:
        layer = self._class()()
        layer.param_str = layer.param_str_ = self.param_str
        layer.phase, layer.blobs = self.phase, BlobList()
        blobs = [Blob(shape) for shape in bottoms], [Blob() for _ in range(tops)]
        running = Running(self.layer, layer, *blobs)
        with running.calling("setup"):
            layer.setup(running.bottom, running.top)
        with running.calling("reshape"):
            layer.reshape(running.bottom, running.top)
        return Started(
            running,
            tuple(top.shape for top in running.top),
            tuple(blob.data for blob in layer.blobs),
        )

    def _class(self) -> type[Layer]:
        if not PERMISSION.granted:
            raise NotAllowedError(
                f"class `{self.layer}` of module `{self.module}` is code that may not run"
            )
        if "caffe" not in sys.modules and find_spec("caffe") is None:
            sys.modules["caffe"] = _pycaffe()
        try:
            module = importlib.import_module(self.module)
        except Exception as error:
            raise NotFoundError(f"cannot import module `{self.module}`: {_told(error)}") from error
        if self.layer not in vars(module):
            raise NotFoundError(f"module `{self.module}` has no class `{self.layer}`")
        found: type[Layer] = vars(module)[self.layer]
        return found


def _told(error: Exception) -> str:
    """Return what was raised, and the line of the user's file that it came through first."""
    kind = "" if isinstance(error, ImportError) else f"{type(error).__name__}: "
    told = f"{kind}{error}" if str(error) else type(error).__name__
    ours = (str(Path(__file__).parent), str(Path(importlib.__file__).parent), "<frozen importlib")
    for frame in extract_tb(error.__traceback__):
        if not frame.filename.startswith(ours):
            return f"{told} ({Path(frame.filename).name}:{frame.lineno})"
    return told


def _pycaffe() -> ModuleType:
    module = ModuleType("caffe", "What a Python layer needs of pycaffe.")
    vars(module).update(Layer=Layer, TRAIN=0, TEST=1)
    return module
