"""``protonet diff``."""

from pathlib import Path

from tests.cli.files import protonet


def test_files_that_mean_the_same_are_told_so() -> None:
    done = protonet("diff", "net.prototxt", "net.prototxt", "--exit-code")

    assert done.exit_code == 0
    assert done.stdout == "net.prototxt and net.prototxt mean the same\n"


def test_a_difference_is_a_status_only_on_demand() -> None:
    solver = Path("solver.prototxt").read_text(encoding="utf-8")
    Path("other.prototxt").write_text(solver.replace("0.1", "0.2"), encoding="utf-8")

    done = protonet("diff", "solver.prototxt", "other.prototxt")

    assert (done.exit_code, done.stdout) == (0, "base_lr: 0.1 -> 0.2\n")
    assert protonet("diff", "solver.prototxt", "other.prototxt", "--exit-code").exit_code == 1
