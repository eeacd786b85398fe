"""Boxes found, from predictions about priors."""

from typing import Annotated, ClassVar

from protonet.layers._detection import (
    NonMaximumSuppressionParameter,
    PriorBoxParameter,
    check_predictions,
)
from protonet.layers._detection_files import SaveOutputParameter, check_files, detection_files
from protonet.layers._torch import nn, ops
from protonet.layers.base import Arity, Layer, LayerError, between, register
from protonet.message.base import Float, Int32, Message, Tag, UInt32
from protonet.shape import Shape

_CodeType = PriorBoxParameter.CodeType


class DetectionOutputParameter(Message):
    """Parameters of DetectionOutput."""

    num_classes: Annotated[UInt32 | None, Tag(1)] = None
    share_location: Annotated[bool, Tag(2)] = True
    background_label_id: Annotated[Int32, Tag(3)] = 0
    nms_param: Annotated[NonMaximumSuppressionParameter, Tag(4)] = NonMaximumSuppressionParameter()
    save_output_param: Annotated[SaveOutputParameter, Tag(5)] = SaveOutputParameter()
    code_type: Annotated[_CodeType, Tag(6)] = _CodeType.CORNER
    keep_top_k: Annotated[Int32, Tag(7)] = -1
    variance_encoded_in_target: Annotated[bool, Tag(8)] = False
    confidence_threshold: Annotated[Float | None, Tag(9)] = None
    visualize: Annotated[bool, Tag(10)] = False
    visualize_threshold: Annotated[Float | None, Tag(11)] = None
    save_file: Annotated[str, Tag(12)] = ""


@register
class DetectionOutput(Layer):
    """The boxes that remain when each class has dropped those that overlap a better one.

    Predicted boxes ``(N, 4 P L)``, scores ``(N, P K)`` after the softmax, priors ``(1, 2, 4 P)``,
    and perhaps the images, which are not used -> ``(1, 1, M, 7)``: image, label, score, x1, y1, x2,
    y2 as shares of the image. L is 1, or K without ``share_location``. M depends on the values;
    where nothing is found, there is a row of -1 for each image. No gradient. Liu et al.,
    arXiv:1512.02325. From the SSD fork: ``detection_output_layer.cpp``.

    With the three file names of ``save_output_param``, boxes are also written, as VOC, COCO or
    ILSVRC want them. ``visualize``, which opens windows, is refused.
    """

    bottoms: ClassVar[Arity] = between(3, 4)
    keeps_bottom: ClassVar[bool] = False
    keeps_top: ClassVar[bool] = False
    no_gradient_to: ClassVar[frozenset[int]] = frozenset((0, 1, 2, 3))

    detection_output_param: Annotated[DetectionOutputParameter, Tag(204)] = (
        DetectionOutputParameter()
    )

    def infer(self, *bottoms: Shape) -> tuple[Shape, ...]:
        p = self.detection_output_param
        if not p.num_classes:
            raise self._error("`num_classes` is not set", "num_classes")
        if p.visualize:
            raise LayerError(
                "`visualize` shows detections in a window, which is not done here",
                help="leave it out, and draw the rows of the top",
                field=("detection_output_param", "visualize"),
            )
        if p.nms_param.nms_threshold < 0:
            raise self._error(
                f"`nms_threshold` {p.nms_param.nms_threshold:g} is below 0",
                "nms_param",
                "nms_threshold",
            )
        if not 0 < p.nms_param.eta <= 1:
            raise self._error(
                f"`eta` {p.nms_param.eta:g} is not above 0 and at most 1", "nms_param", "eta"
            )
        check_files(p.save_output_param, "detection_output_param", "save_output_param")
        loc_classes = 1 if p.share_location else p.num_classes
        check_predictions(*bottoms[:3], loc_classes=loc_classes, classes=p.num_classes)
        return ((1, 1, 1, 7),)

    def build(self, *bottoms: Shape) -> "nn.Module":
        p = self.detection_output_param
        top_k = p.nms_param.top_k
        return ops.detection.DetectionOutput(
            classes=p.num_classes or 0,
            background=p.background_label_id,
            coding=ops.boxes.Coding(ops.boxes.CodeType(p.code_type), p.variance_encoded_in_target),
            least_score=p.confidence_threshold,
            suppression=ops.detection.Suppression(
                threshold=p.nms_param.nms_threshold,
                top_k=None if top_k is None or top_k < 0 else top_k,
                eta=p.nms_param.eta,
            ),
            keep_top_k=None if p.keep_top_k < 0 else p.keep_top_k,
            files=detection_files(p.save_output_param, background=p.background_label_id),
        )

    @staticmethod
    def _error(message: str, *field: str) -> LayerError:
        return LayerError(message, field=("detection_output_param", *field))
