"""What MultiBoxLoss may be told, and what of it cannot be."""

from enum import IntEnum
from typing import Annotated

from protonet.layers._detection import NonMaximumSuppressionParameter, PriorBoxParameter
from protonet.layers.base import LayerError
from protonet.message.base import Float, Int32, Message, Tag, UInt32

_CodeType = PriorBoxParameter.CodeType


class MultiBoxLossParameter(Message):
    """Parameters of MultiBoxLoss."""

    class LocLossType(IntEnum):
        """The loss of coordinates."""

        L2 = 0
        SMOOTH_L1 = 1

    class ConfLossType(IntEnum):
        """The loss of scores."""

        SOFTMAX = 0
        LOGISTIC = 1

    class MatchType(IntEnum):
        """BIPARTITE: one prior for each box; PER_PREDICTION: and all that overlap it enough."""

        BIPARTITE = 0
        PER_PREDICTION = 1

    class MiningType(IntEnum):
        """NONE: all priors; MAX_NEGATIVE: the worst negatives; HARD_EXAMPLE: the worst of all."""

        NONE = 0
        MAX_NEGATIVE = 1
        HARD_EXAMPLE = 2

    loc_loss_type: Annotated[LocLossType, Tag(1)] = LocLossType.SMOOTH_L1
    conf_loss_type: Annotated[ConfLossType, Tag(2)] = ConfLossType.SOFTMAX
    loc_weight: Annotated[Float, Tag(3)] = 1.0
    num_classes: Annotated[UInt32 | None, Tag(4)] = None
    share_location: Annotated[bool, Tag(5)] = True
    match_type: Annotated[MatchType, Tag(6)] = MatchType.PER_PREDICTION
    overlap_threshold: Annotated[Float, Tag(7)] = 0.5
    use_prior_for_matching: Annotated[bool, Tag(8)] = True
    background_label_id: Annotated[UInt32, Tag(9)] = 0
    use_difficult_gt: Annotated[bool, Tag(10)] = True
    do_neg_mining: Annotated[bool | None, Tag(11)] = None
    neg_pos_ratio: Annotated[Float, Tag(12)] = 3.0
    neg_overlap: Annotated[Float, Tag(13)] = 0.5
    code_type: Annotated[_CodeType, Tag(14)] = _CodeType.CORNER
    encode_variance_in_target: Annotated[bool, Tag(16)] = False
    map_object_to_agnostic: Annotated[bool, Tag(17)] = False
    ignore_cross_boundary_bbox: Annotated[bool, Tag(18)] = False
    bp_inside: Annotated[bool, Tag(19)] = False
    mining_type: Annotated[MiningType, Tag(20)] = MiningType.MAX_NEGATIVE
    nms_param: Annotated[NonMaximumSuppressionParameter | None, Tag(21)] = None
    sample_size: Annotated[Int32, Tag(22)] = 64
    use_prior_for_nms: Annotated[bool, Tag(23)] = False

    @property
    def background(self) -> int:
        """The label of the background, as the int that Caffe makes of it."""
        label = self.background_label_id
        return label if label < 2**31 else label - 2**32

    @property
    def mines(self) -> bool:
        """Not all priors count."""
        return self.mining_type is not self.MiningType.NONE


def check_parameters(p: MultiBoxLossParameter) -> int:
    """Return the number of classes.

    Raises:
        LayerError: The fields do not go together.
    """
    if not p.num_classes:
        raise _error("num_classes", "`num_classes` is not set")
    if p.do_neg_mining is not None and p.do_neg_mining != p.mines:
        raise _error(
            "do_neg_mining",
            f"`do_neg_mining: {str(p.do_neg_mining).lower()}` contradicts "
            f"`mining_type: {p.mining_type.name}`",
            help="leave `do_neg_mining` out, which `mining_type` replaced",
        )
    if p.mines and not p.share_location:
        raise _error(
            "share_location",
            f"`mining_type: {p.mining_type.name}` needs one box a prior, not one a class",
            help="set `mining_type: NONE`, or `share_location: true`",
        )
    if p.mining_type is p.MiningType.HARD_EXAMPLE and p.sample_size <= 0:
        raise _error("sample_size", f"`sample_size` is {p.sample_size}, not above 0")
    _check_background(p, p.num_classes)
    return p.num_classes


def _check_background(p: MultiBoxLossParameter, classes: int) -> None:
    softmax = p.conf_loss_type is p.ConfLossType.SOFTMAX
    if (softmax and p.background < 0) or ((softmax or p.mines) and p.background >= classes):
        raise _error(
            "background_label_id",
            f"`background_label_id` {p.background_label_id} is none of the {classes} classes",
        )
    if p.map_object_to_agnostic and (p.background, classes) not in ((0, 2), (-1, 1)):
        raise _error(
            "map_object_to_agnostic",
            f"`map_object_to_agnostic` leaves one label beside the background, {p.background}, "
            f"but `num_classes` is {classes}",
            help="set `num_classes: 2` and `background_label_id: 0`",
        )


def _error(field: str, message: str, *, help: str = "") -> LayerError:  # noqa: A002 # as LayerError
    return LayerError(message, help=help, field=("multibox_loss_param", field))
