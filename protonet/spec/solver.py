"""What a solver file may say, and what a snapshot keeps beside the weights."""

from enum import IntEnum
from typing import Annotated

from protonet.message.base import Float, Int32, Int64, Message, Tag
from protonet.message.common import BlobProto
from protonet.spec.net import NetParameter, NetState


class CacheMode(IntEnum):
    """Where the features of a frozen prefix are kept; AUTO: where there is room, or nowhere."""

    OFF = 0
    AUTO = 1
    RAM = 2
    DISK = 3


class Mode(IntEnum):
    """Which way a monitored value gets better."""

    MIN = 0
    MAX = 1


class PlateauParameter(Message):
    """The policy ``plateau``: the rate drops when a value of the tests no longer gets better."""

    monitor: Annotated[str, Tag(1)]
    """An output of a test net; of several nets that have it, the first counts."""
    mode: Annotated[Mode, Tag(2)] = Mode.MIN
    """MIN for a loss, MAX for an accuracy."""
    patience: Annotated[Int32, Tag(3)] = 10
    """How many tests in a row may pass without a better value; the next one drops the rate."""
    factor: Annotated[Float, Tag(4)] = 0.1
    """What the rate is multiplied by."""
    min_delta: Annotated[Float, Tag(5)] = 0.0
    """A value has to be better than the best one by more than this."""
    cooldown: Annotated[Int32, Tag(6)] = 0
    """How many tests after a drop are not counted."""


class EarlyStoppingParameter(Message):
    """The training ends, with a snapshot, when a value of the tests no longer gets better."""

    monitor: Annotated[str, Tag(1)]
    """An output of a test net; of several nets that have it, the first counts."""
    mode: Annotated[Mode, Tag(2)] = Mode.MIN
    """MIN for a loss, MAX for an accuracy."""
    patience: Annotated[Int32, Tag(3)] = 10
    """How many tests in a row may pass without a better value; the next one ends the training."""
    min_delta: Annotated[Float, Tag(4)] = 0.0
    """A value has to be better than the best one by more than this."""


class KeepBestParameter(Message):
    """The weights with the best value of the tests are kept, as ``<prefix>_best.caffemodel``."""

    monitor: Annotated[str, Tag(1)]
    """An output of a test net; of several nets that have it, the first counts."""
    mode: Annotated[Mode, Tag(2)] = Mode.MIN
    """MIN for a loss, MAX for an accuracy."""


class WarmupParameter(Message):
    """A small rate at first, under any policy: the policy's rate times a number below 1."""

    class Policy(IntEnum):
        """LINEAR: the number grows evenly to 1; CONSTANT: it stays, then is 1."""

        LINEAR = 0
        CONSTANT = 1

    iterations: Annotated[Int32, Tag(1)]
    """How long; the policy counts its iterations from 0 all the same."""
    policy: Annotated[Policy, Tag(2)] = Policy.LINEAR
    factor: Annotated[Float, Tag(3)] = 0.1
    """The number at iteration 0."""
    start_lr: Annotated[Float | None, Tag(4)] = None
    """Instead of ``factor``: that number times ``base_lr``."""


class OneCycleParameter(Message):
    """The policy ``onecycle``: up to ``base_lr`` and down, on two cosines (arXiv:1708.07120)."""

    pct_start: Annotated[Float, Tag(1)] = 0.3
    """Which part of ``max_iter`` the way up takes."""
    div_factor: Annotated[Float, Tag(2)] = 25.0
    """The first rate is ``base_lr / div_factor``."""
    final_div_factor: Annotated[Float, Tag(3)] = 1e4
    """The last rate is the first one divided by this."""


