from pathlib import Path

import pytest
import torch

from protonet.data.seeds import Seed
from protonet.data.streams.base import Context
from protonet.data.streams.opening import open_stream
from protonet.layers.relu import ReLU
from tests.data.builders import data_layer


def test_another_layer_is_a_mistake_of_ours() -> None:
    context = Context(Seed.of(1701, 0), Path, torch.device("cpu"))

    with pytest.raises(TypeError, match="ReLU is no data layer"):
        open_stream(data_layer(ReLU()), context)
