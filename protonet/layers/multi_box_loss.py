"""The loss of a detection net."""

from typing import Annotated, ClassVar

from protonet.layers._checks import no_smoothing
from protonet.layers._detection import check_predictions
from protonet.layers._multi_box import MultiBoxLossParameter, check_parameters
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, exactly, register
from protonet.message.base import Tag
from protonet.message.common import LossParameter
from protonet.shape import Shape, count

_Mode = LossParameter.NormalizationMode


@register
class MultiBoxLoss(Layer):
    """``(loc_weight * loss of matched boxes + loss of scores) / normalizer``.

    Predicted boxes ``(N, 4 P L)``, scores ``(N, P K)`` before the softmax, priors ``(1, 2, 4 P)``
    and the ground truth ``(1, 1, M, 8)``: image, label, instance, x1, y1, x2, y2, difficult -> ().
    L is 1, or K without ``share_location``. A prior is matched to at most one box of its image;
    what is matched to none is background, of which ``mining_type`` chooses. The normalizer is the
    number of matches (VALID, the default), N P (FULL), N (BATCH_SIZE) or 1 (NONE), never below 1.
    ``propagate_down`` false for bottom 0 or 1 leaves its term out. Liu et al., arXiv:1512.02325.
    From the SSD fork: ``multibox_loss_layer.cpp``, ``bbox_util.cpp``.

    Differs: priors of equal loss are mined from the first on, where the fork's order is open. With
    ``encode_variance_in_target`` the gradient is the derivative; the fork leaves ``1 / variance``
    out. The targets of LOGISTIC are 0 and 1; the fork's are wrong with another background than 0,
    or without mining from the second image on.
    """

    bottoms: ClassVar[Arity] = exactly(4)
    is_loss: ClassVar[bool] = True
    keeps_top: ClassVar[bool] = False
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((2, 3))

    multibox_loss_param: Annotated[MultiBoxLossParameter, Tag(201)] = MultiBoxLossParameter()
    loss_param: Annotated[LossParameter, Tag(101)] = LossParameter()

    propagate_down: tuple[bool, ...] = ()
    """Which bottoms the net wants gradients of: the loss itself depends on it."""

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        p, (loc, conf, prior, label) = self.multibox_loss_param, bottoms
        no_smoothing(self.loss_param)
        classes = check_parameters(p)
        loc_classes = 1 if p.share_location else classes
        check_predictions(loc, conf, prior, loc_classes=loc_classes, classes=classes)
        if count(label[:2]) != 1 or label[3:] != (8,):
            raise LayerError(
                f"bottom 3 of shape {label} does not hold boxes, (1, 1, M, 8)",
                help="a box is image, label, instance, x1, y1, x2, y2, difficult",
            )
        return ((),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        p, multibox = self.multibox_loss_param, ops.multibox
        nms = p.nms_param
        per_prediction = p.match_type is p.MatchType.PER_PREDICTION
        wanted = (*self.propagate_down, True, True)[:2]
        return multibox.MultiBoxLoss(
            classes=multibox.Classes(p.num_classes or 0, p.background, p.map_object_to_agnostic),
            coding=ops.boxes.Coding(ops.boxes.CodeType(p.code_type), p.encode_variance_in_target),
            matching=ops.matching.Matching(
                least_overlap=p.overlap_threshold if per_prediction else None,
                by_prior=p.use_prior_for_matching,
                inside=p.ignore_cross_boundary_bbox,
            ),
            mining=multibox.Mining(
                multibox.MiningType(p.mining_type),
                ratio=p.neg_pos_ratio,
                most_overlap=p.neg_overlap,
                sample_size=p.sample_size,
                threshold=nms.nms_threshold if nms else 0.0,
                top_k=(nms.top_k or 0) if nms else -1,  # unset it is 0, which chooses nothing
                by_prior=p.use_prior_for_nms,
            ),
            loc_loss=multibox.LocLoss(p.loc_loss_type),
            conf_loss=multibox.ConfLoss(p.conf_loss_type),
            weights=(p.loc_weight * wanted[0], float(wanted[1])),
            normalization=self._normalization(),
            use_difficult=p.use_difficult_gt,
            inside=p.bp_inside,
        )

    def _normalization(self) -> LossParameter.NormalizationMode:
        p = self.loss_param
        if p.has("normalize") and not p.has("normalization"):  # the older field counts alone
            return _Mode.VALID if p.normalize else _Mode.BATCH_SIZE
        return p.normalization
