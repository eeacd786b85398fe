"""What a net file may say: NetParameter and all below it, three generations of layers."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import IntEnum
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import ConfigDict

from protonet.layers import LAYERS
from protonet.layers.base import Layer
from protonet.message.base import Float, Int32, Message, Slot, Tag, UInt32, declared_slots
from protonet.message.common import BlobProto, BlobShape, FillerParameter, Phase

LayerType: TypeAlias = type[Layer]  # in a class whose field is called `type` there is no other way


class NetState(Message):
    """What the rules of layers are held against."""

    phase: Annotated[Phase, Tag(1)] = Phase.TEST
    level: Annotated[Int32, Tag(2)] = 0
    stage: Annotated[tuple[str, ...], Tag(3)] = ()


class NetStateRule(Message):
    """A rule for the states in which a layer takes part; what it does not say does not matter."""

    phase: Annotated[Phase, Tag(1)] = Phase.TRAIN
    min_level: Annotated[Int32, Tag(2)] = 0
    max_level: Annotated[Int32, Tag(3)] = 0
    stage: Annotated[tuple[str, ...], Tag(4)] = ()
    not_stage: Annotated[tuple[str, ...], Tag(5)] = ()


class ParamSpec(Message):
    """How one blob of a layer is trained, and with whom it is shared.

    ``max_norm``, which Caffe has not, bounds the L2 norm of each row (axis 0) after an update; 0 is
    no bound.
    """

    class DimCheckMode(IntEnum):
        """STRICT: shared blobs have equal shapes; PERMISSIVE: equal counts."""

        STRICT = 0
        PERMISSIVE = 1

    name: Annotated[str, Tag(1)] = ""
    share_mode: Annotated[DimCheckMode, Tag(2)] = DimCheckMode.STRICT
    lr_mult: Annotated[Float, Tag(3)] = 1.0
    decay_mult: Annotated[Float, Tag(4)] = 1.0
    max_norm: Annotated[Float, Tag(50001)] = 0.0


class OpenMessage(Message):
    """A message that also holds layers' ``*_param`` messages, which their own files declare."""

    model_config = ConfigDict(extra="allow")

    @property
    def param_messages(self) -> Mapping[str, Message]:
        """The layers' messages that are set, by name."""
        return self.model_extra or {}

    def param_message(self, name: str) -> Message | None:
        """Return a layer's message, as ``"relu_param"``; None if it is not set."""
        return self.param_messages.get(name)

    def __init__(self, /, **data: Any) -> None:
        super().__init__(**data)
        slots = type(self).slots()
        for name, message in self.param_messages.items():
            if name not in slots or type(message) is not slots[name].type:
                raise TypeError(
                    f"{type(self).__name__} takes no `{name}` of {type(message).__name__}"
                )


class LegacyMessage(OpenMessage):
    """A layer of an older generation, where the layers' messages have numbers of their own."""

    PARAMS: ClassVar[Mapping[str, int]]

    @classmethod
    def slots(cls) -> Mapping[str, Slot]:
        """Return the fields: those of every layer, then the layers' messages."""
        return _legacy_slots(cls)


@cache
def _legacy_slots(message: type[LegacyMessage]) -> Mapping[str, Slot]:
    messages = LAYERS.messages
    params = {n: replace(messages[n], number=at) for n, at in message.PARAMS.items()}
    return {**declared_slots(message), **params}


class _WithMessages(Mapping[str, Slot]):
    """Fields of LayerParameter: to look one up imports the one layer that declares it."""

    def __init__(self, declared: Mapping[str, Slot], messages: Mapping[str, Slot]) -> None:
        self._declared = declared
        self._messages = messages

    def __getitem__(self, name: str) -> Slot:
        return self._declared[name] if name in self._declared else self._messages[name]

    def __iter__(self) -> Iterator[str]:
        yield from self._declared
        yield from sorted(self._messages, key=lambda name: self._messages[name].number)

    def __len__(self) -> int:
        return len(self._declared) + len(self._messages)


