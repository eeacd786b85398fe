"""A train_val net becomes the net that is deployed."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.export.deploy import deploy
from protonet.graph.build import build
from protonet.graph.rules import merged
from protonet.message.common import Phase
from protonet.shape import Shape
from protonet.source import Source
from protonet.spec.change import told
from protonet.spec.dialect import resolve
from protonet.spec.read import read_net
from protonet.syntax.parse import parse

ZOO = Path(__file__).parents[2] / "zoo"

TRAIN_VAL = """\
# A small net.
name: "small"

# Images and labels.
layer {
  name: "images"  # of a database
  type: "Data"
  top: "data"
  top: "label"
  include { phase: TRAIN }
  data_param { source: "nowhere" batch_size: 4 }
}
layer {
  name: "images"
  type: "Data"
  top: "data"
  top: "label"
  include { phase: TEST }
  transform_param { crop_size: 8 }
  data_param { source: "nowhere" batch_size: 2 }
}

# What is learned.
layer {
  name: "ip"   # odd layout
    type: "InnerProduct" bottom: "data" top: "ip"
  exclude { stage: "x" }
  inner_product_param { num_output: 3 }
}

# Only for training:
layer { name: "onehot" type: "Power" bottom: "label" top: "onehot" }
layer { name: "hush" type: "Silence" bottom: "onehot" }
layer { name: "score" type: "Accuracy" bottom: "ip" bottom: "label" top: "score" }
layer {
  name: "loss"
  type: "SoftmaxWithLoss"
  bottom: "ip"
  bottom: "label"
  softmax_param { axis: 1 }
  loss_param { ignore_label: 0 }
}
"""

DEPLOY = """\
# A small net.
name: "small"

# Images and labels.
layer {
  name: "data"
  type: "Input"
  top: "data"
  input_param {
    shape { dim: 1 dim: 3 dim: 8 dim: 8 }
  }
}

# What is learned.
layer {
  name: "ip"   # odd layout
    type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 3 }
}

