"""``protonet draw``."""

from pathlib import Path

from tests.cli.files import protonet


def test_prints_a_text() -> None:
    done = protonet("draw", "net.prototxt", "--phase", "TEST", "--direction", "LR")

    assert done.exit_code == 0
    assert done.stdout.startswith('digraph "small" {\n  rankdir=LR;\n')
    assert "Accuracy" in done.stdout


def test_writes_a_file() -> None:
    done = protonet("draw", "net.prototxt", "-o", "net.mmd")

    assert (done.exit_code, done.stdout) == (0, "")
    assert Path("net.mmd").read_text(encoding="utf-8").startswith("flowchart TB\n")


def test_data_that_are_not_there_are_a_warning() -> None:
    net = Path("net.prototxt")
    text = net.read_text(encoding="utf-8").replace("builtin:digits/train", "gone")
    net.write_text(text.replace("scale:", "crop_size: 28 scale:"), encoding="utf-8")

    done = protonet("draw", "net.prototxt")

    assert done.exit_code == 0
    assert "warning[PN560]: the source `gone` does not exist" in done.stderr
