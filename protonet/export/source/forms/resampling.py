"""Other heights and widths, and other orders of channels."""

from protonet.export.source.form import Form, Forms, Site, four_axes
from protonet.export.source.text import call, changed
from protonet.ops import resampling


def _interp(op: resampling.Interp, site: Site) -> Form:
    size = op.size
    options = changed(
        size=(size.fixed, None),
        shrink=(1 if size.fixed else size.shrink, 1),
        zoom=(1 if size.fixed else size.zoom, 1),
        crop=(size.crop, (0, 0)),
    )
    if size.fixed and size.crop == (0, 0):
        how = {"mode": '"bilinear"', "align_corners": True}
        return Form(call("F.interpolate", site.x, size.fixed, **how))
    return Form(call("interp", site.x, **options))


def _unpool(op: resampling.Unpool, site: Site) -> Form:
    size = op.size
    options = changed(
        size=(size.fixed, None),
        scale=((2, 2) if size.fixed else size.scale, (2, 2)),
        less=((0, 0) if size.fixed else size.pad_out, (0, 0)),
    )
    return Form(call("unpool", *site.bottoms, **options))


def _repeat(op: resampling.Repeat, site: Site) -> Form:
    return Form(call("F.interpolate", site.x, scale_factor=op.scale, mode='"nearest"'))


def _reorg(op: resampling.Reorg, site: Site) -> Form:
    return Form(call("reorg", site.x, op.stride, **changed(reverse=(op.reverse, False))))


def _shuffle_channel(op: resampling.ShuffleChannel, site: Site) -> Form:
    return Form(call(site.name, four_axes(site)), call("nn.ChannelShuffle", op.group))


def _reverse(op: resampling.Reverse, site: Site) -> Form:
    return Form(call("torch.flip", site.x, (op.axis,)))


FORMS: Forms = {
    resampling.Interp: _interp,
    resampling.Reorg: _reorg,
    resampling.Repeat: _repeat,
    resampling.Reverse: _reverse,
    resampling.ShuffleChannel: _shuffle_channel,
    resampling.Unpool: _unpool,
}
