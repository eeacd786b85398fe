import pytest
import torch

from protonet.spec.solver import SolverParameter
from protonet.train.device import choose

GPU = SolverParameter(solver_mode=SolverParameter.SolverMode.GPU, device_id=1)
CPU = torch.device("cpu")


@pytest.fixture
def without_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_gpu_is_taken_only_where_it_is_written_down() -> None:
    assert choose(None, SolverParameter()) == (CPU, [])


def test_callers_device_wins() -> None:
    assert choose("cpu", GPU) == (CPU, [])


def test_solver_mode_names_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)

    assert choose(None, GPU) == (torch.device("cuda:1"), [])


@pytest.mark.parametrize(("there_is", "expected"), [(True, "cuda"), (False, "cpu")])
def test_auto_is_cuda_where_there_is_some(
    monkeypatch: pytest.MonkeyPatch, there_is: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there_is)

    assert choose("auto", GPU) == (torch.device(expected), [])


@pytest.mark.usefixtures("without_cuda")
@pytest.mark.parametrize("asked", [None, "cuda:1"])
def test_missing_gpu_is_one_warning(asked: str | None) -> None:
    device, warnings = choose(asked, GPU)

    assert device == CPU
    assert [w.render().partition("\n")[0] for w in warnings] == [
        "warning[PN612]: there is no CUDA device for `cuda:1`; the CPU is used"
    ]
