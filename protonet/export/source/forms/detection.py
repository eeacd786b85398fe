"""Layers of detection nets."""

from protonet.export.source.form import Form, Forms, NoFormError, Site, four_axes
from protonet.export.source.text import call, changed
from protonet.ops import detection, prior_box, roi
from protonet.ops.boxes import CodeType

LEAST_FALLING = 0.5
"""A threshold above it is multiplied by `eta` after each box."""


def _prior_box(op: prior_box.PriorBox, site: Site) -> Form:
    x, image = four_axes(site), four_axes(site, 1)
    options = changed(
        image_size=(op.image, None),
        step=(op.step, None),
        offset=(op.offset, 0.5),
        clip=(op.clip, False),
        variance=(op.variance, None),
    )
    return Form(call("prior_boxes", x, image, sizes=list(op.sizes), **options))


def _detection_output(op: detection.DetectionOutput, site: Site) -> Form:
    if op.files is not None:
        raise NoFormError("`save_output_param` writes files")
    how = op.suppression
    options = changed(
        code=(f'"{op.coding.code.name}"', f'"{CodeType.CORNER.name}"'),
        variance_in_target=(op.coding.variance_in_target, False),
        background=(op.background, 0),
        least_score=(op.least_score, None),
        threshold=(how.threshold, None),
        top_k=(how.top_k, None),
        eta=(how.eta, 1.0),
        keep_top_k=(op.keep_top_k, None),
    )
    top = call("detection_output", *site.bottoms[:3], classes=op.classes, **options)
    falls = how.eta < 1 and how.threshold > LEAST_FALLING
    return Form(top, no_onnx="its `eta` lowers the threshold" if falls else "")


def _roi_pooling(op: roi.ROIPooling, site: Site) -> Form:
    return Form(call("roi_pool", four_axes(site), site.bottoms[1], op.bins, op.spatial_scale))


def _psroi_pooling(op: roi.PSROIPooling, site: Site) -> Form:
    return Form(
        call("psroi_pool", four_axes(site), site.bottoms[1], op.group_size, op.spatial_scale)
    )


FORMS: Forms = {
    detection.DetectionOutput: _detection_output,
    prior_box.PriorBox: _prior_box,
    roi.PSROIPooling: _psroi_pooling,
    roi.ROIPooling: _roi_pooling,
}
