"""Every layer computes the same in plain torch."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from protonet.export.source import build, compose
from protonet.export.source.forms import FORMS
from protonet.export.source.forms.normalization import WITHIN
from tests.export.nets import relative
from tests.export.source_cases import LAYERS, LayerNet

IDS = [f"{case.type}-{at}" for at, case in enumerate(LAYERS)]


@torch.no_grad()
@pytest.mark.parametrize("case", LAYERS, ids=IDS)
def test_is_the_same_in_plain_torch(case: LayerNet) -> None:
    net, x = case.net().double(), {blob: x.double() for blob, x in case.batch().items()}
    source = compose(net, "weights.safetensors")
    module = build(source).double()

    tops = module(*(x[blob] for blob in source.inputs))
    expected = net(x, blobs=source.outputs)

    assert source.outputs == tuple(f"t{at}" for at in range(case.tops))
    for blob, top in zip(
        source.outputs, (tops,) if isinstance(tops, Tensor) else tops, strict=True
    ):
        assert relative(top, expected[blob]) < 1e-6


def test_every_form_has_a_case() -> None:
    modules = {type(module) for case in LAYERS for module in case.net().layers.modules()}

    assert FORMS.keys() | WITHIN.keys() <= modules


def test_the_files_are_as_ruff_writes_them(tmp_path: Path) -> None:
    for at, case in enumerate(LAYERS):
        text = compose(case.net(), "weights.safetensors").text
        (tmp_path / f"layer_{at}.py").write_text(text, encoding="utf-8")

    for command in (("format", "--diff"), ("check",)):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", command[0], "--isolated", *command[1:], str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout.replace("All checks passed!\n", ""), done.returncode) == ("", 0)


@pytest.mark.parametrize("kind", ["LSTM", "RNN"])
@torch.no_grad()
def test_the_state_goes_on_from_call_to_call(kind: str) -> None:
    case = LayerNet(kind, "recurrent_param { num_output: 3 }", ((2, 3, 5), (2, 3)))
    net, module = case.net(), build(compose(case.net(), ""))
    x = torch.randn(2, 4, 5, generator=torch.Generator().manual_seed(1701))

    for streams in (2, 3, 3, 1, 3, 4, 2):
        given = {"b0": x[:, :streams], "b1": torch.ones(2, streams)}
        top, expected = module(given["b0"], given["b1"]), net(given)["t0"]

        assert relative(top, expected) < 1e-6


def test_random_layers_draw_in_training() -> None:
    torch.manual_seed(1701)
    for kind, params in (
        ("RReLU", ""),
        ("Pooling", "pooling_param { pool: STOCHASTIC kernel_size: 2 }"),
    ):
        case = LayerNet(kind, params, ((2, 3, 8, 8),))
        module, x = build(compose(case.net(), "")).train(), case.batch()["b0"].abs()

        assert module(-x if kind == "RReLU" else x).isfinite().all()
        assert not torch.equal(module(-x), module(-x)) or kind == "Pooling"
