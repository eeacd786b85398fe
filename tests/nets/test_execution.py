"""Settings are the whole process's: a fixture puts them back."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import torch

import protonet
from protonet.nets.execution import Execution

CPU = torch.device("cpu")
CUDA = torch.device("cuda")
NET = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 5 dim: 5 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
"""  # noqa: E501 # one line a layer


@pytest.fixture(autouse=True)
def settings() -> Iterator[None]:
    cudnn: Any = torch.backends.cudnn
    matmul = torch.backends.cuda.matmul
    before = cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32
    workspace = os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)
    yield
    os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)
    if workspace:
        os.environ["CUBLAS_WORKSPACE_CONFIG"] = workspace
    torch.use_deterministic_algorithms(mode=False)
    cudnn.benchmark, cudnn.allow_tf32, matmul.allow_tf32 = before


def test_the_default_changes_nothing_on_the_cpu() -> None:
    before = torch.backends.cudnn.allow_tf32

    assert Execution().prepared(CPU) == (Execution(), [])
    assert (torch.backends.cudnn.allow_tf32, torch.are_deterministic_algorithms_enabled()) == (
        before,
        False,
    )


@pytest.mark.parametrize("tf32", [False, True])
def test_cuda_rounds_factors_only_if_asked(tf32: bool) -> None:
    Execution(tf32=tf32).prepared(CUDA)

    assert torch.backends.cudnn.allow_tf32 is tf32
    assert torch.backends.cuda.matmul.allow_tf32 is tf32


def test_deterministic_kernels() -> None:
    torch.backends.cudnn.benchmark = True

    Execution(deterministic=True).prepared(CPU)

    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.backends.cudnn.benchmark
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


@pytest.mark.parametrize(
    ("channels_last", "amp", "device", "expected"),
    [
        ("auto", None, CPU, True),
        ("auto", None, CUDA, False),
        ("auto", "fp16", CUDA, True),
        ("on", None, CUDA, True),
        ("off", None, CPU, False),
    ],
)
def test_where_channels_are_last(
    channels_last: str, amp: str | None, device: torch.device, expected: bool
) -> None:
    execution = Execution(channels_last=channels_last, amp=amp)  # pyright: ignore[reportArgumentType] # literals of a table

    assert execution.has_channels_last(device) is expected


def test_a_net_holds_its_weights_so() -> None:
    x = torch.rand(2, 3, 5, 5)
    on, off = (
        protonet.Net(NET, seed=1701, execution=Execution(channels_last=choice))
        for choice in ("on", "off")
    )

    assert on.params["conv"][0].is_contiguous(memory_format=torch.channels_last)
    assert off.params["conv"][0].is_contiguous()
    off.load_state_dict(on.state_dict())
    torch.testing.assert_close(on({"data": x}), off({"data": x}))


# torch's compiler uses what torch has deprecated.
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_compiled_code_gives_the_same() -> None:
    x = torch.rand(2, 3, 5, 5)
    execution, faults = Execution(compile=True).prepared(CPU)
    compiled = protonet.Net(NET, seed=1701, execution=execution)

    assert (faults, compiled.code) == ([], protonet.Net(NET, seed=1701).code)
    torch.testing.assert_close(compiled({"data": x}), protonet.Net(NET, seed=1701)({"data": x}))


def test_without_a_compiler_it_runs_uncompiled_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no g++\nin sight")

    def compiler(_: object) -> object:
        return broken

    monkeypatch.setattr(torch, "compile", compiler)

    execution, (warning,) = Execution(compile=True).prepared(CPU)

    assert execution == Execution()
    assert warning.render() == (
        "warning[PN654]: nothing can be compiled here: no g++\n"
        "  = help: install a C++ compiler, and Triton for CUDA; the run goes on uncompiled"
    )
