"""V0 `layers { layer { } }` become `layer`."""

import pytest

from protonet.source import Source
from protonet.spec.upgrade import upgrade_net
from protonet.syntax.parse import parse
from tests.spec.test_upgrade import left_out, problems
from tests.spec.upgraded import net_in_canonical_form


def upgraded(inner: str, outer: str = "") -> str:
    """Return the fields of a V0 layer of today, in one line."""
    lines = net_in_canonical_form(f"layers {{ layer {{ {inner} }} {outer} }}").split()
    return " ".join(lines[2:-1])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("accuracy", "Accuracy"),
        ("conv", "Convolution"),
        ("hdf5_output", "HDF5Output"),
        ("im2col", "Im2col"),
        ("images", "ImageData"),
        ("innerproduct", "InnerProduct"),
        ("multinomial_logistic_loss", "MultinomialLogisticLoss"),
        ("pool", "Pooling"),
        ("softmax_loss", "SoftmaxWithLoss"),
        ("window_data", "WindowData"),
    ],
)
def test_types(old: str, new: str) -> None:
    assert upgraded(f"name: 'x' type: '{old}'", "bottom: 'a' top: 'b'") == (
        f'name: "x" type: "{new}" bottom: "a" top: "b"'
    )


@pytest.mark.parametrize(
    ("kind", "inner", "today"),
    [
        (
            "conv",
            "num_output: 2 biasterm: false kernelsize: 3 pad: 1 group: 2",
            "convolution_param { num_output: 2 bias_term: false kernel_size: 3 pad: 1 group: 2 }",
        ),
        (
            "innerproduct",
            "weight_filler { std: 1 } bias_filler { }",
            "inner_product_param { weight_filler { std: 1 } bias_filler { } }",
        ),
        ("pool", "pool: AVE kernelsize: 2", "pooling_param { pool: AVE kernel_size: 2 }"),
        ("dropout", "dropout_ratio: .3", "dropout_param { dropout_ratio: .3 }"),
        (
            "lrn",
            "local_size: 3 alpha: 1 beta: 2 k: 3",
            "lrn_param { local_size: 3 alpha: 1 beta: 2 k: 3 }",
        ),
        ("concat", "concat_dim: 0", "concat_param { concat_dim: 0 }"),
        (
            "data",
            "source: 's' batchsize: 2 rand_skip: 3",
            'data_param { source: "s" batch_size: 2 rand_skip: 3 }',
        ),
        ("hdf5_data", "source: 's' batchsize: 2", 'hdf5_data_param { source: "s" batch_size: 2 }'),
        ("infogain_loss", "source: 's'", 'infogain_loss_param { source: "s" }'),
        (
            "hdf5_output",
            "hdf5_output_param { file_name: 'f' }",
            'hdf5_output_param { file_name: "f" }',
        ),
        (
            "images",
            "shuffle_images: true new_height: 4 new_width: 5",
            "image_data_param { shuffle: true new_height: 4 new_width: 5 }",
        ),
        (
            "window_data",
            "det_fg_threshold: 1 det_bg_threshold: 2 det_fg_fraction: 3 det_context_pad: 4",
            "window_data_param { fg_threshold: 1 bg_threshold: 2 fg_fraction: 3 context_pad: 4 }",
        ),
        (
            "window_data",
            "batchsize: 2 det_crop_mode: 's'",
            'window_data_param { batch_size: 2 crop_mode: "s" }',
        ),
        (
            "relu",
            "scale: 1 meanfile: 'm' cropsize: 2 mirror: true",
            'transform_param { scale: 1 mean_file: "m" crop_size: 2 mirror: true }',
        ),
        ("relu", "blobs_lr: 1 weight_decay: 0", "param { lr_mult: 1 decay_mult: 0 }"),
    ],
)
def test_parameters_move_into_the_message_of_their_type(kind: str, inner: str, today: str) -> None:
    assert upgraded(f"type: '{kind}' {inner}").partition('" ')[2] == today


