"""``protonet time``."""

import pytest

from tests.cli.files import protonet


@pytest.mark.parametrize(
    "args",
    [
        ("--model", "net.prototxt"),
        ("--solver", "solver.prototxt"),
        ("--model", "net.prototxt", "--amp", "bf16"),
    ],
    ids=" ".join,
)
def test_prints_what_caffe_time_does(args: tuple[str, ...]) -> None:
    done = protonet("time", *args, "--iterations", "1", "--device", "cpu")

    assert done.exit_code == 0
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == [
        "Average time per layer",
        "    digits\tforward",
        "    digits\tbackward",
        "        ip\tforward",
        "        ip\tbackward",
        "      loss\tforward",
        "      loss\tbackward",
        "Average Forward pass",
        "Average Backward pass",
        "Average Forward-Backward",
        "Total Time",
    ]


def test_a_net_is_needed_and_only_one() -> None:
    assert protonet("time").exit_code == 2
    assert protonet("time", "--model", "m", "--solver", "s").exit_code == 2


def test_of_a_solver_the_train_net_is_timed() -> None:
    done = protonet("time", "--solver", "solver.prototxt", "--phase", "TEST")

    assert (done.exit_code, "--phase goes with --model" in done.stderr) == (2, True)
