import subprocess
import sys
from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.report.explain_solver import explain_solver

NET = """
layer {
  name: "data" type: "DummyData" top: "data" top: "label"
  dummy_data_param { shape { dim: 16 dim: 3 } shape { dim: 16 } }
}
layer {
  name: "frozen" type: "InnerProduct" bottom: "data" top: "a"
  param { lr_mult: 0 } param { lr_mult: 0 }
  inner_product_param { num_output: 4 }
}
layer { name: "bn" type: "BatchNorm" bottom: "a" top: "a" }
layer {
  name: "ip" type: "InnerProduct" bottom: "a" top: "ip"
  param { lr_mult: 1 } param { lr_mult: 2 decay_mult: 0 }
  inner_product_param { num_output: 5 }
}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""

EXPECTED = """\
solver.prototxt: SGD, multistep

Update, with r = rate * lr_mult
  g = sum of dL/dw over 4 batches
  g = g / 4
  g = g, each element cut to -8 .. 8
  g = g + 0.0005 * decay_mult * w
  v = 0.9 * v + r * g
  w = w - v

In torch
  torch.optim.SGD keeps the rate out of v. Both are equal while the rate stays;
  after a drop, torch's past steps shrink at once, these go on at the rate they had.

Rate
  rate = 0.1 * 0.1 ^ (how many of 50, 75, 100 are reached)

{curve}

Groups
  lr_mult  decay_mult  rate at 0   decay  blobs  values  layers
        1           1        0.1  0.0005      1      20  ip
        2           0        0.2       0      1       5  ip
  frozen: frozen (2 blobs, 16 values)
  running statistics: bn (3 blobs, 9 values)
  frozen prefix frozen: a, label can be kept, 20 bytes a sample (cache_frozen: AUTO)

Batch
  16 x iter_size 4 = 64 an update on one device; on n devices 64 * n

Schedule
  trains for 100 iterations
  tests every 10 iterations, from 10 on, on 5 batches
  ends early when 4 tests in a row have no better `loss` (MIN, min_delta 0)
  writes a snapshot every 20 iterations
  writes a snapshot at the end, 100
  displays the mean of 5 losses every 7 iterations

No effect
  power: the policy `multistep` does not read it

To be looked at
  PN622: `stepvalue: 100` is never reached: `max_iter` is 100
"""

SOLVER = """\
net: "net.prototxt"
base_lr: 0.1
lr_policy: "multistep" gamma: 0.1 stepvalue: 50 stepvalue: 75 stepvalue: 100 power: 2
max_iter: 100
momentum: 0.9
weight_decay: 0.0005
iter_size: 4 clip_value: 8
test_iter: 5 test_interval: 10 test_initialization: false
snapshot: 20 display: 7 average_loss: 5
early_stopping { monitor: "loss" patience: 3 }
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.prototxt").write_text(NET)
    return tmp_path


def explained(text: str) -> str:
    Path("solver.prototxt").write_text(text)
    return explain_solver("solver.prototxt")


def test_all_that_a_solver_means_is_told() -> None:
    text = explained(SOLVER)
    start, end = text.index("reached)\n\n") + len("reached)\n\n"), text.index("\n\nGroups")
    before, curve, after = text[:start], text[start:end], text[end:]

    assert f"{before}{{curve}}{after}" == EXPECTED
    lines = curve.splitlines()
    assert len(lines) == 12
    assert lines[0].startswith("    0.1 ┤⠉⠉⠉⠉")
    assert lines[9].startswith("  0.001 ┤")
    assert lines[11].split() == ["0", "logarithmic", "99"]
    assert max(map(len, lines)) == len("  0.001 ┤") + 60


def test_what_is_not_asked_for_is_not_told() -> None:
    text = explained(
        'net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" snapshot_after_train: false\n'
        "max_iter: 0\n"
    )

    assert text.partition("Schedule\n")[2] == "  trains for 0 iterations\n"


def test_rate_of_a_plateau_is_told_as_it_would_stay() -> None:
    text = explained(
        'net: "net.prototxt" base_lr: 0.1 lr_policy: "plateau" plateau { monitor: "loss" }\n'
        "max_iter: 10 display: 1 test_iter: 1 test_interval: 5\n"
    )

    assert "(as long as nothing drops it)" in text
    assert "displays the loss every 1 iterations" in text
    assert "tests every 5 iterations, from 0 on" in text


def test_net_with_nothing_to_learn_has_no_table(folder: Path) -> None:
    (folder / "net.prototxt").write_text(
        'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }\n'
        'layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" param { lr_mult: 0 }\n'
        "  param { lr_mult: 0 } inner_product_param { num_output: 1 } }\n"
    )
    text = explained('net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 5\n')

    assert "Groups\n  lr_mult" not in text
    assert "Batch" not in text


def test_solver_of_a_faulty_net_is_explained_all_the_same(folder: Path) -> None:
    (folder / "net.prototxt").write_text('layer { name: "x" type: "Nothing" top: "x" }\n')
    text = explained('net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 5\n')

    assert (
        "\nGroups and batch are not known, for the net is at fault\n"
        "  unknown layer type `Nothing`\n" in text
    )
    assert "Schedule" in text


def test_faulty_solver_is_not_explained() -> None:
    with pytest.raises(DiagnosticError, match="PN601"):
        explained('net: "net.prototxt" base_lr: 0.1 max_iter: 5\n')


def test_net_is_not_explained() -> None:
    with pytest.raises(DiagnosticError, match=r"`net.prototxt` is neither a code") as caught:
        explain_solver("net.prototxt")

    assert caught.value.diagnostics[0].help == (
        "it is not a solver: `protonet show net.prototxt` prints a net"
    )


def test_explaining_imports_no_torch() -> None:
    Path("solver.prototxt").write_text(SOLVER)
    code = (
        "import sys; from protonet.report.explain_solver import explain_solver; "
        "explain_solver('solver.prototxt'); sys.exit('torch' in sys.modules)"
    )
    root = str(Path(__file__).parents[2])

    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": root})


DIGITS = """
layer {
  name: "data" type: "Data" top: "data" top: "label"
  data_param { source: "builtin:digits/train" batch_size: 64 }
}
layer {
  name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 10 }
}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""
LISTED = DIGITS.replace('"Data"', '"ImageData"').replace(
    'data_param { source: "builtin:digits/train"', 'image_data_param { source: "gone.txt"'
)
EPOCHS = (
    'net: "net.prototxt" base_lr: 0.5 lr_policy: "poly" power: 1 test_iter: -1 test_interval: 9\n'
)


@pytest.mark.parametrize(
    ("net", "fields", "trains"),
    [
        (DIGITS, "max_epoch: 2", "41 iterations, and at most 2 epochs of the train net's data"),
        (
            DIGITS,
            "max_epoch: 9 max_iter: 5",
            "5 iterations, and at most 9 epochs of the train net's",
        ),
        (NET, "max_epoch: 2", "2 epochs of the train net's data"),
        (LISTED, "max_epoch: 2", "2 epochs of the train net's data"),
    ],
)
def test_epochs_are_iterations_where_the_data_are_known(net: str, fields: str, trains: str) -> None:
    Path("net.prototxt").write_text(net)

    text = explained(f"{EPOCHS}{fields}\n")

    assert f"  trains for {trains}" in text
    assert "  tests every 9 iterations, from 0 on, on all batches\n" in text
    assert ("(for a number of iterations that is not known)" in text) == (
        "iterations," not in trains
    )
    assert ("\n  writes a snapshot at the end\n" in text) == ("iterations," not in trains)
    assert ("Groups\n" in text) == (net != LISTED)
