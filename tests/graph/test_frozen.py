"""Which layers depend on nothing but the sample, and what the rest reads of them."""

import pytest

from protonet.graph.frozen import FrozenPrefix, frozen_prefix, is_same_in_one_batch, moving, rest
from protonet.graph.share import own
from protonet.message.common import Phase
from tests.graph.nets import shapes_of

DATA = """
layer { name: "data" type: "MemoryData" top: "x" top: "t"
  memory_data_param { batch_size: 2 channels: 3 height: 4 width: 4 } }
"""
FROZEN = "param { lr_mult: 0 } param { lr_mult: 0 }"
CONV = f"""
layer {{ name: "conv" type: "Convolution" bottom: "x" top: "conv" {FROZEN}
  convolution_param {{ num_output: 2 kernel_size: 3 }} }}
layer {{ name: "relu" type: "ReLU" bottom: "conv" top: "conv" }}
"""
IP = """
layer { name: "ip" type: "InnerProduct" bottom: "%s" top: "ip"
  inner_product_param { num_output: 5 } }
"""
EARLY = IP.replace("ip", "early") % "conv"
PRELU = """
layer { name: "p" type: "PReLU" bottom: "conv" top: "conv" param { lr_mult: 0 } }
"""
LOSS = """
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }
"""


def found(text: str, phase: Phase = Phase.TRAIN) -> FrozenPrefix | str:
    graph, shapes = shapes_of(text, phase)
    ownership = own(graph, shapes)
    return frozen_prefix(graph, shapes, ownership, moving(graph, ownership, shapes))


def prefix(text: str, phase: Phase = Phase.TRAIN) -> FrozenPrefix:
    result = found(text, phase)
    assert isinstance(result, FrozenPrefix)
    return result


def between(layer: str) -> str:
    """Return a net with a layer from `conv` to `y` before the one that learns."""
    return DATA + CONV + layer + IP % "y" + LOSS


def test_it_ends_where_a_layer_learns_and_the_cut_is_what_the_rest_reads() -> None:
    p = prefix(DATA + CONV + IP % "conv" + LOSS)

    assert (p.span, p.blobs, p.bytes_per_sample) == ("conv .. relu", "conv, t", 4 * (8 + 1))
    assert p.end == "layer `ip` learns"
    assert [(value.blob, value.version) for value in p.cut] == [("t", 0), ("conv", 1)]


def test_layers_without_blobs_belong_to_it() -> None:
    p = prefix(between('layer { name: "y" type: "L2Normalize" bottom: "conv" top: "y" }'))

    assert (p.span, p.blobs) == ("conv .. y", "y, t")


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        ('type: "Dropout" bottom: "conv"', "mixes samples, draws random numbers"),
        ('type: "BatchNorm" bottom: "conv"', "mixes samples, draws random numbers"),
        ('type: "Reshape" bottom: "conv" reshape_param { shape { dim: 1 dim: 16 } }', "one value"),
        ('type: "Reduction" bottom: "conv" reduction_param { axis: 0 }', "one value"),
    ],
)
def test_what_is_not_the_sample_alone_ends_it(layer: str, why: str) -> None:
    graph, shapes = shapes_of(DATA + CONV + f'layer {{ name: "y" top: "y" {layer} }}', Phase.TRAIN)
    ownership = own(graph, shapes)

    p = frozen_prefix(graph, shapes, ownership, moving(graph, ownership, shapes))

    assert isinstance(p, FrozenPrefix)
    assert p.end.startswith("layer `y` ")
    assert why in p.end
    assert p.span == "conv .. relu"


@pytest.mark.parametrize(
    "layer",
    [
        'type: "Dropout"',
        'type: "BatchNorm"',
        'type: "BatchNorm" batch_norm_param { use_global_stats: true }',
    ],
)
def test_at_test_dropout_and_fixed_statistics_belong_to_it(layer: str) -> None:
    text = between(f'layer {{ name: "y" bottom: "conv" top: "y" {layer} }}')

    assert prefix(text, Phase.TEST).span == "conv .. y"


def test_statistics_that_the_train_net_updates_end_that_of_a_test_net() -> None:
    text = between('layer { name: "y" type: "BatchNorm" bottom: "conv" top: "y" }')
    train, shapes = shapes_of(text, Phase.TRAIN)
    moves = moving(train, own(train, shapes), shapes)
    test, shapes = shapes_of(text, Phase.TEST)

    p = frozen_prefix(test, shapes, own(test, shapes), moves)

    assert isinstance(p, FrozenPrefix)
    assert moves == {("y", 0), ("y", 1), ("y", 2), ("ip", 0), ("ip", 1)}
    assert p.end == "layer `y` has statistics that training changes"


