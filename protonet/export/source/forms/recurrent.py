"""Recurrent layers."""

from collections.abc import Mapping

from torch import Tensor

from protonet.export.source.form import Form, Forms, Site
from protonet.export.source.text import call, changed
from protonet.ops import recurrent

STATE = "Its recurrent layers go on from the state of the last call, as Caffe's do."


def _lstm_unit(op: recurrent.LSTMUnit, site: Site) -> Form:
    c, gates, cont = site.bottoms
    return Form(call("lstm_unit", c, gates, f"{cont}[..., None]"))


def _lstm(op: recurrent.LSTM, site: Site) -> Form:
    *inputs, hidden = site.blobs
    state = {**_of_inputs(inputs), "recurrent.weight": hidden}
    return _recurrent(op, site, "LSTM", state)


def _rnn(op: recurrent.RNN, site: Site) -> Form:
    *inputs, hidden, weight, bias = site.blobs
    state = {
        **_of_inputs(inputs),
        "recurrent.weight": hidden,
        "output.weight": weight,
        "output.bias": bias,
    }
    return _recurrent(op, site, "RNN", state)


def _of_inputs(blobs: list[Tensor]) -> dict[str, Tensor]:
    return dict(zip(("input.weight", "input.bias", "static.weight"), blobs, strict=False))


def _recurrent(op: recurrent.Recurrent, site: Site, kind: str, state: Mapping[str, Tensor]) -> Form:
    static = [state["static.weight"].shape[1]] if op.static else []
    sizes = state["input.weight"].shape[1], op.num_output, *static
    if not op.expose_hidden:
        init = call(kind, *sizes, **changed(streams=(op.streams, 1)))
        return Form(call(site.name, *site.bottoms), init, state, STATE)
    init = call(kind, *sizes)
    x, cont, *rest = site.bottoms
    states = rest[op.static :]
    return Form(call(f"{site.name}.steps", x, cont, *states, *rest[: op.static]), init, state)


FORMS: Forms = {
    recurrent.LSTM: _lstm,
    recurrent.LSTMUnit: _lstm_unit,
    recurrent.RNN: _rnn,
}
