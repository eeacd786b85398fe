"""Old nets and solvers become today's, by Caffe's rules."""

import pytest

from protonet.diagnostics import DiagnosticError, Severity
from protonet.source import Source
from protonet.spec.change import Change, losses
from protonet.spec.upgrade import (
    upgrade_net,
    upgrade_net_text,
    upgrade_solver,
    upgrade_solver_text,
)
from protonet.syntax.parse import parse
from tests.spec.upgraded import net_in_canonical_form, solver_in_canonical_form

Problem = tuple[str, str, str, str]


def problems(text: str, *, solver: bool = False) -> list[Problem]:
    """Return code, message, what is underlined, and help of all that an upgrade refuses."""
    with pytest.raises(DiagnosticError) as caught:
        (upgrade_solver_text if solver else upgrade_net_text)(text)
    found: list[Problem] = []
    for problem in caught.value.diagnostics:
        span = problem.labels[0].span
        found.append((problem.code, problem.message, text[span.start : span.end], problem.help))
    return found


def left_out(text: str) -> list[str]:
    tree = parse(Source(text))
    return [change.what for change in upgrade_net(tree)[1] if change.lossy]


TODAY = """\
name: "n"
layer {
  name: "data"
  type: "Input"
  top: "data"
  input_param { shape { dim: 1 dim: 3 } }
}
layer {
  name: "bn"
  type: "BatchNorm"
  bottom: "data"
  top: "data"
  param { lr_mult: 0 decay_mult: 0 }
  param { lr_mult: 0 decay_mult: 0 }
  param { decay_mult: 0 lr_mult: 0.0 }
}
"""


def test_a_net_of_today_stays_the_same_tree() -> None:
    tree = parse(Source(TODAY))

    assert upgrade_net(tree) == (tree, ())
    assert upgrade_net(tree)[0] is tree


def test_a_solver_of_today_stays_the_same_tree() -> None:
    tree = parse(Source('type: "Adam" base_lr: 0.1 net_param { name: "n" }'))

    assert upgrade_solver(tree)[0] is tree


def test_text_keeps_comments_and_what_needs_no_change() -> None:
    text = """\
# a deploy file
input: "x"   # the image
input_dim: 1 input_dim: 3
input_dim: 8 input_dim: 8 # square
# the only layer
layers { name: "r" type: RELU bottom: "x" top: "x" }
"""
    assert (
        upgrade_net_text(text)
        == """\
# a deploy file
layer {
  name: "input"
  type: "Input"
  top: "x"
  input_param {
    shape { dim: 1 dim: 3 dim: 8 dim: 8 }
  }
}   # the image
# square
# the only layer
layer { name: "r" type: "ReLU" bottom: "x" top: "x" }
"""
    )


def test_every_input_gets_its_shape_or_four_dims() -> None:
    shapes = 'input: "a" input: "b" input_shape { dim: 2 } input_shape { } input_shape { dim: 9 }'
    dims = 'input: ["a", "b"] input_dim: [1, 2, 3, 4, 5, 6, 7] input_dim: 8 input_dim: 9'

    assert (
        net_in_canonical_form(shapes)
        == """\
layer {
  name: "input"
  type: "Input"
  top: "a"
  top: "b"
  input_param {
    shape { dim: 2 }
    shape { }
  }
}
"""
    )
    assert (
        net_in_canonical_form(dims)
        == """\
layer {
  name: "input"
  type: "Input"
  top: "a"
  top: "b"
  input_param {
    shape { dim: 1 dim: 2 dim: 3 dim: 4 }
    shape { dim: 5 dim: 6 dim: 7 dim: 8 }
  }
}
"""
    )


def test_input_shape_wins_over_input_dim() -> None:
    text = 'input: "a" input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 1 input_shape { dim: 7 }'

    assert "    shape { dim: 7 }\n" in net_in_canonical_form(text)


def test_the_input_layer_comes_before_all_layers_and_behind_the_name() -> None:
    text = 'name: "n" layer { name: "s" } input: "x" input_shape { dim: 1 } debug_info: true'

    assert [
        line.split()[0] for line in net_in_canonical_form(text).splitlines() if line[0] != " "
    ] == [
        "name:",
        "layer",
        "}",
        "layer",
        "debug_info:",
    ]


def test_an_input_takes_the_comments_in_its_shape_along_and_nothing_else_moves() -> None:
    text = """\
name:  "x"   # odd

# regions
input: "rois" # R
input_shape {
  dim: 1 # changed on the fly
  dim: 5
} # end

layer {   name: "p" type:"Pooling"  bottom: 'rois' top: 'p' }
"""
    assert (
        upgrade_net_text(text)
        == """\
name:  "x"   # odd

# regions
layer {
  name: "input"
  type: "Input"
  top: "rois"
  input_param {
    shape {
      dim: 1  # changed on the fly
      dim: 5
    }
  }
} # R
# end

layer {   name: "p" type:"Pooling"  bottom: 'rois' top: 'p' }
"""
    )


def test_an_input_without_any_shape_is_left_out() -> None:
    """Old caffemodels have such."""
    tree = parse(Source('name: "n" input: "x" layer { }'))

    upgraded, changes = upgrade_net(tree)

    assert [field.name for field in upgraded.root.fields] == ["name", "layer"]
    assert changes == (Change("`input` without a shape was left out", 10),)