def test_a_test_net_is_frozen_where_the_train_net_is_whatever_it_says_itself() -> None:
    train, shapes = shapes_of(DATA + CONV + IP % "conv" + LOSS)
    moves = moving(train, own(train, shapes), shapes)
    test, shapes = shapes_of((DATA + CONV + IP % "conv").replace(FROZEN, ""), Phase.TEST)

    p = frozen_prefix(test, shapes, own(test, shapes), moves)

    assert isinstance(p, FrozenPrefix)
    assert p.span == "conv .. relu"


def test_layers_at_the_end_that_only_make_the_cut_larger_are_left_out() -> None:
    p = prefix(
        between('layer { name: "y" type: "Tile" bottom: "conv" top: "y" tile_param { tiles: 9 } }')
    )

    assert (p.span, p.blobs, p.end) == ("conv .. relu", "conv, t", "layer `ip` learns")


def test_a_blob_that_is_read_before_and_behind_is_in_the_cut() -> None:
    text = DATA + CONV + IP % "conv" + LOSS
    text += 'layer { name: "s" type: "Silence" bottom: "x" }'
    text += 'layer { name: "m" type: "Eltwise" bottom: "x" bottom: "x" top: "m" }'

    p = prefix(text)

    assert p.span == "conv .. m"
    assert {value.blob for value in p.cut} == {"conv", "t", "m"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (DATA + IP % "x" + LOSS, "layer `ip` learns"),
        (f"force_backward: true {DATA}{CONV}", "`force_backward` is set"),
        (
            'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 4 '
            "dim: 4 } } }" + CONV,
            "it is the whole net",
        ),
        (
            'layer { name: "p" type: "Parameter" top: "p" parameter_param { shape { dim: 2 } } }',
            "layer `p` has no bottom",
        ),
        (DATA + 'layer { name: "r" type: "ReLU" bottom: "x" top: "y" }', "it is the whole net"),
        (
            DATA + CONV + EARLY + PRELU + IP % "conv",
            "the rest reads two versions of a blob",
        ),
    ],
)
def test_there_may_be_none(text: str, why: str) -> None:
    assert found(text) == why


def test_samples_of_two_data_layers_end_it_but_each_has_its_own() -> None:
    other = DATA.replace('"data"', '"more"').replace('"x"', '"u"').replace('"t"', '"v"')
    text = f"""{DATA}{other}{CONV}
    layer {{ name: "f" type: "Flatten" bottom: "conv" top: "f" }}
    layer {{ name: "b" type: "InnerProduct" bottom: "u" top: "b" {FROZEN}
      inner_product_param {{ num_output: 4 }} }}
    layer {{ name: "c" type: "Concat" bottom: "f" bottom: "b" top: "c" }}
    {IP % "c"}{LOSS}"""

    p = prefix(text)

    assert p.end == "layer `c` reads samples of two data layers"
    assert [(s.source.name, [value.blob for value in s.cut]) for s in p.sections] == [
        ("data", ["t", "f"]),
        ("more", ["v", "b"]),
    ]


def test_the_rest_reads_the_cut_from_the_data_layer() -> None:
    graph, _ = shapes_of(DATA + CONV + IP % "conv" + LOSS)

    nodes = rest(graph, prefix(DATA + CONV + IP % "conv" + LOSS)).nodes

    assert [(n.name, [top.blob for top in n.tops]) for n in nodes] == [
        ("data", ["t", "conv"]),
        ("ip", ["ip"]),
        ("loss", ["loss"]),
    ]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (IP % "conv" + LOSS, True),
        (IP % "conv" + LOSS.replace("}", "loss_param { normalization: NONE } }"), False),
        (IP % "conv" + LOSS.replace("}", "loss_param { ignore_label: 1 } }"), False),
        (IP % "conv" + LOSS.replace("}", "softmax_param { axis: -1 } }"), False),
        (
            'layer { name: "y" type: "Dropout" bottom: "conv" top: "y" }' + IP % "y" + LOSS,
            False,
        ),
        (
            IP % "conv"
            + LOSS
            + 'layer { name: "a" type: "Accuracy" bottom: "ip" bottom: "t" top: "a" }',
            True,
        ),
        (IP % "conv", False),
    ],
)
def test_batches_are_the_same_in_one_if_losses_are_means_of_samples(text: str, same: bool) -> None:
    graph, shapes = shapes_of(DATA + CONV + text, Phase.TRAIN)

    assert is_same_in_one_batch(rest(graph, prefix(DATA + CONV + text)), shapes) is same