layer {
  name: "prob"
  type: "Softmax"
  bottom: "ip"
  top: "prob"
  softmax_param { axis: 1 }
}
"""


def deployed(text: str, **inputs: Shape) -> str:
    return deploy(Source(text), inputs)[0]


def test_comments_and_layout_of_what_is_kept_stay() -> None:
    assert deployed(TRAIN_VAL) == DEPLOY.replace("# Images and labels.\n", "")
    assert deployed(DEPLOY.replace("# Images and labels.\n", "")) == DEPLOY.replace(
        "# Images and labels.\n", ""
    )


def test_each_change_is_told() -> None:
    assert told(parse(Source(TRAIN_VAL)), deploy(Source(TRAIN_VAL))[1]) == [
        "<text>:13:1: layer `images` became the input `data` of 1x3x8x8: its `crop_size`",
        "<text>:32:1: layer `onehot` was left out: only training and scoring need it",
        "<text>:33:1: layer `hush` was left out: only training and scoring need it",
        "<text>:34:1: layer `score` was left out: only training and scoring need it",
        "<text>:35:1: layer `loss` became `prob`, the Softmax in it",
    ]


def layers(text: str) -> list[tuple[str, str, tuple[str, ...], tuple[str, ...], object]]:
    """Return what a net computes at TEST: all but fillers, which weights replace."""
    file, _ = resolve(read_net(text))
    train = {"weight_filler", "bias_filler", "filler", "moving_average_fraction"}
    return [
        (
            node.name,
            node.type,
            node.spec.bottom,
            node.spec.top,
            {n: m.model_dump(exclude=train) for n, m in node.spec.param_messages.items()},
        )
        for node in build(file, merged(file.message.state, Phase.TEST)).nodes
        if node.type != "Dropout"  # nothing at TEST; small nets leave it out
    ]


def without_empty(
    found: list[tuple[str, str, tuple[str, ...], tuple[str, ...], object]],
) -> list[tuple[object, ...]]:
    """Leave out messages that say nothing at TEST."""
    quiet: tuple[object, ...] = (
        {},
        {"batch_norm_param": {"use_global_stats": None, "eps": 9.999999747378752e-06}},
    )
    return [(*rest, {} if said in quiet else said) for *rest, said in found]


INPUTS: Mapping[str, dict[str, Shape]] = {
    "cifar10_quick": {"data": (1, 3, 32, 32)},
    "lstm": {"cont": (1, 1), "input": (1, 1)},
    "textures_average": {"data": (1, 3, 64, 64)},
    "textures_bilinear": {"data": (1, 3, 64, 64)},
}
"""What the data would tell if they were there."""

OTHERWISE = {
    "fcn8s": "its deploy net ends with the scores, ours with their softmax",
    "siamese": "its deploy net has one of the two branches",
}
"""Nets whose deploy file is meant to differ."""


@pytest.mark.parametrize(
    "folder", sorted(ZOO.glob("*/train_val.prototxt")), ids=lambda p: p.parent.name
)
def test_a_zoo_net_becomes_its_deploy_file(folder: Path) -> None:
    name = folder.parent.name
    theirs = folder.with_name("deploy.prototxt")
    if name in OTHERWISE or not theirs.exists():
        pytest.skip(OTHERWISE.get(name, "it has no deploy file"))

    text, _ = deploy(Source.read(folder), INPUTS.get(name))

    assert without_empty(layers(text)) == without_empty(layers(theirs.read_text("utf-8")))


def test_a_siamese_net_keeps_both_branches_and_loses_its_labels() -> None:
    text, _ = deploy(Source.read(ZOO / "siamese" / "train_val.prototxt"))

    tops = [top for _, _, _, tops, _ in layers(text) for top in tops]
    assert "feat" in tops
    assert "feat_p" in tops
    assert {"loss", "sim", "differ", "label"}.isdisjoint(tops)


def test_a_map_of_scores_gets_a_softmax() -> None:
    text, _ = deploy(Source.read(ZOO / "fcn8s" / "train_val.prototxt"), {"data": (1, 3, 64, 64)})

    assert layers(text)[-1] == ("prob", "Softmax", ("score",), ("prob",), {})


HEAD = """\
layer { name: "x" type: "MemoryData" top: "x" top: "y" memory_data_param {
  batch_size: 4 channels: 2 height: 1 width: 1
} }
layer { name: "a" type: "InnerProduct" bottom: "x" top: "a" inner_product_param { num_output: 1 } }
layer { name: "b" type: "InnerProduct" bottom: "x" top: "b" inner_product_param { num_output: 1 } }
"""


ONE = HEAD[: HEAD.index('layer { name: "b"')]


def kinds(text: str, **inputs: Shape) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(name, kind, bottoms) for name, kind, bottoms, _, _ in layers(deployed(text, **inputs))]


def test_a_sigmoid_loss_becomes_a_sigmoid() -> None:
    text = ONE + 'layer { name: "l" type: "SigmoidCrossEntropyLoss" bottom: "a" bottom: "y" }\n'

    assert kinds(text) == [
        ("x", "Input", ()),
        ("a", "InnerProduct", ("x",)),
        ("prob", "Sigmoid", ("a",)),
    ]


def test_what_another_loss_compares_with_the_labels_is_kept() -> None:
    text = ONE + 'layer { name: "l" type: "EuclideanLoss" bottom: "y" bottom: "a" }\n'

    assert kinds(text) == [("x", "Input", ()), ("a", "InnerProduct", ("x",))]


@pytest.mark.parametrize(
    ("weight", "heads"),
    [
        ("", [("prob_a", "Softmax", ("a",)), ("prob_b", "Softmax", ("b",))]),
        ("loss_weight: 0.3", [("prob", "Softmax", ("a",))]),
    ],
)
def test_of_losses_on_the_same_labels_the_heaviest_count(
    weight: str, heads: list[tuple[str, str, tuple[str, ...]]]
) -> None:
    text = HEAD + 'layer { name: "l" type: "SoftmaxWithLoss" bottom: "a" bottom: "y" top: "l" }\n'
    text += (
        f'layer {{ name: "m" type: "SoftmaxWithLoss" bottom: "b" bottom: "y" top: "m" {weight} }}\n'
    )

    assert kinds(text)[-len(heads) :] == heads


def test_without_a_loss_what_is_scored_or_not_read_is_kept() -> None:
    text = HEAD + 'layer { name: "s" type: "Accuracy" bottom: "a" bottom: "y" top: "s" }\n'

    assert kinds(text) == [
        ("x", "Input", ()),
        ("a", "InnerProduct", ("x",)),
        ("b", "InnerProduct", ("x",)),
    ]


def test_inputs_stay_or_get_another_shape() -> None:
    text = """\
