import json
from pathlib import Path

import pytest
import torch

from protonet.net import Net
from protonet.train.carried import carried, carry

NET = """
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 4 } } }
layer { name: "cont" type: "Input" top: "cont" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "a.b" type: "%s" bottom: "x" bottom: "cont" top: "y"
        recurrent_param { num_output: %d weight_filler { type: "xavier" } } }
"""
INPUTS = {"x": torch.ones(2, 3, 4), "cont": torch.ones(2, 3)}


def net(kind: str = "LSTM", outputs: int = 5) -> Net:
    return Net(NET % (kind, outputs), seed=1701)


@pytest.mark.parametrize("kind", ["LSTM", "RNN"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_was_carried_goes_on_through_json(kind: str, dtype: torch.dtype) -> None:
    one, other = net(kind).to(dtype), net(kind).to(dtype)
    inputs = {blob: x.to(dtype) for blob, x in INPUTS.items()}
    one(inputs)
    states = json.loads(json.dumps(carried(one)))
    carry(other, states)

    assert states != {}
    torch.testing.assert_close(other(inputs)["y"], one(inputs)["y"], rtol=0, atol=0)


def test_a_fresh_net_carries_nothing_and_can_be_put_back() -> None:
    one, other = net(), net()
    start = carried(one)
    one(INPUTS)
    carry(one, start)

    torch.testing.assert_close(other(INPUTS)["y"], one(INPUTS)["y"], rtol=0, atol=0)


def test_what_another_net_carried_is_refused() -> None:
    one = net(outputs=6)
    one(INPUTS)

    with pytest.raises(ValueError, match=r"are not \(N, 5\)"):
        carry(net(), carried(one))


def test_nets_without_states_carry_nothing() -> None:
    lenet = Path(__file__).parents[2] / "zoo" / "lenet" / "deploy.prototxt"

    assert carried(Net(lenet)) == {}