class SolverParameter(Message):
    """How a net is trained: its files, the updates, the tests and the snapshots."""

    class SnapshotFormat(IntEnum):
        """The files of a snapshot."""

        HDF5 = 0
        BINARYPROTO = 1

    class SolverMode(IntEnum):
        """Where it runs."""

        CPU = 0
        GPU = 1

    class SolverType(IntEnum):
        """The update rule, until ``type`` took its place."""

        SGD = 0
        NESTEROV = 1
        ADAGRAD = 2
        RMSPROP = 3
        ADADELTA = 4
        ADAM = 5

    net: Annotated[str, Tag(24)] = ""
    net_param: Annotated[NetParameter | None, Tag(25)] = None
    train_net: Annotated[str, Tag(1)] = ""
    test_net: Annotated[tuple[str, ...], Tag(2)] = ()
    train_net_param: Annotated[NetParameter | None, Tag(21)] = None
    test_net_param: Annotated[tuple[NetParameter, ...], Tag(22)] = ()
    train_state: Annotated[NetState | None, Tag(26)] = None
    test_state: Annotated[tuple[NetState, ...], Tag(27)] = ()
    test_iter: Annotated[tuple[Int32, ...], Tag(3)] = ()
    test_interval: Annotated[Int32, Tag(4)] = 0
    test_compute_loss: Annotated[bool, Tag(19)] = False
    test_initialization: Annotated[bool, Tag(32)] = True
    base_lr: Annotated[Float, Tag(5)] = 0.0
    display: Annotated[Int32, Tag(6)] = 0
    average_loss: Annotated[Int32, Tag(33)] = 1
    max_iter: Annotated[Int32, Tag(7)] = 0
    iter_size: Annotated[Int32, Tag(36)] = 1
    lr_policy: Annotated[str, Tag(8)] = ""
    gamma: Annotated[Float, Tag(9)] = 0.0
    power: Annotated[Float, Tag(10)] = 0.0
    momentum: Annotated[Float, Tag(11)] = 0.0
    weight_decay: Annotated[Float, Tag(12)] = 0.0
    regularization_type: Annotated[str, Tag(29)] = "L2"
    stepsize: Annotated[Int32, Tag(13)] = 0
    stepvalue: Annotated[tuple[Int32, ...], Tag(34)] = ()
    clip_gradients: Annotated[Float, Tag(35)] = -1.0
    snapshot: Annotated[Int32, Tag(14)] = 0
    snapshot_prefix: Annotated[str, Tag(15)] = ""
    snapshot_diff: Annotated[bool, Tag(16)] = False
    snapshot_format: Annotated[SnapshotFormat, Tag(37)] = SnapshotFormat.BINARYPROTO
    solver_mode: Annotated[SolverMode, Tag(17)] = SolverMode.GPU
    device_id: Annotated[Int32, Tag(18)] = 0
    random_seed: Annotated[Int64, Tag(20)] = -1
    type: Annotated[str, Tag(40)] = "SGD"
    delta: Annotated[Float, Tag(31)] = 1e-8
    momentum2: Annotated[Float, Tag(39)] = 0.999
    rms_decay: Annotated[Float, Tag(38)] = 0.99
    debug_info: Annotated[bool, Tag(23)] = False
    snapshot_after_train: Annotated[bool, Tag(28)] = True
    solver_type: Annotated[SolverType, Tag(30)] = SolverType.SGD
    layer_wise_reduce: Annotated[bool, Tag(41)] = True
    weights: Annotated[tuple[str, ...], Tag(42)] = ()
    optimizer_arg: Annotated[tuple[str, ...], Tag(50010)] = ()
    """Arguments of a ``type`` that is one of ``torch.optim``, as ``"betas=(0.9, 0.99)"``."""
    plateau: Annotated[PlateauParameter | None, Tag(50011)] = None
    """What ``lr_policy: "plateau"`` watches."""
    onecycle: Annotated[OneCycleParameter | None, Tag(50012)] = None
    """The numbers of ``lr_policy: "onecycle"``, if not the usual ones."""
    warmup: Annotated[WarmupParameter | None, Tag(50013)] = None
    """A small rate at first."""
    min_lr: Annotated[Float, Tag(50014)] = 0.0
    """The policy's rate is never below this; ``cosine`` ends at it."""
    clip_value: Annotated[Float, Tag(50015)] = -1.0
    """If not negative: no element of the mean gradient is larger than this, with either sign."""
    early_stopping: Annotated[EarlyStoppingParameter | None, Tag(50016)] = None
    """When to end before ``max_iter``."""
    max_epoch: Annotated[Int32, Tag(50017)] = 0
    """If not 0: end after so many epochs of the train net's data, or at ``max_iter`` if earlier."""
    keep_last: Annotated[Int32, Tag(50020)] = 0
    """If not 0: older snapshots of this run than the last so many are removed."""
    keep_best: Annotated[KeepBestParameter | None, Tag(50021)] = None
    """Which weights to keep besides the snapshots."""
    cache_frozen: Annotated[CacheMode, Tag(50060)] = CacheMode.AUTO
    """Compute what frozen layers make of a sample once, where it is the same each time."""
    cache_variants: Annotated[Int32, Tag(50061)] = 0
    """If not 0: each image has so many fixed crops and mirrorings, instead of another each time."""
    cache_dir: Annotated[str, Tag(50062)] = ""
    """Where DISK keeps features; ``~/.cache/protonet/features`` if not set."""
    cache_limit: Annotated[Int64, Tag(50063)] = 0
    """Bytes of features at most; 0 is half of the free memory, or 16 GiB on disk."""


class SolverState(Message):
    """What an update rule remembers: the iteration and a history blob for each learnable one."""

    iter: Annotated[Int32, Tag(1)] = 0
    learned_net: Annotated[str, Tag(2)] = ""
    history: Annotated[tuple[BlobProto, ...], Tag(3)] = ()
    current_step: Annotated[Int32, Tag(4)] = 0
