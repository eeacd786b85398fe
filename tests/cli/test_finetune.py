"""``protonet finetune``."""

from pathlib import Path

import pytest
import torch

from tests.cli.files import NET, SOLVER, protonet


@pytest.fixture(autouse=True)
def base(folder: Path) -> None:
    """A net with two layers that learn, and weights of both for 5 classes."""
    second = (
        'layer {\n  name: "fc"\n  type: "InnerProduct"\n  bottom: "ip"\n  top: "fc"\n'
        "  inner_product_param {\n    num_output: 5\n"
        '    weight_filler { type: "xavier" }\n  }\n}\n'
    )
    net = NET.replace('bottom: "ip"\n  bottom', 'bottom: "fc"\n  bottom')
    net = net.replace('bottom: "ip" bottom', 'bottom: "fc" bottom')
    head, mark, tail = net.partition('layer {\n  name: "accuracy"')
    (folder / "net.prototxt").write_text(f"{head}{second}{mark}{tail}", encoding="utf-8")
    blobs = {"ip/0": torch.ones(10, 784), "ip/1": torch.ones(10)}
    torch.save(blobs | {"fc/0": torch.ones(5, 10), "fc/1": torch.ones(5)}, "base.pth")


TUNED = (
    *("finetune", "--weights", "base.pth", "--solver", "solver.prototxt"),
    *("--freeze", "ip", "--reinit", "fc", "--num-output", "fc=10", "--lr-mult", "f*=10"),
    *("--base-lr", "0.01"),
)
TABLE = """\
blob  shape   values         learns   rate  decay  count
ip/0  10x784  loaded         frozen                7,840
ip/1  10      loaded         frozen                10
fc/0  10x10   reinitialised  trained  0.1   0      100
fc/1  10      reinitialised  trained  0.1   0      10

7,960 values in 4 blobs
7,850 loaded, 110 reinitialised
110 trained, 7,850 frozen
"""


def written() -> set[str]:
    return {path.name for path in Path().iterdir()} - {
        "net.prototxt",
        "solver.prototxt",
        "base.pth",
    }


def test_a_dry_run_prints_and_writes_what_would_be_run_and_stops() -> None:
    done = protonet(*TUNED, "--dry-run")

    assert (done.exit_code, done.stdout) == (0, TABLE)
    assert written() == {"small_net.prototxt", "small_solver.prototxt"}
    assert Path("small_solver.prototxt").read_text(encoding="utf-8") == SOLVER.replace(
        '"net.', '"small_net.'
    ).replace("base_lr: 0.1", "base_lr: 0.01")
    net = Path("small_net.prototxt").read_text(encoding="utf-8")
    assert "num_output: 10\n" in net.partition('"fc"')[2]
    assert net.count("  param { lr_mult: 0 decay_mult: 0 }\n") == 2
    assert net.count("  param { lr_mult: 10 }\n") == 2


def test_the_run_keeps_what_is_frozen() -> None:
    done = protonet(*TUNED, "--export", "tuned.pth")
    tuned, old = (torch.load(name, weights_only=True) for name in ("tuned.pth", "base.pth"))

    assert (done.exit_code, done.stdout) == (0, TABLE)
    assert torch.equal(tuned["ip/0"], old["ip/0"])
    assert tuned["fc/0"].shape == (10, 10)


def test_the_written_files_run_alike() -> None:
    protonet(*TUNED)
    first = Path("small_iter_2.caffemodel").read_bytes()

    protonet(*TUNED, "--dry-run")
    done = protonet(
        *("finetune", "--weights", "base.pth", "--solver", "small_solver.prototxt"),
        *("--reinit", "fc"),
    )

    assert done.exit_code == 0, done.stderr
    assert Path("small_iter_2.caffemodel").read_bytes() == first


def test_other_classes_need_a_word_on_what_becomes_of_the_old_ones() -> None:
    done = protonet(
        "finetune", "--weights", "base.pth", "--solver", "solver.prototxt", "--num-output", "fc=10"
    )

    assert (done.exit_code, "error[PN406]" in done.stderr, "--reinit fc" in done.stderr) == (
        1,
        True,
        True,
    )
    assert written() == set()


def test_what_is_frozen_and_was_not_loaded_is_told() -> None:
    done = protonet(*TUNED, "--freeze", "fc", "--train-only", "ip", "--dry-run")

    assert (done.exit_code, "error[PN672]" in done.stderr) == (1, True)

    done = protonet(
        *("finetune", "--weights", "base.pth", "--solver", "solver.prototxt"),
        *("--freeze", "fc", "--reinit", "fc", "--dry-run"),
    )

    assert (done.exit_code, done.stderr.count("warning[PN673]")) == (0, 1)
