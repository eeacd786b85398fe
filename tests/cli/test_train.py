"""``protonet train`` and ``protonet finetune``."""

import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from tests.cli.files import ENVIRONMENT, NET, SOLVER, protonet

SNAPSHOTS = {"small_iter_2.caffemodel", "small_iter_2.resume", "small_iter_2.solverstate"}


def written() -> set[str]:
    return {path.name for path in Path().iterdir()} - {"net.prototxt", "solver.prototxt"}


def logged(text: str) -> list[str]:
    """The text of log lines, numbers left out."""
    lines = [line.partition("] ")[2] for line in text.splitlines() if "] " in line]
    return [re.sub(r"\d[\d.e-]*\d|\d", "N", line) for line in lines]


def test_piped_output_is_caffes_log() -> None:
    done = protonet("train", "--solver", "solver.prototxt")

    assert (done.exit_code, done.stdout) == (0, "")
    assert logged(done.stderr)[:6] == [
        "Solving small",
        "Learning Rate Policy: fixed",
        "Iteration N, Testing net (#N)",
        "    Test net output #N: accuracy = N",
        "    Test net output #N: loss = N (* N = N loss)",
        "Iteration N (N iter/s, Ns/N iters), loss = N",
    ]
    assert logged(done.stderr)[-1] == "Optimization Done."
    assert written() == SNAPSHOTS


def test_what_frozen_layers_make_is_kept_where_that_is_asked_for() -> None:
    done = protonet("train", "--solver", "solver.prototxt", "--cache-frozen", "ram")

    assert done.exit_code == 0
    assert "`cache_frozen: RAM` keeps nothing of the TRAIN net: layer `ip` learns" in done.stderr


def test_settings_count_and_are_written_beside_the_snapshots() -> None:
    done = protonet(
        *("train", "--solver", "solver.prototxt", "--seed", "3"),
        *("--set", "max_iter=1", "--set", "layer.ip.lr_mult=0"),
    )

    assert done.exit_code == 0
    assert written() == {
        "small_iter_1.caffemodel",
        "small_iter_1.resume",
        "small_iter_1.solverstate",
        "small_net.prototxt",
        "small_solver.prototxt",
    }
    assert Path("small_solver.prototxt").read_text(encoding="utf-8") == (
        SOLVER.replace("max_iter: 2", "max_iter: 1")
        .replace("seed: 1701", "seed: 3")
        .replace('"net.prototxt"', '"small_net.prototxt"')
    )
    assert Path("small_net.prototxt").read_text(encoding="utf-8") == NET.replace(
        '  inner_product_param {\n    num_output: 10\n    weight_filler { type: "xavier" }\n  }\n',
        "  inner_product_param {\n    num_output: 10\n"
        '    weight_filler { type: "xavier" }\n  }\n'
        "  param { lr_mult: 0 }\n  param { lr_mult: 0 }\n",
    )


def test_the_resolved_files_run_alike() -> None:
    protonet("train", "--solver", "solver.prototxt", "--set", "layer.ip.param.1.lr_mult=0")
    first = Path("small_iter_2.caffemodel").read_bytes()

    protonet("train", "--solver", "small_solver.prototxt")

    assert Path("small_iter_2.caffemodel").read_bytes() == first


def test_a_setting_of_no_layer_is_refused_before_anything_is_done() -> None:
    done = protonet("train", "--solver", "solver.prototxt", "--set", "layer.ib.lr_mult=0")

    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        "error[PN024]: no layer matches the override `layer.ib.lr_mult=0`",
        "  = help: the layers are `digits`, `ip`, `accuracy`, `loss`",
    ]
    assert written() == set()


def test_a_run_goes_on_from_a_snapshot() -> None:
    protonet("train", "--solver", "solver.prototxt", "--set", "max_iter=4")
    straight = Path("small_iter_4.caffemodel").read_bytes()
    protonet("train", "--solver", "solver.prototxt")

    protonet(
        *("train", "--solver", "solver.prototxt", "--set", "max_iter=4"),
        *("--snapshot", "small_iter_2.solverstate"),
    )

    assert Path("small_iter_4.caffemodel").read_bytes() == straight