@pytest.mark.parametrize("shape", ["input_shape { dim: 1 }", "input_dim: [1, 1, 1, 1, 2]"])
def test_an_input_that_lacks_its_shape_is_refused(shape: str) -> None:
    assert problems(f'input: "a" input: "b" {shape}') == [
        (
            "PN019",
            "input `b` has no shape",
            "input",
            "every `input` needs an `input_shape`, or four `input_dim`",
        )
    ]


def test_fewer_than_four_dims_are_no_shape() -> None:
    """Caffe reads beyond them."""
    assert [code for code, *_ in problems('input: "a" input_dim: 1 input_dim: 10')] == ["PN019"]


def test_three_params_of_batch_norm_are_frozen() -> None:
    text = """\
layer {
  type: "BatchNorm"
  param { lr_mult: 1 }
  param { name: "shared" decay_mult: 2 }
  param {
  }
}
"""
    assert (
        net_in_canonical_form(text)
        == """\
layer {
  type: "BatchNorm"
  param { lr_mult: 0 decay_mult: 0 }
  param { name: "shared" decay_mult: 0 lr_mult: 0 }
  param {
    lr_mult: 0
    decay_mult: 0
  }
}
"""
    )


def test_params_of_batch_norm_in_a_list_are_frozen() -> None:
    text = 'layer { type: "BatchNorm" param: [{ lr_mult: 1 }, {}] param { } }'

    assert (
        net_in_canonical_form(text)
        == """\
layer {
  type: "BatchNorm"
  param: [{ lr_mult: 0 decay_mult: 0 }, { lr_mult: 0 decay_mult: 0 }]
  param { lr_mult: 0 decay_mult: 0 }
}
"""
    )


@pytest.mark.parametrize(
    "layer",
    [
        'type: "BatchNorm" param { } param { }',
        'type: "BatchNorm"',
        'type: "Scale" param { } param { } param { }',
        "param { } param { } param { }",
    ],
)
def test_other_params_stay(layer: str) -> None:
    tree = parse(Source(f"layer {{ {layer} }} layer: 3"))

    assert upgrade_net(tree)[0] is tree


def test_what_is_no_layer_at_all_stays_for_bind_to_refuse() -> None:
    text = 'layer: 3 layer { type: "BatchNorm" param { } param: 1 param { } }'

    assert (
        net_in_canonical_form(text)
        == """\
layer: 3
layer {
  type: "BatchNorm"
  param { lr_mult: 0 decay_mult: 0 }
  param: 1
  param { lr_mult: 0 decay_mult: 0 }
}
"""
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("SGD", "SGD"),
        ("NESTEROV", "Nesterov"),
        ("ADAGRAD", "AdaGrad"),
        ("RMSPROP", "RMSProp"),
        ("ADADELTA", "AdaDelta"),
        ("ADAM", "Adam"),
        ("0", "SGD"),
        ("5", "Adam"),
    ],
)
def test_solver_type_becomes_type(old: str, new: str) -> None:
    assert solver_in_canonical_form(f"net: 'n' solver_type: {old} base_lr: 1e-2") == (
        f'net: "n"\ntype: "{new}"\nbase_lr: 1e-2\n'
    )


@pytest.mark.parametrize("old", ["LBFGS", "9", "'SGDX'", "{ }"])
def test_an_unknown_solver_type_stays_for_bind_to_refuse(old: str) -> None:
    assert solver_in_canonical_form(f"solver_type: {old}").startswith("solver_type")


def test_two_types_of_a_solver_are_refused() -> None:
    assert problems('type: "Adam"\nsolver_type: SGD', solver=True) == [
        (
            "PN017",
            "the solver's type is given twice, as `type` and as `solver_type`",
            "solver_type",
            "keep `type`; `solver_type` is its old spelling",
        )
    ]


@pytest.mark.parametrize("name", ["net_param", "train_net_param", "test_net_param"])
def test_a_net_within_a_solver_is_upgraded(name: str) -> None:
    text = f'{name} {{ layers {{ name: "r" type: RELU }} }} max_iter: 1'

    assert solver_in_canonical_form(text) == (
        f'{name} {{ layer {{ name: "r" type: "ReLU" }} }}\nmax_iter: 1\n'
    )


def test_nets_in_a_list_within_a_solver_are_upgraded() -> None:
    text = "test_net_param: [{ layers { type: TANH } }, { }]"

    assert solver_in_canonical_form(text) == 'test_net_param: [{ layer { type: "TanH" } }, { }]\n'


def test_a_net_within_a_solver_may_be_refused() -> None:
    text = 'net_param { layers { layer { type: "cnov" } } }'

    assert problems(text, solver=True) == [
        ("PN015", "V0 has no layer type `cnov`", '"cnov"', "did you mean `conv`?")
    ]


def test_what_is_left_out_is_a_warning_in_the_file() -> None:
    text = 'layers { layer { type: "relu" pad: 1 } }'
    tree = parse(Source(text))

    (warning,) = losses(tree, upgrade_net(tree)[1])

    assert (warning.code, warning.severity) == ("PN016", Severity.WARNING)
    assert warning.message == "a V0 layer of type `relu` has no `pad`"
    assert warning.help == "Caffe leaves it out as well; remove it"
    assert text[warning.labels[0].span.start : warning.labels[0].span.end] == "pad"


def test_a_change_from_nowhere_in_the_text_still_has_a_place() -> None:
    tree = parse(Source("{"[:0] + " a: 1"))

    (warning,) = losses(tree, [Change("gone", 0, lossy=True)])

    assert warning.labels[0].span.start == warning.labels[0].span.end == 0
