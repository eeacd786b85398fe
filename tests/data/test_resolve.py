"""Graph, shapes and blobs of a net in one call."""

from protonet.data.resolve import resolve_net
from protonet.graph.rules import merged
from protonet.message.common import Phase
from protonet.spec.read import read_net

NET = """
layer { name: "d" type: "Data" top: "x" data_param { source: "builtin:digits/test" batch_size: 3 } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 2 } }
"""


def test_data_layers_are_asked_for_their_shapes() -> None:
    net = resolve_net(read_net(NET), merged(None, Phase.TEST))

    assert {value.blob: shape for value, shape in net.shapes.values.items()} == {
        "x": (3, 1, 28, 28),
        "y": (3, 2),
    }
    assert [owned.weight.shape for owned in net.ownership.owned] == [(2, 784), (2,)]
    assert [node.name for node in net.graph.nodes] == ["d", "ip"]