layer { name: "in" type: "Input" top: "x" top: "y" input_param { shape { dim: 4 dim: 2 } } }
layer { name: "a" type: "InnerProduct" bottom: "x" top: "a" inner_product_param { num_output: 1 } }
layer { name: "l" type: "EuclideanLoss" bottom: "a" bottom: "y" }
"""
    assert deployed(text) == text[: text.index('layer { name: "l"')]
    (x, y, _) = layers(deployed(text, x=(1, 2)))
    assert x[:4] == ("x", "Input", (), ("x",))
    assert y[4] == {"input_param": {"shape": ({"dim": (4, 2)},), "shuffle": False}}


def test_dummy_data_stay() -> None:
    text = """\
layer { name: "x" type: "DummyData" top: "x" dummy_data_param { shape { dim: 1 dim: 2 } } }
layer { name: "a" type: "InnerProduct" bottom: "x" top: "a" inner_product_param { num_output: 1 } }
"""
    assert deployed("force_backward: true\nstate { }\n" + text) == text


@pytest.mark.parametrize(
    ("param", "shape"),
    [
        (
            'type: "ImageData" image_data_param { source: "?" new_height: 4 new_width: 5 }',
            (3, 4, 5),
        ),
        (
            (
                'type: "ImageData" image_data_param '
                '{ source: "?" new_height: 4 new_width: 5 is_color: false }'
            ),
            (1, 4, 5),
        ),
        ('type: "Data" transform_param { crop_size: 4 mean_value: [1, 2] }', (2, 4, 4)),
        ('type: "Data" transform_param { crop_size: 4 mean_value: 9 }', (3, 4, 4)),
        ('type: "Data" transform_param { crop_size: 4 force_gray: true }', (1, 4, 4)),
    ],
)
def test_fields_tell_the_shape_where_the_data_cannot(param: str, shape: Shape) -> None:
    text = HEAD.replace(
        'type: "MemoryData"', param.replace('"Data"', '"Data" data_param { source: "?" }')
    ).replace("memory_data_param {\n  batch_size: 4 channels: 2 height: 1 width: 1\n}", "")

    first = layers(deployed(text))[0]
    assert first[4] == {"input_param": {"shape": ({"dim": (1, *shape)},), "shuffle": False}}


def problems(text: str, **inputs: Shape) -> list[tuple[str, str]]:
    with pytest.raises(DiagnosticError) as caught:
        deployed(text, **inputs)
    return [(problem.code, problem.message) for problem in caught.value.diagnostics]


def test_shapes_that_nobody_knows_are_asked_for() -> None:
    text = TRAIN_VAL.replace("transform_param { crop_size: 8 }", "")

    assert problems(text, dat=(1,)) == [
        (
            "PN802",
            (
                "the shape of the input `data` is not known: "
                "its data cannot be read, and it has no `crop_size`"
            ),
        ),
        ("PN803", "the net has no input `dat`"),
    ]
    assert problems(text.replace('bottom: "data"', 'bottom: "label"'), unlike=(1,)) == [
        ("PN802", "the shape of the input `label` is not known: its data cannot be read"),
        ("PN803", "the net has no input `unlike`"),
    ]


def test_a_net_that_predicts_nothing_is_refused() -> None:
    assert problems('layer { name: "s" type: "Input" top: "s" }\n') == [
        ("PN801", "in phase TEST no layer of this net predicts anything")
    ]


def test_layers_in_a_list_and_of_old_nets_are_edited_too() -> None:
    text = """\
