"""What goes to Caffe has only what Caffe knows."""

from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.export.caffe import TYPES, fields_of_caffe, to_caffe
from protonet.layers import LAYERS
from protonet.message.base import Message, name_of
from protonet.message.emit import reachable
from protonet.source import Source
from protonet.spec.forks import owners
from protonet.spec.net import NetParameter
from protonet.spec.read import parse_net
from protonet.spec.solver import SolverParameter

ROOT = Path(__file__).parents[2]


def converted(text: str, *, solver: bool = False) -> tuple[str, list[str]]:
    new, changes = to_caffe(Source(text), solver=solver)
    return new, [change.what for change in changes]


def problems(text: str, *, solver: bool = False) -> list[tuple[str, str]]:
    with pytest.raises(DiagnosticError) as caught:
        converted(text, solver=solver)
    return [(problem.message, str(problem.labels[0].span)) for problem in caught.value.diagnostics]


@pytest.mark.parametrize("path", sorted((ROOT / "zoo").rglob("*.prototxt")), ids=str)
def test_a_zoo_net_of_caffe_s_layers_goes_as_it_is(path: Path) -> None:
    source = Source.read(path)
    net = parse_net(path)
    if {layer.type for layer in net.layer} <= TYPES and "resize_param" not in source.text:
        text, told = to_caffe(source)
        assert (text == source.text) == (not told)
    else:
        with pytest.raises(DiagnosticError, match="PN805"):
            to_caffe(source)


def test_fields_that_change_no_result_are_left_out_and_told() -> None:
    text = """\
net: "n.prototxt"  # the net
keep_last: 3
base_lr: 0.1
early_stopping { monitor: "loss" }  # in time
"""
    assert converted(text, solver=True) == (
        'net: "n.prototxt"  # the net\nbase_lr: 0.1\n# in time\n',
        [
            "`keep_last` was left out: Caffe does not have it, and it changes no result",
            "`early_stopping` was left out: Caffe does not have it, and it changes no result",
        ],
    )


def test_what_changes_the_result_is_refused() -> None:
    solver = 'type: "Lion"\nlr_policy: "plateau"\nwarmup { iterations: 3 }\n'
    net = """\
layer { type: "CompactBilinear" compact_bilinear_param { num_output: 8 } }
layer { type: "InnerProduct" param { max_norm: 3 } }
"""
    assert problems(solver, solver=True) == [
        ("Caffe has no solver type `Lion`", "<text>:1:7"),
        ("Caffe has no policy `plateau`", "<text>:2:1"),
        ("Caffe has no field `warmup`", "<text>:3:1"),
    ]
    assert problems(net) == [
        ("Caffe has no layer type `CompactBilinear`", "<text>:1:15"),
        ("Caffe has no field `max_norm`", "<text>:2:38"),
    ]


def test_old_files_and_forks_spellings_come_out_as_today_s_caffe_writes_them() -> None:
    text = "layers { type: CONVOLUTION convolution_param { hole: 2 } } # end\n"

    assert converted(text)[0] == (
        'layer { type: "Convolution" convolution_param { dilation: 2 } } # end\n'
    )


def test_the_types_are_caffe_s() -> None:
    assert len(TYPES) == 61
    assert set(LAYERS) >= TYPES


def test_fields_below_50000_are_caffe_s_or_those_of_a_fork() -> None:
    kinds: tuple[type[Message], ...] = (NetParameter, SolverParameter)
    messages = {message for message, _ in fields_of_caffe()} - {"LayerParameter"}
    odd = {
        (name_of(message), slot.name)
        for message in reachable(kinds)
        for slot in message.slots().values()
        if name_of(message) in messages and slot.number < 50000
    } - fields_of_caffe()

    assert odd <= owners().keys()


def test_a_fork_s_augmentation_is_refused() -> None:
    text = """\
layer {
  type: "Data"
  transform_param {
    resize_param { prob: 1 }
  }
}
"""
    assert problems(text) == [("Caffe has no field `resize_param`", "<text>:4:5")]
