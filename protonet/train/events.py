"""What a running solver tells: facts as data, for logs, progress bars and callbacks.

A listener is any callable that takes an event. The solver knows no screen and no file of logs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor

from protonet.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Output:
    """One element of an output blob.

    Attributes:
        blob: The blob's name; one with several elements appears several times.
        value: The element.
        weight: The blob's ``loss_weight``; 0 if it is no part of the objective.
    """

    blob: str
    value: float
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Warned:
    """Something of the user's files will not do what it seems to."""

    diagnostic: Diagnostic


@dataclass(frozen=True, slots=True)
class Finetuning:
    """Weights are about to be read from a file."""

    path: str


@dataclass(frozen=True, slots=True)
class Restoring:
    """A snapshot is about to be read."""

    path: str
    type: str
    """The solver's ``type``."""


@dataclass(frozen=True, slots=True)
class Solving:
    """``solve`` begins; with ``max_epoch``, `max_iter` is where that ends, if not earlier."""

    net: str
    lr_policy: str
    it: int
    max_iter: int
    max_epoch: int = 0


@dataclass(frozen=True, slots=True)
class Caching:
    """From now on each sample passes the frozen prefix of a net once.

    Attributes:
        net: ``"TRAIN"``, or ``"TEST #0"``.
        span: The first and the last layer of the prefix.
        blobs: What is kept of it.
        samples: How many samples there are, variants counted.
        bytes: What all of them take.
        path: The file they are in; None is memory.
        filled: How many are there already.
        variants: How many augmentations of an image are among them; 0 if images are as they are.
        joined: How many batches of an iteration the rest of the net runs as one.
    """

    net: str
    span: str
    blobs: str
    samples: int
    bytes: int
    path: str | None = None
    filled: int = 0
    variants: int = 0
    joined: int = 1


@dataclass(frozen=True, slots=True)
class Cached:
    """All samples of a net have passed its frozen prefix."""

    net: str
    samples: int


@dataclass(frozen=True, slots=True)
class Uncached:
    """A net has a frozen prefix, and its features are not kept."""

    net: str
    span: str
    why: str


@dataclass(frozen=True, slots=True)
class Testing:
    """A test net begins its batches."""

    it: int
    net: int


@dataclass(frozen=True, slots=True)
class Tested:
    """A test net has done its batches; each output is the mean over them, or over all records.

    Attributes:
        it: Iterations done so far.
        net: Which test net.
        outputs: The means.
        loss: The mean objective, with ``test_compute_loss`` only.
    """

    it: int
    net: int
    outputs: tuple[Output, ...]
    loss: float | None = None


@dataclass(frozen=True, slots=True)
class TestInterrupted:
    """A stop was asked for between two test batches; this test has no result."""

    it: int
    net: int


@dataclass(frozen=True, slots=True)
class Displayed:
    """A display is due: the loss of this iteration, before its update.

    Attributes:
        it: Iterations done so far.
        loss: The mean of the last ``average_loss`` losses.
        outputs: The outputs of the last batch.
        iterations: How many since the last display.
        seconds: How long they took.
        display: The solver's ``display``.
    """

    it: int
    loss: float
    outputs: tuple[Output, ...]
    iterations: int
    seconds: float
    display: int


@dataclass(frozen=True, slots=True)
class SteppedRate:
    """``multistep`` has advanced to its next step."""

    it: int
    step: int


@dataclass(frozen=True, slots=True)
class ReducedRate:
    """The policy ``plateau`` has multiplied the rate by ``factor``, for the ``step``-th time."""

    it: int
    step: int
    factor: float


@dataclass(frozen=True, slots=True)
class StoppedEarly:
    """``early_stopping`` ends the training: for too many tests nothing was better than ``best``."""

    it: int
    monitor: str
    best: float


@dataclass(frozen=True, slots=True)
class Magnitude:
    """A mean absolute value, which ``debug_info`` asks for.

    Attributes:
        phase: ``"Forward"``, ``"Backward"`` or ``"Update"``.
        layer: The layer's name.
        what: ``"top blob conv1"``, ``"bottom blob data"``, ``"param blob 0"`` or ``"param 0"``.
        data: Of values.
        diff: Of a gradient, or of what an update subtracts.
    """

    phase: str
    layer: str
    what: str
    data: float | None = None
    diff: float | None = None


@dataclass(frozen=True, slots=True)
class Norms:
    """The norms of all blobs that a solver holds, and of their gradients."""

    l1: tuple[float, float]
    l2: tuple[float, float]


@dataclass(frozen=True, slots=True)
class DisplayedRate:
    """The rate of the iteration that was displayed."""

    it: int
    lr: float


@dataclass(frozen=True, slots=True)
class Clipped:
    """All gradients were multiplied by ``scale``, since their joint L2 norm exceeded ``limit``."""

    norm: float
    limit: float
    scale: float


@dataclass(frozen=True, slots=True)
class Overflowed:
    """A gradient did not fit into fp16: this iteration has no update, the next a smaller scale."""

    it: int


@dataclass(frozen=True, slots=True)
class Iterated:
    """An iteration is done.

    Attributes:
        it: Iterations done, this one included.
        lr: The rate it used.
        loss: Its loss, a scalar that may still be on its way from the device.
    """

    it: int
    lr: float
    loss: Tensor


@dataclass(frozen=True, slots=True)
class Snapshotting:
    """A file of a snapshot is about to be written.

    Attributes:
        path: Its name.
        state: True for the solver's state, False for the net's weights.
        hdf5: True for HDF5, False for protobuf's binary form.
    """

    path: str
    state: bool
    hdf5: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A test was the best so far: its weights are about to be written, over those before.

    Attributes:
        it: Iterations done so far.
        monitor: The output that ``keep_best`` watches.
        value: Its mean.
        path: Where they go.
    """

    it: int
    monitor: str
    value: float
    path: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """The snapshot of iteration ``it`` was removed, as ``keep_last`` asks for."""

    it: int


@dataclass(frozen=True, slots=True)
class DisplayedLast:
    """The loss after the last update, from one more forward pass."""

    it: int
    loss: float


@dataclass(frozen=True, slots=True)
class Solved:
    """``solve`` ends; ``early`` if it was asked to stop."""

    it: int
    early: bool


Event: TypeAlias = (
    Warned
    | Finetuning
    | Restoring
    | Solving
    | Caching
    | Cached
    | Uncached
    | Testing
    | Tested
    | TestInterrupted
    | Displayed
    | SteppedRate
    | ReducedRate
    | StoppedEarly
    | Magnitude
    | Norms
    | DisplayedRate
    | Clipped
    | Overflowed
    | Iterated
    | Snapshotting
    | Kept
    | Dropped
    | DisplayedLast
    | Solved
)
Listener: TypeAlias = Callable[[Event], None]
