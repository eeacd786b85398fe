"""Layer types that only forks have."""

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.layers import LAYERS
from protonet.spec.fork_types import fork_type, fork_types
from protonet.spec.read import parse_net, read_net
from protonet.spec.upgrade_v1 import is_type

ROLES = {"data", "loss", "score", "output", "layer"}


def test_none_is_a_layer_that_there_is_and_each_says_what_it_does() -> None:
    assert fork_types().keys().isdisjoint(LAYERS)
    assert {one.role for one in fork_types().values()} == ROLES
    assert all(one.fork and one.what for one in fork_types().values())
    assert list(fork_types()) == sorted(fork_types(), key=str.lower)


def test_a_type_is_found_by_its_name_and_by_that_of_an_old_enum() -> None:
    assert fork_type("VideoData") == fork_type("VIDEO_DATA")
    assert [fork_type(name) for name in ("videodata", "Video_Data", "UNHEARD")] == [None] * 3
    for name, fork in (("CTCLoss", "WarpCTC"), ("CtcLoss", "caffe-lstm")):
        found = fork_type(name)
        assert found is not None
        assert (found.type, found.fork) == (name, fork)


def test_a_layer_of_a_fork_is_told_once_whatever_messages_it_has() -> None:
    text = """\
layer {
  type: "VideoData"
  data_param { backend: LMDB }
  video_data_param { source: "list" new_length: 16 }
  other_param { }
}
"""
    with pytest.raises(DiagnosticError) as caught:
        parse_net(text)

    (told,) = caught.value.diagnostics
    assert told.code == "PN229"
    assert told.message.endswith("video fork, which protonet does not have: reads frames of videos")
    assert told.help.startswith("to run the net, `protonet convert --to deploy` makes an input")
    assert told.labels[0].span.source.location(told.labels[0].span.start).line == 2


@pytest.mark.parametrize(
    ("old", "now"),
    [("PRELU", "PReLU"), ("ROI_POOLING", "ROIPooling"), ("LSTM", "LSTM"), ("LOCAL", "Local")],
)
def test_old_names_of_forks_become_those_of_today(old: str, now: str) -> None:
    net = read_net(f"layers {{ name: 'x' type: {old} bottom: 'a' top: 'a' }}\n")

    assert net.message.layer[0].type == now
    assert is_type(old) == (now in LAYERS)


def test_an_old_layer_whose_type_is_a_number_that_never_was_is_refused() -> None:
    with pytest.raises(DiagnosticError, match="belongs to the layer type `77`"):
        read_net("layers { name: 'x' type: 77 other_param { } }\n")
