"""Normalization by mean and variance, by norms and by neighbours."""

import torch
from torch import Tensor

from protonet.export.source.form import Form, Forms, NoFormError, Site, four_axes, learned
from protonet.export.source.text import call, changed, shortest
from protonet.ops import bilinear, fused_norm, lrn, normalization
from protonet.shape import Shape

_AXES = {2: "1d", 3: "1d", 4: "2d", 5: "3d"}
AVERAGES = (
    "In training, torch averages batch statistics; Caffe divides decayed sums by their count."
)
FIXED = "Its BatchNorm layers use fixed statistics in training, too: leave them in eval()."
BIASED = "In training, torch averages unbiased variances; the fork averages biased ones."


def _batch_norm(op: normalization.BatchNorm, site: Site) -> Form:
    mean, var, factor, *affine = site.blobs
    scale = torch.where(factor == 0, 0, factor.reciprocal())
    if op.use_global_stats is False:
        return _norm(site, op.eps, affine)
    averages = mean * scale, var * scale
    note = FIXED if op.use_global_stats else AVERAGES
    momentum = 1 - shortest(op.fraction)
    return _norm(site, op.eps, affine, averages=averages, momentum=momentum, note=note)


def _averaged(op: fused_norm.AveragedNorm, site: Site) -> Form:
    scale, shift, mean, var = (blob.flatten() for blob in site.blobs)
    if not (op.average_at_test or op.frozen):
        return _norm(site, op.eps, [scale, shift])
    note = FIXED if op.frozen else BIASED
    averages, momentum = (mean, var), 1 - shortest(op.keep)
    return _norm(site, op.eps, [scale, shift], averages=averages, momentum=momentum, note=note)


def _norm(
    site: Site,
    eps: float,
    affine: list[Tensor],
    *,
    averages: tuple[Tensor, ...] = (),
    momentum: float = 0.1,
    note: str = "",
) -> Form:
    """Return one of torch's; without averages it takes the batch's statistics, always."""
    kind = _AXES.get(len(site.shape))
    if kind is None:
        raise NoFormError(f"torch normalizes no batch of {len(site.shape)} axes")
    init = call(
        f"nn.BatchNorm{kind}",
        site.shape[1],
        **changed(
            eps=(shortest(eps), 1e-5),
            momentum=(shortest(momentum), 0.1),
            affine=(bool(affine), True),
            track_running_stats=(bool(averages), True),
        ),
    )
    if len(affine) == 1:  # a Scale without a bias
        affine = [affine[0], torch.zeros_like(affine[0])]
    state = learned(*affine)
    state.update(zip(("running_mean", "running_var"), averages, strict=False))
    if averages:
        state["num_batches_tracked"] = torch.tensor(0)
    return Form(call(site.name, site.x), init, state, note)


def _four_axes(op: fused_norm.FourAxes, site: Site) -> Form:
    shape: Shape = (*site.shape, *(1,) * (4 - len(site.shape)))
    inner = Site(site.name, (four_axes(site),), (shape,), site.tops, site.blobs)
    return WITHIN[type(op.module)](op.module, inner)


def _batch_only(op: fused_norm.BatchOnlyNorm, site: Site) -> Form:
    return _norm(site, op.eps, [blob.flatten() for blob in site.blobs])


def _scale_shift(op: fused_norm.ScaleShift, site: Site) -> Form:
    weight, bias = (blob[0] for blob in site.blobs)
    init = call("Scale", *weight.shape, bias=True)
    return Form(call(site.name, site.x), init, {"weight": weight, "bias": bias})


def _mvn(op: normalization.MVN, site: Site) -> Form:
    options = changed(
        across_channels=(op.axis == 1, False),
        variance=(op.normalize_variance, True),
        eps=(op.eps, None),
    )
    return Form(call("mean_variance_norm", four_axes(site), **options))


def _normalize(op: normalization.Normalize, site: Site) -> Form:
    weight = site.blobs[0].reshape(-1, *(1,) * (len(site.shape) - 2))
    options = changed(across_spatial=(op.across_spatial, True), eps=(op.eps, None))
    init = call("Normalize", *weight.shape, **options)
    return Form(call(site.name, site.x), init, {"weight": weight})


def _unit_norm(op: normalization.UnitNorm, site: Site) -> Form:
    top = call("unit_norm", four_axes(site), **changed(absolute=(op.absolute, False)))
    return Form(top if op.with_norm else f"{top}[0]")


def _across_channels(op: lrn.LRNAcrossChannels, site: Site) -> Form:
    reach, alpha, beta, k = op.constants
    size = 2 * reach + 1
    init = call("nn.LocalResponseNorm", size, alpha=alpha * size, beta=beta, **changed(k=(k, 1.0)))
    return Form(call(site.name, site.x), init)


def _within_channel(op: lrn.LRNWithinChannel, site: Site) -> Form:
    return Form(
        call("lrn_within_channel", site.x, size=op.local_size, alpha=op.alpha, beta=op.beta)
    )


def _l2_normalize(op: bilinear.L2Normalize, site: Site) -> Form:
    return Form(call("l2_normalize", four_axes(site)))


WITHIN: Forms = {
    fused_norm.AveragedNorm: _averaged,
    fused_norm.BatchOnlyNorm: _batch_only,
    fused_norm.ScaleShift: _scale_shift,
}
FORMS: Forms = {
    bilinear.L2Normalize: _l2_normalize,
    fused_norm.AveragedNorm: _averaged,
    fused_norm.FourAxes: _four_axes,
    lrn.LRNAcrossChannels: _across_channels,
    lrn.LRNWithinChannel: _within_channel,
    normalization.BatchNorm: _batch_norm,
    normalization.MVN: _mvn,
    normalization.Normalize: _normalize,
    normalization.UnitNorm: _unit_norm,
}
