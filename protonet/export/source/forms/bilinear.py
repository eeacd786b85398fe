"""Bilinear pooling, and what follows it."""

from protonet.export.source.form import Form, Forms, Site, four_axes
from protonet.export.source.text import call
from protonet.ops import bilinear


def _bilinear(op: bilinear.Bilinear, site: Site) -> Form:
    return Form(call("bilinear_pool", four_axes(site), four_axes(site, 1)))


def _compact_bilinear(op: bilinear.CompactBilinear, site: Site) -> Form:
    channels = [(*shape, 1, 1)[1] for shape in site.shapes]
    first, second = bilinear.sketches((channels[0], channels[1]), op.num_output)
    kind = "CompactBilinear" if op.sum_pool else "CompactBilinearMap"
    return Form(
        call(site.name, four_axes(site), four_axes(site, 1)),
        call(kind, *channels, op.num_output),
        {"bins1": first.bins, "sign1": first.sign, "bins2": second.bins, "sign2": second.sign},
    )


def _signed_sqrt(op: bilinear.SignedSqrt, site: Site) -> Form:
    return Form(call("signed_sqrt", site.x))


FORMS: Forms = {
    bilinear.Bilinear: _bilinear,
    bilinear.CompactBilinear: _compact_bilinear,
    bilinear.SignedSqrt: _signed_sqrt,
}