class LayerParameter(OpenMessage):
    """A layer of a net, and the messages that its type reads."""

    name: Annotated[str, Tag(1)] = ""
    type: Annotated[str, Tag(2)] = ""
    bottom: Annotated[tuple[str, ...], Tag(3)] = ()
    top: Annotated[tuple[str, ...], Tag(4)] = ()
    phase: Annotated[Phase, Tag(10)] = Phase.TRAIN
    loss_weight: Annotated[tuple[Float, ...], Tag(5)] = ()
    param: Annotated[tuple[ParamSpec, ...], Tag(6)] = ()
    blobs: Annotated[tuple[BlobProto, ...], Tag(7)] = ()
    propagate_down: Annotated[tuple[bool, ...], Tag(11)] = ()
    include: Annotated[tuple[NetStateRule, ...], Tag(8)] = ()
    exclude: Annotated[tuple[NetStateRule, ...], Tag(9)] = ()

    @classmethod
    def slots(cls) -> Mapping[str, Slot]:
        """Return the fields: those of every layer, then the registered layers' by number."""
        return _WithMessages(declared_slots(cls), LAYERS.messages)

    def layer(
        self,
        layer_type: LayerType,
        top_count: int = 1,
        dialect: str = "",
        phase: Phase = Phase.TEST,
    ) -> Layer:
        """Make the layer: messages that are not set are the layer's own defaults.

        Args:
            layer_type: Its class in the registry.
            top_count: How many tops it has.
            dialect: Which fork's layer it is, where that was decided.
            phase: The phase that it runs in, where the layer asks.
        """
        known = layer_type.slots()
        given = {name: m for name, m in self.param_messages.items() if name in known}
        told: dict[str, object] = {"top_count": top_count, "asked_dialect": dialect}
        if "propagate_down" in layer_type.model_fields:  # MultiBoxLoss itself depends on it
            told["propagate_down"] = self.propagate_down
        if "phase" in layer_type.model_fields:  # Python, whose code is told before it is built
            told["phase"] = phase
        return layer_type.of({**given, **told})


class V0LayerParameter(LegacyMessage):
    """What a layer was until 2013: one flat message for all types."""

    PARAMS: ClassVar[Mapping[str, int]] = MappingProxyType({"hdf5_output_param": 1001})

    class PoolMethod(IntEnum):
        """How a window is summed up."""

        MAX = 0
        AVE = 1
        STOCHASTIC = 2

    name: Annotated[str, Tag(1)] = ""
    type: Annotated[str, Tag(2)] = ""
    num_output: Annotated[UInt32, Tag(3)] = 0
    biasterm: Annotated[bool, Tag(4)] = True
    weight_filler: Annotated[FillerParameter | None, Tag(5)] = None
    bias_filler: Annotated[FillerParameter | None, Tag(6)] = None
    pad: Annotated[UInt32, Tag(7)] = 0
    kernelsize: Annotated[UInt32, Tag(8)] = 0
    group: Annotated[UInt32, Tag(9)] = 1
    stride: Annotated[UInt32, Tag(10)] = 1
    pool: Annotated[PoolMethod, Tag(11)] = PoolMethod.MAX
    dropout_ratio: Annotated[Float, Tag(12)] = 0.5
    local_size: Annotated[UInt32, Tag(13)] = 5
    alpha: Annotated[Float, Tag(14)] = 1.0
    beta: Annotated[Float, Tag(15)] = 0.75
    k: Annotated[Float, Tag(22)] = 1.0
    source: Annotated[str, Tag(16)] = ""
    scale: Annotated[Float, Tag(17)] = 1.0
    meanfile: Annotated[str, Tag(18)] = ""
    batchsize: Annotated[UInt32, Tag(19)] = 0
    cropsize: Annotated[UInt32, Tag(20)] = 0
    mirror: Annotated[bool, Tag(21)] = False
    blobs: Annotated[tuple[BlobProto, ...], Tag(50)] = ()
    blobs_lr: Annotated[tuple[Float, ...], Tag(51)] = ()
    weight_decay: Annotated[tuple[Float, ...], Tag(52)] = ()
    rand_skip: Annotated[UInt32, Tag(53)] = 0
    det_fg_threshold: Annotated[Float, Tag(54)] = 0.5
    det_bg_threshold: Annotated[Float, Tag(55)] = 0.5
    det_fg_fraction: Annotated[Float, Tag(56)] = 0.25
    det_context_pad: Annotated[UInt32, Tag(58)] = 0
    det_crop_mode: Annotated[str, Tag(59)] = "warp"
    new_num: Annotated[Int32, Tag(60)] = 0
    new_channels: Annotated[Int32, Tag(61)] = 0
    new_height: Annotated[Int32, Tag(62)] = 0
    new_width: Annotated[Int32, Tag(63)] = 0
    shuffle_images: Annotated[bool, Tag(64)] = False
    concat_dim: Annotated[UInt32, Tag(65)] = 1