layers { name: "x" type: MEMORY_DATA top: "x" top: "y" memory_data_param {
  batch_size: 4 channels: 2 height: 1 width: 1
} }
layers: [
  { name: "a" type: INNER_PRODUCT bottom: "x" top: "a" inner_product_param { num_output: 1 } },
  { name: "l" type: SOFTMAX_LOSS bottom: "a" bottom: "y" }
]
"""
    assert kinds(text) == [
        ("x", "Input", ()),
        ("a", "InnerProduct", ("x",)),
        ("prob", "Softmax", ("a",)),
    ]


OF_A_FORK = """\
name: "clips"
layer {
  name: "clips" type: "VideoData" top: "data" top: "label" include { phase: TRAIN }
  video_data_param { source: "list" }
  transform_param { crop_size: 8 fix_crop: true crop_size: 9 }
}
layer {  # kept
  name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 3 }
}
layer { name: "labels" type: "LabelMix" bottom: "label" top: "mixed" label_mix_param { } }
layer { name: "loss" type: "CenterLoss" bottom: "ip" bottom: "mixed" center_loss_param { } }
layer { name: "l" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" loss_param { odd: 1 } }
layer { name: "score" type: "NewAccuracy" bottom: "ip" bottom: "label" }
"""


def test_what_is_wrong_with_layers_that_go_does_not_matter() -> None:
    assert kinds(OF_A_FORK, data=(1, 3, 8, 8)) == [
        ("data", "Input", ()),
        ("ip", "InnerProduct", ("data",)),
        ("prob", "Softmax", ("ip",)),
    ]
    assert problems(OF_A_FORK) == [
        (
            "PN802",
            "the shape of the input `data` is not known: a layer of type `VideoData` makes it",
        )
    ]


@pytest.mark.parametrize(
    ("layer", "problem"),
    [
        ('type: "Warp"', ("PN201", "unknown layer type `Warp`")),
        ('type: "ReLU" relu_param { slope: 1 }', ("PN101", "unknown field `slope`")),
    ],
)
def test_what_is_wrong_with_layers_that_stay_is_told(layer: str, problem: tuple[str, str]) -> None:
    text = OF_A_FORK.replace(
        'bottom: "ip" bottom: "label" loss', 'bottom: "r" bottom: "label" loss'
    ).replace(
        'layer { name: "labels"',
        f'layer {{ name: "r" {layer} bottom: "ip" top: "r" }}\nlayer {{ name: "labels"',
    )
    assert problems(text, data=(1, 3, 8, 8)) == [problem]


def test_a_net_whose_weights_are_in_unknown_layers_tells_them() -> None:
    text = OF_A_FORK.replace("InnerProduct", "Warp").replace("inner_product_param", "warp_param")

    assert [code for code, _ in problems(text.replace("SoftmaxWithLoss", "OtherLoss"))] == [
        "PN229",
        "PN229",
    ]


def test_what_only_a_layer_of_a_fork_scores_is_what_is_wanted() -> None:
    text = OF_A_FORK[: OF_A_FORK.index('layer { name: "labels"')] + (
        'layer { name: "eval" type: "DetectionEvaluate" bottom: "ip" bottom: "label" top: "e" }\n'
    )
    assert kinds(text, data=(1, 3, 8, 8)) == [
        ("data", "Input", ()),
        ("ip", "InnerProduct", ("data",)),
    ]


def test_python_layers_that_make_data_become_inputs() -> None:
    text = """\
layer { name: "data" type: "Python" top: "data" top: "label" python_param { module: "m" } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 3 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" }
"""
    assert kinds(text, data=(2, 5)) == [
        ("data", "Input", ()),
        ("ip", "InnerProduct", ("data",)),
        ("prob", "Softmax", ("ip",)),
    ]
    assert [code for code, _ in problems(text)] == ["PN802"]


def test_what_is_wrong_outside_of_layers_is_told_too() -> None:
    assert problems("nam: 1\n" + OF_A_FORK)[0] == ("PN101", "unknown field `nam`")


def test_what_is_wrong_with_the_place_of_a_layer_is_told_though_it_goes() -> None:
    text = OF_A_FORK.replace('type: "SoftmaxWithLoss" bottom', 'type: "SoftmaxWithLoss" botom')

    assert ("PN101", "unknown field `botom`") in problems(text)
