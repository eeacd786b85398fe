"""``protonet train --overfit``."""

from pathlib import Path

import pytest

from tests.cli.files import protonet


def test_a_net_that_learns_them_is_told_so() -> None:
    done = protonet(
        *("train", "--solver", "solver.prototxt", "--overfit", "5"), *("--set", "max_iter=200")
    )

    assert done.exit_code == 0
    assert done.stdout.startswith("memorised 5 samples in ")


def test_one_that_does_not_is_a_fault() -> None:
    done = protonet("train", "--solver", "solver.prototxt", "--overfit", "50", "--set", "base_lr=0")

    assert done.exit_code == 1
    assert "error[PN649]" in done.stderr


def test_it_takes_no_weights_and_one_process() -> None:
    usual = ("train", "--solver", "solver.prototxt", "--overfit", "5")

    assert "no --weights or --snapshot" in protonet(*usual, "--weights", "a.pth").stderr
    assert "one process" in protonet(*usual, "--processes", "2").stderr
    assert not list(Path.cwd().glob("*.pth"))


@pytest.mark.parametrize(
    "option", [("--export", "a.pth"), ("--map", "a=b"), ("--channels-last", "on"), ("--tf32",)]
)
def test_it_takes_no_option_that_it_would_not_heed(option: tuple[str, ...]) -> None:
    done = protonet("train", "--solver", "solver.prototxt", "--overfit", "5", *option)

    assert done.exit_code == 2
    assert f"--overfit only looks, and does not know {option[0]}" in done.stderr
