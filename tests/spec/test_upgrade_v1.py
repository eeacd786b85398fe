"""V1 `layers` become `layer`."""

import pytest

from protonet.source import Source
from protonet.spec.upgrade import upgrade_net
from protonet.syntax.parse import parse
from protonet.syntax.tree import Block
from tests.spec.upgraded import net_in_canonical_form

TYPES = {
    0: ("NONE", ""),
    4: ("CONVOLUTION", "Convolution"),
    9: ("HDF5_DATA", "HDF5Data"),
    14: ("INNER_PRODUCT", "InnerProduct"),
    21: ("SOFTMAX_LOSS", "SoftmaxWithLoss"),
    30: ("ARGMAX", "ArgMax"),
    35: ("ABSVAL", "AbsVal"),
    39: ("DECONVOLUTION", "Deconvolution"),
}


@pytest.mark.parametrize("number", TYPES)
def test_a_type_is_known_by_name_and_by_number(number: int) -> None:
    name, today = TYPES[number]

    assert net_in_canonical_form(f"layers {{ type: {name} }}") == f'layer {{ type: "{today}" }}\n'
    assert net_in_canonical_form(f"layers {{ type: {number} }}") == f'layer {{ type: "{today}" }}\n'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("INTERP", '"Interp"'),
        ("KEYPOINT", '"KEYPOINT"'),
        ('"Softmax"', '"Softmax"'),
        ("40", "40"),
        ("-1", "-1"),
        ("1.5", "1.5"),
    ],
)
def test_a_type_that_v1_has_not_is_a_fork_s_or_stays_what_it_says(old: str, new: str) -> None:
    assert net_in_canonical_form(f"layers {{ type: {old} }}") == f"layer {{ type: {new} }}\n"


def test_a_layer_without_a_type_is_upgraded() -> None:
    assert net_in_canonical_form("layers { name: 'x' }") == 'layer { name: "x" }\n'


def test_lists_of_values_become_param_messages() -> None:
    text = """\
layers {
  name: "a"
  blobs_lr: 1.
  blobs_lr: 2
  type: INNER_PRODUCT
  weight_decay: [1, 0, 3]
  param: "w"
  blob_share_mode: PERMISSIVE
  inner_product_param { num_output: 3 }
}
"""
    assert (
        net_in_canonical_form(text)
        == """\
layer {
  name: "a"
  param {
    name: "w"
    share_mode: PERMISSIVE
    lr_mult: 1.
    decay_mult: 1
  }
  param { lr_mult: 2 decay_mult: 0 }
  param { decay_mult: 3 }
  type: "InnerProduct"
  inner_product_param { num_output: 3 }
}
"""
    )


def test_a_param_message_within_v1_is_taken_as_it_is_meant() -> None:
    text = "layers { param { name: 'w' } param { } blobs_lr: 5 blobs_lr: 6 }"

    assert net_in_canonical_form(text) == (
        'layer { param { name: "w" lr_mult: 5 } param { lr_mult: 6 } }\n'
    )


def test_new_fields_point_at_the_old_ones() -> None:
    text = "layers { blobs_lr: 3 weight_decay: 4 type: RELU }"

    tree = upgrade_net(parse(Source(text)))[0]

    span = tree.place("layer", 0, "param", 0, "decay_mult")
    assert text[span.start : span.end] == "4"
    assert text[tree.place("layer", 0, "type").start :] == "RELU }"


def test_v1_and_v2_layers_may_be_mixed() -> None:
    """Caffe refuses such a file."""
    text = 'layer { type: "ReLU" } layers { type: RELU } layer { type: "TanH" }'

    assert net_in_canonical_form(text) == (
        'layer { type: "ReLU" }\nlayer { type: "ReLU" }\nlayer { type: "TanH" }\n'
    )


def test_layers_in_a_list_and_what_is_no_layer() -> None:
    text = "layers: [{ type: RELU }, { type: TANH }] layers: 3"

    assert net_in_canonical_form(text) == (
        'layer: [{ type: "ReLU" }, { type: "TanH" }]\nlayer: 3\n'
    )


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("DATA", "data_param"),
        ("IMAGE_DATA", "image_data_param"),
        ("WINDOW_DATA", "window_data_param"),
    ],
)
def test_transformations_move_to_transform_param(kind: str, message: str) -> None:
    text = f"""\
layers {{
  type: {kind}
  {message} {{
    scale: 0.50
    source: "s"  # where
    mirror: true
    crop_size: 3
    mean_file: "m"
  }}
}}
"""
    today = {"DATA": "Data", "IMAGE_DATA": "ImageData", "WINDOW_DATA": "WindowData"}[kind]

    assert (
        net_in_canonical_form(text)
        == f"""\
layer {{
  type: "{today}"
  {message} {{
    source: "s"  # where
  }}
  transform_param {{
    scale: 0.50
    mirror: true
    crop_size: 3
    mean_file: "m"
  }}
}}
"""
    )


def test_a_transform_param_that_is_there_is_overruled() -> None:
    text = "layers { transform_param { scale: 1 mirror: true } type: DATA data_param { scale: 2 } }"

    assert net_in_canonical_form(text) == (
        'layer { transform_param { scale: 2 mirror: true } type: "Data" data_param { } }\n'
    )


def test_a_mean_of_three_channels_outlives_what_moves_beside_it() -> None:
    text = (
        "layers { type: DATA data_param { scale: 2 mirror: true } "
        "transform_param { mean_value: 104 mean_value: 117 scale: 1 mean_value: 123 } }"
    )

    assert net_in_canonical_form(text) == (
        'layer {\n  type: "Data"\n  data_param { }\n  transform_param { '
        "mean_value: 104 mean_value: 117 scale: 2 mean_value: 123 mirror: true }\n}\n"
    )


def test_what_is_given_twice_stays_given_twice() -> None:
    """For `bind` to refuse."""
    text = "layers { type: DATA data_param { scale: 2 scale: 3 } transform_param { scale: 1 } }"

    assert net_in_canonical_form(text) == (
        'layer { type: "Data" data_param { } transform_param { scale: 2 scale: 3 } }\n'
    )


def test_moving_touches_every_data_layer_of_the_net_as_in_caffe() -> None:
    text = (
        "layers { type: DATA data_param { scale: 2 } } layers { type: DATA } layers { type: RELU }"
    )

    root = upgrade_net(parse(Source(text)))[0].root

    names = [[field.name for field in layer.fields] for layer in root.blocks("layer")]
    assert names == [
        ["type", "data_param", "transform_param"],
        ["type", "transform_param", "data_param"],
        ["type"],
    ]


def test_transformations_of_a_layer_of_today_stay() -> None:
    """There Caffe ignores them."""
    tree = parse(Source('layer { type: "Data" data_param { scale: 2 } }'))

    assert upgrade_net(tree)[0] is tree


def test_an_upgraded_layer_stands_where_the_old_one_did() -> None:
    (layer,) = upgrade_net(parse(Source("layers { type: RELU }")))[0].root.blocks("layer")

    assert (layer.at, layer.end) == (7, 21)
    assert isinstance(layer, Block)
