"""Convolutions, inner products and tables of vectors."""

from protonet.export.source.form import Form, Forms, NoFormError, Site, learned
from protonet.export.source.text import call, changed, side
from protonet.ops import convolution, linear, reshaping
from protonet.shape import Shape

MOST_AXES = 3
"""Spatial axes of torch's largest convolution."""


def _convolution(op: convolution.Convolution, site: Site) -> Form:
    window, axes = op.window, len(op.window.kernel)
    if not 1 <= axes <= MOST_AXES:
        raise NoFormError(f"torch has no convolution over {axes} axes")
    weight, *biases = site.blobs
    outputs = weight.shape[1] * op.group if op.transposed else weight.shape[0]
    init = call(
        f"nn.Conv{'Transpose' if op.transposed else ''}{axes}d",
        site.shape[op.axis],
        outputs,
        kernel_size=side(window.kernel),
        **changed(
            stride=(side(window.stride), 1),
            padding=(side(window.pad), 0),
            dilation=(side(window.dilation), 1),
            groups=(op.group, 1),
            bias=(bool(biases), True),
        ),
    )
    tops = [
        _applied(op, site, x, shape) for x, shape in zip(site.bottoms, site.shapes, strict=True)
    ]
    return Form(", ".join(tops), init, learned(*site.blobs))


def _applied(op: convolution.Convolution, site: Site, x: str, shape: Shape) -> str:
    overhang = (0,) if op.transposed else op.window.overhang(shape[op.axis + 1 :])
    if any(overhang):  # torch refuses a kernel that does not fit
        x = call("F.pad", x, [n for end in reversed(overhang) for n in (0, end)])
    return call(site.name, x) if op.axis == 1 else call("batched", site.name, x, op.axis)


def _im2col(op: convolution.Im2col, site: Site) -> Form:
    window, extents = op.window, site.tops[0][op.axis + 1 :]
    fits = op.axis == 1 and len(extents) == 2 and not any(window.overhang(site.shape[2:]))  # noqa: PLR2004 # height and width
    if not fits:
        raise NoFormError("torch unfolds `(N, C, H, W)` only")
    columns = call(
        "F.unfold",
        site.x,
        side(window.kernel),
        **changed(
            dilation=(side(window.dilation), 1),
            padding=(side(window.pad), 0),
            stride=(side(window.stride), 1),
        ),
    )
    return Form(call(f"{columns}.unflatten", 2, extents))


def _inner_product(op: linear.InnerProduct, site: Site) -> Form:
    weight, *biases = site.blobs
    weight = weight.t() if op.transpose else weight
    rows, columns = weight.shape
    init = call("nn.Linear", columns, rows, **changed(bias=(bool(biases), True)))
    flat, axes = site.x, len(site.shape) - op.axis
    if axes != 1:
        flat = call(f"{site.x}.flatten", op.axis) if axes else f"{site.x}[..., None]"
    return Form(call(site.name, flat), init, learned(weight, *biases))


def _embed(op: reshaping.Embed, site: Site) -> Form:
    weight, *biases = site.blobs
    kind = "EmbeddingWithBias" if biases else "nn.Embedding"
    state = learned(*site.blobs)
    return Form(call(site.name, f"{site.x}.long()"), call(kind, *weight.shape), state)


def _parameter(op: reshaping.Parameter, site: Site) -> Form:
    shape = literal_shape(site.tops[0])
    return Form(site.name, f"nn.Parameter(torch.zeros({shape}))", {"": site.blobs[0]})


def literal_shape(shape: Shape) -> str:
    """Return extents as arguments; of a scalar, the empty tuple."""
    return ", ".join(map(str, shape)) or "()"


FORMS: Forms = {
    convolution.Convolution: _convolution,
    convolution.Im2col: _im2col,
    linear.InnerProduct: _inner_product,
    reshaping.Embed: _embed,
    reshaping.Parameter: _parameter,
}
