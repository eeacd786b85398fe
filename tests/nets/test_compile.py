"""Generated code."""

import pytest
import torch

from protonet import Net
from protonet.nets.compile import identifiers
from tests.graph.nets import INPUT

CONV = """layer { name: "c" type: "Convolution" bottom: "x" top: "c"
  convolution_param { num_output: 2 kernel_size: 1 weight_filler { type: "gaussian" } } }
"""
RELU = 'layer { name: "r" type: "ReLU" bottom: "c" top: "%s" }\n'


def inplace(net: Net, module: str) -> bool:
    return net.program.get_submodule(module).inplace is True


def test_code_is_straight_lines() -> None:
    net = Net(INPUT + CONV + RELU % "c", seed=1701)

    assert [line.split(";")[0].strip() for line in net.code.strip().splitlines()] == [
        "def forward(self, x):",
        'c_0 = getattr(self, "c/0")',
        'c_1 = getattr(self, "c/1")',
        "c = self.c(x, c_0, c_1)",
        "r = self.r(c)",
        "return ({'c': r}, ())",
    ]


def test_activation_overwrites_what_nobody_else_reads() -> None:
    assert inplace(Net(INPUT + CONV + RELU % "c"), "r")
    assert inplace(Net(INPUT + CONV + RELU % "y"), "r")


@pytest.mark.parametrize(
    "reader",
    [
        'layer { name: "s" type: "Sigmoid" bottom: "c" top: "s" }',
        'layer { name: "s" type: "Silence" bottom: "c" }',
    ],
)
def test_activation_leaves_what_another_layer_reads(reader: str) -> None:
    assert not inplace(Net(INPUT + CONV + RELU % "y" + reader), "r")


def test_activation_leaves_inputs_views_and_losses() -> None:
    on_input = INPUT + 'layer { name: "r" type: "ReLU" bottom: "x" top: "x" }'
    flatten = 'layer { name: "f" type: "Flatten" bottom: "x" top: "c" }\n'

    assert not inplace(Net(on_input), "r")
    assert not inplace(Net(INPUT + flatten + RELU % "y"), "r")
    assert not inplace(
        Net(INPUT + CONV.replace('top: "c"', 'top: "c" loss_weight: 1') + RELU % "y"), "r"
    )


def test_wanted_blob_is_not_overwritten() -> None:
    net = Net(INPUT + CONV + RELU % "y", seed=1701)
    x = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(1701))

    blobs = net({"x": x}, blobs=["c", "y"])

    assert blobs["c"].min() < 0
    assert blobs["c"].relu().equal(blobs["y"])
    assert net({"x": x})["y"].equal(blobs["y"])


def test_wanted_blobs_need_only_what_leads_to_them() -> None:
    net = Net(INPUT + CONV + 'layer { name: "f" type: "Flatten" bottom: "c" top: "f" }')

    net({"x": torch.zeros(2, 3, 4, 4)}, blobs=["x"])

    assert list(net({"x": torch.zeros(2, 3, 4, 4)}, blobs=["x"])) == ["x"]


def test_shared_blob_is_fetched_once() -> None:
    share = 'param { name: "w" } param { name: "b" }'
    text = "".join(
        f'layer {{ name: "{name}" type: "InnerProduct" bottom: "x" top: "{name}" {share} '
        "inner_product_param { num_output: 2 } }\n"
        for name in "pq"
    )
    net = Net(INPUT + text)

    assert net.code.count("getattr") == 2
    assert net.params["p"][0] is net.params["q"][0]


def test_names_become_identifiers_of_their_own() -> None:
    names = ["conv1/7x7", "conv1_7x7", "1", "forward", "lambda", ""]

    assert list(identifiers(names).values()) == [
        "conv1_7x7",
        "conv1_7x7__2",
        "_1",
        "_forward",
        "_lambda",
        "_",
    ]
