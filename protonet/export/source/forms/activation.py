"""Elementwise nonlinearities."""

from torch import nn

from protonet.export.source.form import Form, Forms, Site, module
from protonet.export.source.text import call, changed, literal
from protonet.ops import activation, pointwise


def _relu(op: activation.ReLU, site: Site) -> Form:
    if op.negative_slope:
        return Form(call("F.leaky_relu", site.x, op.negative_slope))
    return Form(call("F.relu", site.x))


def _relu6(op: activation.ReLU6, site: Site) -> Form:
    if op.negative_slope:
        return Form(call("torch.clamp", call("F.leaky_relu", site.x, op.negative_slope), max=6))
    return Form(call("F.relu6", site.x))


def _rrelu(op: activation.RReLU, site: Site) -> Form:
    return module(site, call("RReLU", op.low, op.high))


def _maxout(op: activation.Maxout, site: Site) -> Form:
    return Form(call(f"{site.x}.unflatten", 1, (-1, op.size)) + ".amax(2)")


def _prelu(op: activation.PReLU, site: Site) -> Form:
    slope = site.blobs[0].reshape(-1)
    return module(site, call("nn.PReLU", *changed(n=(len(slope), 1)).values()), {"weight": slope})


def _elu(op: activation.ELU, site: Site) -> Form:
    return Form(call("F.elu", site.x, **changed(alpha=(op.alpha, 1.0))))


def _sigmoid(op: activation.Sigmoid, site: Site) -> Form:
    return Form(call("torch.sigmoid", site.x))


def _tanh(op: activation.TanH, site: Site) -> Form:
    return Form(call("torch.tanh", site.x))


def _swish(op: activation.Swish, site: Site) -> Form:
    if op.beta == 1:
        return Form(call("F.silu", site.x))
    return Form(f"{site.x} * torch.sigmoid({literal(op.beta)} * {site.x})")


def _bnll(op: activation.BNLL, site: Site) -> Form:
    return Form(call("F.softplus", site.x, threshold=50))


def _dropout(op: nn.Dropout, site: Site) -> Form:
    return module(site, call("nn.Dropout", op.p))


def _absval(op: pointwise.AbsVal, site: Site) -> Form:
    return Form(call("torch.abs", site.x))


def _power(op: pointwise.Power, site: Site) -> Form:
    if op.power * op.scale == 0:  # a constant, even where x is not finite
        value = 1.0 if op.power == 0 else op.shift**op.power
        return Form(call("torch.full_like", site.x, value))
    base = _affine(site.x, op.scale, op.shift)
    if op.power == 1:
        return Form(base)
    return Form(call("torch.pow", base, op.power))


def _exp(op: pointwise.Exp, site: Site) -> Form:
    return Form(call("torch.exp", _affine(site.x, op.scale, op.shift)))


def _log(op: pointwise.Log, site: Site) -> Form:
    logarithm = call("torch.log", _affine(site.x, op.scale, op.shift))
    return Form(logarithm if op.factor == 1 else f"{literal(op.factor)} * {logarithm}")


def _clip(op: pointwise.Clip, site: Site) -> Form:
    return Form(call("torch.clamp", site.x, op.low, op.high))


def _threshold(op: pointwise.Threshold, site: Site) -> Form:
    return Form(f"({site.x} > {literal(op.threshold)}).to({site.x}.dtype)")


def _affine(x: str, scale: float, shift: float) -> str:
    product = x if scale == 1 else f"{literal(scale)} * {x}"
    if not shift:
        return product
    return f"{product} {'-' if shift < 0 else '+'} {literal(abs(shift))}"


FORMS: Forms = {
    activation.BNLL: _bnll,
    activation.ELU: _elu,
    activation.Maxout: _maxout,
    activation.PReLU: _prelu,
    activation.RReLU: _rrelu,
    activation.ReLU: _relu,
    activation.ReLU6: _relu6,
    activation.Sigmoid: _sigmoid,
    activation.Swish: _swish,
    activation.TanH: _tanh,
    nn.Dropout: _dropout,
    pointwise.AbsVal: _absval,
    pointwise.Clip: _clip,
    pointwise.Exp: _exp,
    pointwise.Log: _log,
    pointwise.Power: _power,
    pointwise.Threshold: _threshold,
}
