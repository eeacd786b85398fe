"""Nets with other fillers, or with batch normalization."""

from pathlib import Path

from protonet.message.common import FillerParameter
from protonet.spec.read import read_net
from protonet.spec.variant import with_batch_norm, with_fillers

NET = """\
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }
layer {
  name: "conv" type: "Convolution" bottom: "x" top: "conv" include { phase: TRAIN }
  convolution_param { num_output: 4 kernel_size: 1 bias_filler { value: 1 } }
}
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { kernel_size: 2 } }
layer { name: "relu" type: "ReLU" bottom: "pool" top: "pool" }
layer {
  name: "ip" type: "InnerProduct" bottom: "pool" top: "ip" inner_product_param { num_output: 2 }
}
"""


def test_all_weights_get_the_filler_and_biases_keep_theirs() -> None:
    filled = with_fillers(read_net(NET), FillerParameter(type="msra"))

    conv, ip = filled.message.layer[1], filled.message.layer[4]
    assert conv.convolution_param.weight_filler.type == "msra"  # pyright: ignore[reportAttributeAccessIssue] # an extra field
    assert conv.convolution_param.bias_filler.value == 1  # pyright: ignore[reportAttributeAccessIssue] # an extra field
    assert ip.inner_product_param.weight_filler.type == "msra"  # pyright: ignore[reportAttributeAccessIssue] # an extra field


def test_batch_norm_stands_behind_products_that_are_activated_through_a_pooling_too() -> None:
    layers = with_batch_norm(read_net(NET)).message.layer

    assert [(layer.name, layer.type) for layer in layers] == [
        ("in", "Input"),
        ("conv", "Convolution"),
        ("conv/bn", "BatchNorm"),
        ("conv/scale", "Scale"),
        ("pool", "Pooling"),
        ("relu", "ReLU"),
        ("ip", "InnerProduct"),
    ]
    assert {(*layer.bottom, *layer.top) for layer in layers[2:4]} == {("conv", "conv")}
    assert [len(layer.include) for layer in layers[2:4]] == [1, 1]


def test_a_variant_is_where_its_file_is(tmp_path: Path) -> None:
    path = tmp_path / "net.prototxt"
    path.write_text(NET, encoding="utf-8")

    assert with_batch_norm(read_net(path)).folder == tmp_path
