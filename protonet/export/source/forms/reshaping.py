"""What moves, repeats or picks values."""

from protonet.export.source.form import Form, Forms, Site
from protonet.export.source.text import call, changed
from protonet.ops import accuracy, reshaping


def _concat(op: reshaping.Concat, site: Site) -> Form:
    return Form(call("torch.cat", list(site.bottoms), dim=op.axis))


def _slice(op: reshaping.Slice, site: Site) -> Form:
    if op.tops == 1:
        return Form(site.x)
    if not op.points:
        return Form(call("torch.chunk", site.x, op.tops, dim=op.axis))
    return Form(call("torch.tensor_split", site.x, op.points, dim=op.axis))


def _permute(op: reshaping.Permute, site: Site) -> Form:
    return Form(call(f"{site.x}.permute", *op.order))


def _split(op: reshaping.Split, site: Site) -> Form:
    return Form(", ".join((site.x,) * op.tops))


def _flatten(op: reshaping.Flatten, site: Site) -> Form:
    if op.end_axis < op.axis:
        return Form(call(f"{site.x}.unsqueeze", op.axis))
    last = len(site.shape) - 1
    return Form(call(f"{site.x}.flatten", op.axis, *changed(end=(op.end_axis, last)).values()))


def _reshape(op: reshaping.Reshape, site: Site) -> Form:
    end = len(site.shape) - op.after
    axes = [
        *range(op.start),
        *(op.start + at if dim == 0 else None for at, dim in enumerate(op.dims)),
        *range(end, len(site.shape)),
    ]
    dims = [*(0,) * op.start, *op.dims, *(0,) * op.after]
    extents = [
        dim if axis is None else f"{site.x}.shape[{axis}]"
        for axis, dim in zip(axes, dims, strict=True)
    ]
    return Form(call(f"{site.x}.reshape", *(extents or ("()",))))


def _crop(op: reshaping.Crop, site: Site) -> Form:
    return Form(call("crop", *site.bottoms, axis=op.axis, offsets=op.offsets))


def _tile(op: reshaping.Tile, site: Site) -> Form:
    return Form(call("torch.cat", f"[{site.x}] * {op.tiles}", dim=op.axis))


def _batch_reindex(op: reshaping.BatchReindex, site: Site) -> Form:
    x, index = site.bottoms
    return Form(f"{x}[{index}.long()]")


def _filter(op: reshaping.Filter, site: Site) -> Form:
    *blobs, selector = site.bottoms
    chosen = [f"{x}[{selector}.flatten() != 0]" for x in blobs]
    return Form(", ".join(chosen))


def _softmax(op: reshaping.Softmax, site: Site) -> Form:
    return Form(call("F.softmax", site.x, dim=op.axis))


def _argmax(op: accuracy.ArgMax, site: Site) -> Form:
    options = changed(top_k=(op.top_k, 1), axis=(op.axis, None), values=(op.out_max_val, False))
    return Form(call("argmax", site.x, **options))


FORMS: Forms = {
    accuracy.ArgMax: _argmax,
    reshaping.BatchReindex: _batch_reindex,
    reshaping.Concat: _concat,
    reshaping.Crop: _crop,
    reshaping.Filter: _filter,
    reshaping.Flatten: _flatten,
    reshaping.Permute: _permute,
    reshaping.Reshape: _reshape,
    reshaping.Slice: _slice,
    reshaping.Softmax: _softmax,
    reshaping.Split: _split,
    reshaping.Tile: _tile,
}
