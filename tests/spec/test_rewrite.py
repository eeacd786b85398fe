"""Spellings of forks become BVLC's, and mean the same."""

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.source import Source
from protonet.spec.change import told
from protonet.spec.read import parse_net, parse_solver, read_net, read_solver
from protonet.spec.rewrite import modernized, notes
from protonet.syntax.parse import parse
from protonet.train.lr import rate


def rewritten(text: str, *, solver: bool = False) -> str:
    """Return the new text, which nothing is done to a second time."""
    new, _ = modernized(Source(text), solver=solver)
    assert modernized(Source(new), solver=solver) == (new, ())
    return new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("convolution_param { hole: 2 }", "convolution_param { dilation: 2 }"),
        ("convolution_param { hole_h: 2 hole_w: 2 }", "convolution_param { dilation: 2 }"),
        (
            "convolution_param { hole_w: 3 pad: 1 hole_h: 2 }",
            "convolution_param { dilation: 2 dilation: 3 pad: 1 }",
        ),
        ("convolution_param { hole_h: 2 }", "convolution_param { dilation: 2 dilation: 1 }"),
        ("pooling_param { ceil_mode: false }", "pooling_param { round_mode: FLOOR }"),
        ("pooling_param { ceil_mode: true }", "pooling_param { round_mode: CEIL }"),
        ("pooling_param { torch_pooling: 1 }", "pooling_param { round_mode: FLOOR }"),
        ("dropout_param { scale_train: true }", "dropout_param { }"),
        ("convolution_param { engine: MKLDNN pad: 1 }", "convolution_param { pad: 1 }"),
        ('engine: "MKL2017"  bottom: "x"', 'bottom: "x"'),
        ("forward_math: FLOAT16 debug: true pooling_param { }", "pooling_param { }"),
    ],
)
def test_a_field_of_a_layer(old: str, new: str) -> None:
    assert rewritten(f"layer {{ {old} }} # end\n") == f"layer {{ {new} }} # end\n"


@pytest.mark.parametrize(
    "text",
    [
        "convolution_param { hole: 2 dilation: 2 }",
        "convolution_param { hole: 2 hole_h: 2 }",
        "convolution_param { hole_h: 2 hole_h: 2 }",
        'convolution_param { hole: "2" }',
        "pooling_param { ceil_mode: false round_mode: FLOOR }",
        "pooling_param { ceil_mode: false torch_pooling: true }",
        "pooling_param { ceil_mode: 7 }",
        "dropout_param { scale_train: false }",
        "convolution_param { engine: CUDNN }",
        "pooling_param { hole: 2 }",
    ],
)
def test_what_is_not_clear_or_means_something_else_stays(text: str) -> None:
    text = f"layer {{ {text} }}"

    assert modernized(Source(text)) == (text, ())


def test_a_solver_warms_up_as_intel_s() -> None:
    text = 'base_lr: 1 # rate\nlr_policy: "fixed"\nwarmup_iter: 4\nwarmup_start_lr: 0.2\n'

    assert rewritten(text, solver=True) == (
        'base_lr: 1 # rate\nlr_policy: "fixed"\nwarmup { iterations: 4 start_lr: 0.2 }\n'
    )
    solver = read_solver(text).message
    # From the first rate evenly up to the last, as Intel's solver computes it.
    assert [rate(solver, it, 0) for it in range(6)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1])


@pytest.mark.parametrize(
    "text", ["warmup_iter: 4\n", "warmup_iter: 4 warmup_start_lr: 1 warmup { iterations: 1 }\n"]
)
def test_half_a_warm_up_is_refused(text: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        parse_solver(text)

    assert {problem.code for problem in caught.value.diagnostics} == {"PN228"}


HOLE = """\
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 1 dim: 9 dim: 9 } } }
layer {
  name: "c"
  type: "Convolution"
  bottom: "x"
  top: "c"
  convolution_param { num_output: 1 kernel_size: 3 hole: 2 }
}
"""


def test_a_net_is_read_as_if_it_had_the_current_spelling() -> None:
    file = read_net(HOLE)

    assert file.message == parse_net(HOLE) == parse_net(HOLE.replace("hole", "dilation"))
    place = file.tree.place("layer", 1, "convolution_param", "dilation")
    assert str(place) == "<text>:7:58"


def test_a_warning_tells_of_each() -> None:
    tree = parse(Source(HOLE + 'engine: "MKLDNN"\n'))

    assert [(d.code, d.severity, d.message, d.help) for d in notes(tree)] == [
        (
            "PN227",
            "warning",
            "`engine` of the Intel fork chooses an implementation: it has no effect",
            "remove it",
        ),
        (
            "PN226",
            "warning",
            "`hole` belongs to the DeepLab fork; the current spelling is `dilation: 2`",
            "`protonet convert` rewrites it",
        ),
    ]
    assert notes(parse(Source(HOLE.replace("hole", "dilation")))) == ()


def test_an_old_net_of_a_fork_is_upgraded_and_read() -> None:
    text = """\
layers { name: "u" type: INTERP bottom: "x" top: "u" interp_param { zoom_factor: 2 } }
"""
    assert rewritten(text) == text.replace("layers", "layer").replace("INTERP", '"Interp"')
    (layer,) = read_net(text).message.layer
    assert (layer.type, layer.param_message("interp_param")) != ("Interp", None)
    assert [layer.type for layer in parse_net(text).layer] == ["Interp"]


def test_what_is_wrong_with_an_old_net_is_told_of_the_file_as_it_stands() -> None:
    with pytest.raises(DiagnosticError) as caught:
        read_net('layers { type: RELU relu_pram { } blobs_lr: "x" }\n')

    assert [(d.code, d.message) for d in caught.value.diagnostics] == [
        ("PN101", "unknown field `relu_pram`"),
        ("PN102", '`blobs_lr` takes a number, not the string "x"'),
    ]


def test_changes_are_told_in_the_order_of_the_text_and_once() -> None:
    text = """\
input: "x" input_dim: [1, 2, 3, 4]
layers { type: DATA data_param { scale: 2 } blobs_lr: 1 weight_decay: 0 }
layers { layer { type: "conv" pad: 1 } top: "x" }
"""
    _, changes = modernized(Source(text))

    assert told(parse(Source(text)), (*changes, *changes)) == [
        "<text>:1:1: `input` became a layer of type `Input`",
        "<text>:2:1: `layers` became `layer`",
        '<text>:2:10: type DATA became "Data"',
        "<text>:2:34: `scale` moved from `data_param` to `transform_param`",
        "<text>:2:45: `blobs_lr` and `weight_decay` became `param { lr_mult decay_mult }`",
        "<text>:3:1: `layers` became `layer`",
        "<text>:3:10: what `layer` held moved one level up, parameters to `convolution_param`",
        '<text>:3:18: type "conv" became "Convolution"',
    ]
