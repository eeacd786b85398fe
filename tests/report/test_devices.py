import pytest

from protonet.diagnostics import DiagnosticError
from protonet.report.devices import device_lines
from protonet.train import distributed


def test_a_machine_without_cuda_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protonet.report.devices.device_count", lambda: 0)

    assert list(device_lines()) == ["no CUDA device; nets run on the CPU"]


def test_a_device_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "device_count", lambda: 1)

    with pytest.raises(DiagnosticError, match="2 CUDA devices are needed, and there are 1"):
        list(device_lines((1,)))
