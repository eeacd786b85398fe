"""``protonet show``."""

from tests.cli.files import protonet


def test_shows_layers_and_sums() -> None:
    done = protonet("show", "net.prototxt")

    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines() if line] == [
        "layer",
        "digits",
        "ip",
        "loss",
        "7,850",
        "31,360",
    ]


def test_the_phase_decides_which_layers() -> None:
    assert "Accuracy" in protonet("show", "net.prototxt", "--phase", "TEST").stdout
    assert "Accuracy" not in protonet("show", "net.prototxt", "--phase", "train").stdout


def test_code_is_python() -> None:
    code = protonet("show", "net.prototxt", "--code").stdout

    compile(code, "net", "exec")
    assert "def forward(self, data, label):" in code
