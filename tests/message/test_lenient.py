"""What can be read of a message with faults."""

from protonet.message.bind import attempt
from protonet.message.lenient import readable_part
from protonet.source import Source
from protonet.spec.net import NetParameter
from protonet.syntax.parse import parse


def test_what_is_not_known_or_cannot_be_read_is_left_out_at_any_depth() -> None:
    tree = parse(
        Source(
            """\
name: "a"
name: "b"
force_backward: 3
odd: 1
layer: 5
layer {
  name: ["x", "y"]
  type: "ReLU"
  loss_weight: [1, 2]
  include [ { phase: TRAIN other: 1 }, { phase: NIGHT } ]
  relu_param { negative_slope: 0.5 negative_slope: 1 slope: 2 }
}
"""
        )
    )
    net = attempt(tree, NetParameter, readable_part(tree.root, NetParameter))

    assert net is not None
    assert net.name == "a"
    assert not net.force_backward
    (layer,) = net.layer
    assert (layer.name, layer.type, layer.loss_weight) == ("", "ReLU", (1.0, 2.0))
    assert [rule.model_fields_set for rule in layer.include] == [{"phase"}, set()]
