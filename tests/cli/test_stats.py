"""``protonet stats``."""

from pathlib import Path

import pytest

from tests.cli.files import protonet


def test_shows_a_net_as_it_is() -> None:
    done = protonet("stats", "net.prototxt")

    assert done.exit_code == 0
    heading, ip, *_, told = done.stdout.splitlines()
    assert heading.split() == ["layer", "type", "mean", "std", "zeros", "gradient", "std"]
    assert ip.split()[:2] == ["ip", "InnerProduct"]
    assert told == "as the file says: "


def test_compares_fillers_and_draws_them() -> None:
    done = protonet(
        *("stats", "net.prototxt", "--filler", "gaussian:0.01", "--filler", "xavier"),
        *("--phase", "TEST", "-o", "stats.svg"),
    )

    assert done.exit_code == 0
    assert "layer  gaussian:0.01  xavier" in done.stdout
    assert Path("stats.svg").exists()


@pytest.mark.parametrize(
    ("filler", "told"),
    [("xavier:3", "'xavier' has no number"), ("gaussian:x", "'x' in 'gaussian:x' is no number")],
)
def test_a_misspelt_filler_is_a_usage_error(filler: str, told: str) -> None:
    done = protonet("stats", "net.prototxt", "--filler", filler)

    assert done.exit_code == 2
    assert told in done.stderr