def test_a_parameter_that_does_not_fit_its_type_is_left_out() -> None:
    text = "layers { layer { type: 'data' pad: 1 new_num: 2 hdf5_output_param { } kernelsize: 3 } }"

    assert net_in_canonical_form(text) == 'layer { type: "Data" }\n'
    assert left_out(text) == [
        "a V0 layer of type `data` has no `pad`",
        "a V0 layer of type `data` has no `new_num`",
        "a V0 layer of type `data` has no `hdf5_output_param`",
        "a V0 layer of type `data` has no `kernelsize`",
    ]


def test_a_net_keeps_what_v0_knew() -> None:
    text = """\
name: "n" force_backward: true debug_info: true state { } input_shape { }
layers { layer { name: "r" } }
odd: 1
"""
    assert net_in_canonical_form(text) == (
        'name: "n"\nforce_backward: true\nlayer { name: "r" }\nodd: 1\n'
    )
    assert left_out(text) == [
        "a V0 net has no `debug_info`",
        "a V0 net has no `state`",
        "a V0 net has no `input_shape`",
    ]


def test_v1_and_v2_layers_within_a_v0_net_are_kept() -> None:
    text = (
        "layers { layer { type: 'relu' } } layers { type: TANH } layers: 3 layer { type: 'BNLL' }"
    )

    assert net_in_canonical_form(text) == (
        'layer { type: "ReLU" }\nlayer { type: "TanH" }\nlayer: 3\nlayer { type: "BNLL" }\n'
    )


def test_layers_in_a_list_become_one_each() -> None:
    kinds = ("relu", "padding", "tanh")
    text = "layers: [" + ", ".join(f"{{ layer {{ type: '{kind}' }} }}" for kind in kinds) + "]"

    assert net_in_canonical_form(text) == 'layer { type: "ReLU" }\nlayer { type: "TanH" }\n'


PADDED = """\
layers { layer { name: "p" type: "padding" pad: 2 } bottom: "x" top: "px" }
layers { layer { name: "c" type: "conv" pad: 9 kernelsize: 3 } bottom: "px" top: "c" }
"""


def test_a_padding_layer_becomes_the_pad_of_the_next() -> None:
    assert (
        net_in_canonical_form(PADDED)
        == """\
layer {
  name: "c"
  type: "Convolution"
  bottom: "x"
  top: "c"
  convolution_param { kernel_size: 3 pad: 2 }
}
"""
    )
    assert [change.what for change in upgrade_net(parse(Source(PADDED)))[1]] == [
        "a padding layer became the next layer's `pad`",
        "what `layer` held moved one level up, parameters to `convolution_param`",
        "`layers` became `layer`",
        'type "conv" became "Convolution"',
    ]


def test_a_padded_blob_may_be_hidden_by_a_later_one_of_its_name() -> None:
    text = PADDED + 'layers { layer { type: "relu" } bottom: "c" top: "px" }\n'
    text += 'layers { layer { type: "softmax" } bottom: "px" top: "s" }\n'

    assert 'layer { type: "Softmax" bottom: "px" top: "s" }\n' in net_in_canonical_form(text)


@pytest.mark.parametrize(
    "layer",
    [
        'layer { type: "relu" } bottom: "p"',
        'layer { type: "conv" } bottom: ["x", "p"]',
        "type: POOLING bottom: 'p'",
    ],
)
def test_padding_for_a_layer_that_cannot_pad_is_refused(layer: str) -> None:
    text = f'layers {{ layer {{ type: "padding" }} bottom: "x" top: "p" }}\nlayers {{ {layer} }}'

    assert problems(text) == [
        (
            "PN018",
            "`p` is padded for a layer that cannot pad",
            "bottom",
            "V0 pads a convolution or pooling with one bottom; pad in another way",
        )
    ]


def test_all_unknown_types_are_told_at_once() -> None:
    text = "layers { layer { type: 'cnov' } } layers { layer { type: qqq } }"

    assert problems(text) == [
        ("PN015", "V0 has no layer type `cnov`", "'cnov'", "did you mean `conv`?"),
        ("PN015", "V0 has no layer type `qqq`", "qqq", ""),
    ]


def test_new_fields_point_at_the_old_ones() -> None:
    text = "layers { layer { type: 'conv' kernelsize: 7 } }"

    tree = upgrade_net(parse(Source(text)))[0]

    span = tree.place("layer", 0, "convolution_param", "kernel_size")
    assert text[span.start : span.end] == "7"
