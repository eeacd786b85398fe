"""``protonet verify``."""

from pathlib import Path

from protonet import Net, save_weights
from tests.cli.files import protonet


def test_prints_a_table_and_succeeds_where_all_agrees() -> None:
    done = protonet("verify", "net.prototxt", "--save", "golden.npz")

    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == ["ip", "accuracy", "loss"]
    assert lines[-1].startswith("all 3 blobs agree with its own plain execution: at most ")
    assert done.stderr == "without --weights: blobs hold what their fillers draw\n"
    assert Path("golden.npz").is_file()


def test_fails_where_a_blob_diverges() -> None:
    save_weights(Net("net.prototxt", phase="TEST", seed=3), "net.caffemodel")
    protonet("verify", "net.prototxt", "--save", "golden.npz")

    done = protonet(
        "verify", "net.prototxt", "--weights", "net.caffemodel", "--against", "golden.npz"
    )

    assert done.exit_code == 1
    assert "`ip` is the first to diverge from `golden.npz`" in done.stdout
    assert done.stderr == ""  # the weights fill the net


def test_a_net_without_blobs_has_nothing_to_compare() -> None:
    Path("none.prototxt").touch()

    done = protonet("verify", "none.prototxt")

    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "the net computes no blob")
