"""``protonet explain``."""

from tests.cli.files import protonet


def test_a_code() -> None:
    assert protonet("explain", "PN021").stdout.startswith("PN021 ")


def test_a_layer() -> None:
    assert protonet("explain", "ReLU").stdout.startswith('type: "ReLU"\n')


def test_an_unknown_topic_is_at_fault() -> None:
    done = protonet("explain", "ReLu9")

    assert (done.exit_code, done.stderr.splitlines()) == (
        1,
        [
            "error[PN022]: `ReLu9` is neither a code, a layer type nor a solver file",
            "  = help: did you mean `ReLU`?",
        ],
    )


def test_a_solver() -> None:
    assert protonet("explain", "solver.prototxt").stdout.startswith("solver.prototxt: SGD, fixed\n")
