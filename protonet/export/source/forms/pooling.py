"""Pooling: torch's own windows are Caffe's where the padding is at most half a kernel."""

from protonet.export.source.form import Form, Forms, NoFormError, Site, module
from protonet.export.source.text import call, changed, literal, side
from protonet.ops import pooling
from protonet.ops.pooling import Method
from protonet.shape import PoolWindow


def _pooling(op: pooling.Pooling, site: Site) -> Form:
    window = op.window
    if op.method is Method.STOCHASTIC:
        return _stochastic(op.window, site)
    if op.mask:
        return _with_places(window or PoolWindow(site.shape[2:]), site)
    if window is None:
        reduce = "mean" if op.method is Method.AVE else "amax"
        return Form(f"{site.x}.{reduce}((2, 3), keepdim=True)")
    if any(2 * p > k for p, k in zip(window.pad, window.kernel, strict=True)):
        kind = "avg" if op.method is Method.AVE else "max"
        return Form(call(f"framed_{kind}_pool", site.x, *_numbers(window)))
    kind = "nn.AvgPool2d" if op.method is Method.AVE else "nn.MaxPool2d"
    return module(site, call(kind, side(window.kernel), **_options(window)))


def _options(window: PoolWindow) -> dict[str, object]:
    stride = side(window.stride)
    return changed(
        stride=(stride, side(window.kernel)),
        padding=(side(window.pad), 0),
        ceil_mode=(window.ceil, False),
    )


def _numbers(window: PoolWindow) -> tuple[str, ...]:
    """Return kernel, stride, padding and rounding as the parts take them."""
    sizes = zip(
        ("kernel", "stride", "padding"), (window.kernel, window.stride, window.pad), strict=True
    )
    numbers = tuple(f"{name}={literal(tuple(size))}" for name, size in sizes)
    return numbers if window.ceil else (*numbers, "ceil=False")


def _with_places(window: PoolWindow, site: Site) -> Form:
    return Form(call("max_pool_with_places", site.x, *_numbers(window)))


def _stochastic(window: PoolWindow | None, site: Site) -> Form:
    window = window or PoolWindow(site.shape[2:])
    return module(site, call("StochasticPool", *_numbers(window)))


def _pyramid(op: pooling.SpatialPyramid, site: Site) -> Form:
    if op.method is Method.STOCHASTIC:
        raise NoFormError("a pyramid of STOCHASTIC pooling is not written in plain torch")
    kind = "framed_avg_pool" if op.method is Method.AVE else "framed_max_pool"
    return Form(call("spatial_pyramid", site.x, op.height, kind))


FORMS: Forms = {pooling.Pooling: _pooling, pooling.SpatialPyramid: _pyramid}
