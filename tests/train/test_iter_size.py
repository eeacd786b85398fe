"""`iter_size: k` with batches of b is batches of k * b, for nets without batch statistics."""

from pathlib import Path

import numpy as np
import pytest

from protonet.train.solver import Solver
from tests.train.runs import NET, weights, write

PLAIN = NET.replace(
    'bottom: "data" top: "dropped" dropout_param { dropout_ratio: 0.2 }', ""
).replace('type: "Dropout"', 'type: "Power" bottom: "data" top: "dropped"')
RULES = {
    "SGD": "",
    "Nesterov": "",
    "AdaGrad": "momentum: 0 base_lr: 0.01",
    "RMSProp": "momentum: 0 base_lr: 0.001",
    "AdaDelta": "delta: 1e-6 base_lr: 1",
    "Adam": "base_lr: 0.001",
    "AdamW": "base_lr: 0.001",
    "torch.NAdam": "base_lr: 0.001",
}


def run(folder: Path, rule: str, batch: int, size: int, fields: str) -> Solver:
    net = PLAIN.replace("batch_size: 8", f"batch_size: {batch}")
    path = write(folder, f'type: "{rule}" iter_size: {size} {fields}', net=net)
    numbers = ("momentum", "base_lr")
    text = path.read_text()
    for field in numbers:
        if f"{field}:" in RULES[rule]:
            text = text.replace(
                {"momentum": "momentum: 0.9", "base_lr": "base_lr: 0.05"}[field], ""
            )
    path.write_text(f"{text} {RULES[rule]}")
    solver = Solver(path)
    solver.step(8)
    return solver


@pytest.mark.parametrize("fields", ["", "clip_value: 0.01"], ids=["plain", "clip_value"])
@pytest.mark.parametrize("rule", RULES)
def test_small_batches_add_up_to_a_large_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: str, fields: str
) -> None:
    monkeypatch.chdir(tmp_path)
    small = run(tmp_path, rule, batch=8, size=4, fields=fields)
    large = run(tmp_path, rule, batch=32, size=1, fields=fields)

    for mine, theirs in zip(weights(small), weights(large), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=2e-5)


@pytest.mark.parametrize(("limit", "same"), [(0.2, False), (0.8, True)])
def test_clip_gradients_is_equal_to_that_of_a_large_batch_only_times_iter_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: float, same: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    small = run(tmp_path, "SGD", batch=8, size=4, fields=f"clip_gradients: {limit}")
    large = run(tmp_path, "SGD", batch=32, size=1, fields="clip_gradients: 0.2")

    close = [
        np.allclose(mine, theirs, rtol=1e-3, atol=2e-5)
        for mine, theirs in zip(weights(small), weights(large), strict=True)
    ]
    assert close == [same] * 2
