"""Sums, products and maxima of bottoms; scales and biases."""

from protonet.export.source.form import Form, Forms, Site, learned
from protonet.export.source.text import call, changed, literal
from protonet.ops import affine, elementwise
from protonet.shape import Shape


def _sum(op: elementwise.EltwiseSum, site: Site) -> Form:
    coeff = op.coeff or (1.0,) * len(site.bottoms)
    (first, *others) = zip(coeff, site.bottoms, strict=True)
    text = _term(*first)
    for factor, x in others:
        text += f" - {_term(-factor, x)}" if factor < 0 else f" + {_term(factor, x)}"
    return Form(text)


def _term(factor: float, x: str) -> str:
    if abs(factor) == 1:
        return x if factor > 0 else f"-{x}"
    return f"{literal(factor)} * {x}"


def _product(op: elementwise.EltwiseProduct, site: Site) -> Form:
    return Form(" * ".join(site.bottoms))


def _maximum(op: elementwise.EltwiseMax, site: Site) -> Form:
    top, *others = site.bottoms
    for x in others:
        top = call("torch.maximum", top, x)
    return Form(top)


def _axpy(op: elementwise.Axpy, site: Site) -> Form:
    a, x, y = site.bottoms
    factors, axes = site.shapes[0], len(site.shapes[1])
    if len(factors) > axes:  # (N, C, 1, 1) for (N, C) or (N, C, L)
        a = f"{a}[{', '.join((':',) * axes + ('0',) * (len(factors) - axes))}]"
    return Form(f"{_spread(a, axes - len(factors))} * {x} + {y}")


def _reduction(op: elementwise.Reduction, site: Site) -> Form:
    x = call("torch.abs", site.x) if op.absolute else site.x
    x = call("torch.square", x) if op.square else x
    axes = tuple(range(op.axis, len(site.shape)))
    reduced = call(
        "torch.mean" if op.mean else "torch.sum",
        x,
        **changed(dim=(axes if op.axis else None, None)),
    )
    return Form(reduced if op.coeff == 1 else f"{literal(op.coeff)} * {reduced}")


def _scale(op: affine.Scale, site: Site) -> Form:
    if len(site.bottoms) > 1:
        return _given_scale(op.axis, site)
    scale, *biases = site.blobs
    shape = _shape(tuple(scale.shape), site.shape, op.axis)
    init = call("Scale", *shape, **changed(bias=(bool(biases), False)))
    tensors = (blob.reshape(shape) for blob in site.blobs)
    return Form(call(site.name, site.x), init, learned(*tensors))


def _given_scale(axis: int, site: Site) -> Form:
    x, scale = site.bottoms
    product = (
        f"{x} * {_spread(scale, len(site.shape) - axis - len(site.shapes[1]), site.shapes[1])}"
    )
    if not site.blobs:
        return Form(product)
    shape = _shape(site.shapes[1], site.shape, axis)
    return Form(
        call(site.name, product), call("Bias", *shape), {"bias": site.blobs[0].reshape(shape)}
    )


def _bias(op: affine.Bias, site: Site) -> Form:
    if len(site.bottoms) > 1:
        bias = _spread(
            site.bottoms[1], len(site.shape) - op.axis - len(site.shapes[1]), site.shapes[1]
        )
        return Form(f"{site.x} + {bias}")
    shape = _shape(tuple(site.blobs[0].shape), site.shape, op.axis)
    init, state = call("Bias", *shape), {"bias": site.blobs[0].reshape(shape)}
    return Form(call(site.name, site.x), init, state)


def _shape(blob: Shape, bottom: Shape, axis: int) -> Shape:
    """Return the shape in which a blob is broadcast over a bottom from ``axis`` on."""
    return (*blob, *(1,) * (len(bottom) - axis - len(blob))) if blob else ()


def _spread(x: str, axes: int, shape: Shape | None = None) -> str:
    """Return a bottom with so many axes of 1 behind its own; a scalar fits as it is."""
    if axes <= 0 or shape == ():
        return x
    return f"{x}[..., {', '.join(('None',) * axes)}]"


FORMS: Forms = {
    affine.Bias: _bias,
    affine.Scale: _scale,
    elementwise.Axpy: _axpy,
    elementwise.EltwiseMax: _maximum,
    elementwise.EltwiseProduct: _product,
    elementwise.EltwiseSum: _sum,
    elementwise.Reduction: _reduction,
}