class V1LayerParameter(LegacyMessage):
    """What a layer was from 2013 to 2014: types are an enum, and a V0 layer may stand inside."""

    class LayerType(IntEnum):
        """Its types; today's names are in ``spec/upgrade``."""

        NONE = 0
        ACCURACY = 1
        BNLL = 2
        CONCAT = 3
        CONVOLUTION = 4
        DATA = 5
        DROPOUT = 6
        EUCLIDEAN_LOSS = 7
        FLATTEN = 8
        HDF5_DATA = 9
        HDF5_OUTPUT = 10
        IM2COL = 11
        IMAGE_DATA = 12
        INFOGAIN_LOSS = 13
        INNER_PRODUCT = 14
        LRN = 15
        MULTINOMIAL_LOGISTIC_LOSS = 16
        POOLING = 17
        RELU = 18
        SIGMOID = 19
        SOFTMAX = 20
        SOFTMAX_LOSS = 21
        SPLIT = 22
        TANH = 23
        WINDOW_DATA = 24
        ELTWISE = 25
        POWER = 26
        SIGMOID_CROSS_ENTROPY_LOSS = 27
        HINGE_LOSS = 28
        MEMORY_DATA = 29
        ARGMAX = 30
        THRESHOLD = 31
        DUMMY_DATA = 32
        SLICE = 33
        MVN = 34
        ABSVAL = 35
        SILENCE = 36
        CONTRASTIVE_LOSS = 37
        EXP = 38
        DECONVOLUTION = 39

    class DimCheckMode(IntEnum):
        """STRICT: shared blobs have equal shapes; PERMISSIVE: equal counts."""

        STRICT = 0
        PERMISSIVE = 1

    PARAMS: ClassVar[Mapping[str, int]] = MappingProxyType(
        {
            "accuracy_param": 27,
            "argmax_param": 23,
            "concat_param": 9,
            "contrastive_loss_param": 40,
            "convolution_param": 10,
            "data_param": 11,
            "dropout_param": 12,
            "dummy_data_param": 26,
            "eltwise_param": 24,
            "exp_param": 41,
            "hdf5_data_param": 13,
            "hdf5_output_param": 14,
            "hinge_loss_param": 29,
            "image_data_param": 15,
            "infogain_loss_param": 16,
            "inner_product_param": 17,
            "lrn_param": 18,
            "memory_data_param": 22,
            "mvn_param": 34,
            "pooling_param": 19,
            "power_param": 21,
            "relu_param": 30,
            "sigmoid_param": 38,
            "softmax_param": 39,
            "slice_param": 31,
            "tanh_param": 37,
            "threshold_param": 25,
            "window_data_param": 20,
            "transform_param": 36,
            "loss_param": 42,
        }
    )

    bottom: Annotated[tuple[str, ...], Tag(2)] = ()
    top: Annotated[tuple[str, ...], Tag(3)] = ()
    name: Annotated[str, Tag(4)] = ""
    include: Annotated[tuple[NetStateRule, ...], Tag(32)] = ()
    exclude: Annotated[tuple[NetStateRule, ...], Tag(33)] = ()
    type: Annotated[LayerType, Tag(5)] = LayerType.NONE
    blobs: Annotated[tuple[BlobProto, ...], Tag(6)] = ()
    param: Annotated[tuple[str, ...], Tag(1001)] = ()
    blob_share_mode: Annotated[tuple[DimCheckMode, ...], Tag(1002)] = ()
    blobs_lr: Annotated[tuple[Float, ...], Tag(7)] = ()
    weight_decay: Annotated[tuple[Float, ...], Tag(8)] = ()
    loss_weight: Annotated[tuple[Float, ...], Tag(35)] = ()
    layer: Annotated[V0LayerParameter | None, Tag(1)] = None


class NetParameter(Message):
    """A net."""

    name: Annotated[str, Tag(1)] = ""
    input: Annotated[tuple[str, ...], Tag(3)] = ()
    input_shape: Annotated[tuple[BlobShape, ...], Tag(8)] = ()
    input_dim: Annotated[tuple[Int32, ...], Tag(4)] = ()
    force_backward: Annotated[bool, Tag(5)] = False
    state: Annotated[NetState | None, Tag(6)] = None
    debug_info: Annotated[bool, Tag(7)] = False
    layer: Annotated[tuple[LayerParameter, ...], Tag(100)] = ()
    layers: Annotated[tuple[V1LayerParameter, ...], Tag(2)] = ()