def test_a_snapshot_and_weights_exclude_each_other() -> None:
    done = protonet("train", "--solver", "s", "--snapshot", "a", "--weights", "b")

    assert (done.exit_code, "not both" in done.stderr) == (2, True)


def test_export_writes_the_final_weights_and_finetune_takes_them() -> None:
    protonet("train", "--solver", "solver.prototxt", "--export", "base.pth")
    weights = torch.load("base.pth", weights_only=True)

    done = protonet(
        *("finetune", "--weights", "base.pth", "--solver", "solver.prototxt"),
        *("--set", "layer.ip.lr_mult=0", "--export", "tuned.pth"),
    )

    assert done.exit_code == 0
    assert "ip/0  10x784  loaded  frozen               7,840\n" in done.stdout
    tuned = torch.load("tuned.pth", weights_only=True)
    torch.testing.assert_close(tuned, weights, rtol=0, atol=0)


def test_an_export_that_cannot_be_written_is_refused_before_the_training() -> None:
    done = protonet("train", "--solver", "solver.prototxt", "--export", "no/such/base.pth")

    assert (done.exit_code, done.stderr.partition(":")[0], written()) == (1, "error[PN408]", set())

    done = protonet("train", "--solver", "solver.prototxt", "--export", "base.pht")

    assert (done.exit_code, done.stderr.partition(":")[0], written()) == (1, "error[PN409]", set())


def test_a_device_that_is_not_there_is_a_warning() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")  # gpu

    done = protonet("train", "--solver", "solver.prototxt", "--device", "cuda")

    assert (done.exit_code, "warning[PN612]" in done.stderr) == (0, True)


def test_ctrl_c_stops_with_a_snapshot() -> None:
    command = [
        *(sys.executable, "-m", "protonet", "train", "--solver", "solver.prototxt"),
        *("--set", "max_iter=1000000"),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as run:
        assert run.stderr is not None
        giving_up = threading.Timer(60, run.kill)
        giving_up.start()
        while "Iteration 10 " not in next(run.stderr):
            pass
        run.send_signal(signal.SIGINT)
        rest = run.stderr.read()
        giving_up.cancel()

    assert (run.returncode, "Optimization stopped early." in rest) == (0, True)
    assert len([name for name in written() if name.endswith(".solverstate")]) == 1


def base(rows: int) -> None:
    torch.save({"fc/0": torch.ones(rows, 784), "fc/1": torch.ones(rows)}, "base.pth")


def finetune(*args: str) -> list[str]:
    """Fine-tune for no iteration; return the report."""
    done = protonet(
        *("finetune", "--weights", "base.pth", "--solver", "solver.prototxt"),
        *("--set", "max_iter=0", *args),
    )
    lines = done.stderr.splitlines()
    return [line for line in lines if "] " not in line or line.startswith("error")]


def test_weights_are_adapted_and_renamed() -> None:
    base(12)

    assert finetune("--map", "fc=ip", "--adapt", "ip=first", "--strict") == [
        "adapted                ip (10, 784) (10,) from `fc`: the first 10 of 12"
    ]


def test_weights_are_matched_by_order() -> None:
    base(10)

    assert finetune("--by-order") == ["loaded                 ip (10, 784) (10,) from `fc`"]


def test_a_layer_is_learnt_anew() -> None:
    torch.save({"ip/0": torch.ones(9, 784), "ip/1": torch.ones(9)}, "base.pth")

    assert finetune("--reinit", "i*") == [
        "left as asked          ip/0",
        "left as asked          ip/1",
    ]


def test_rules_without_weights_are_refused() -> None:
    done = protonet("train", "--solver", "solver.prototxt", "--adapt", "ip=first")

    assert (done.exit_code, done.stderr.splitlines()) == (
        1,
        [
            "error[PN412]: there are rules for weights, and no weights to start from",
            "  = help: give `--weights`, or `weights` in the solver",
        ],
    )


def test_an_embedding_needs_a_place_to_be_shown() -> None:
    done = protonet("train", "--solver", "solver.prototxt", "--embed", "ip")

    assert (done.exit_code, "--embed goes with --tensorboard" in done.stderr) == (2, True)
