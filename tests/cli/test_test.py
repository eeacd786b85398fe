"""``protonet test``."""

import re
from pathlib import Path

import pytest
import torch

from tests.cli.files import NET, protonet


@pytest.fixture(autouse=True)
def weights() -> None:
    torch.save({"ip/0": torch.zeros(10, 784), "ip/1": torch.zeros(10)}, "zeros.pth")


def test_prints_batches_then_means() -> None:
    done = protonet(
        "test", "--model", "net.prototxt", "--weights", "zeros.pth", "--iterations", "2"
    )

    assert done.exit_code == 0
    assert [re.sub(r"0\.\d+|\b0\b$", "A", line) for line in done.stdout.splitlines()] == [
        "Batch 0, accuracy = A",
        "Batch 0, loss = 2.30259",
        "Batch 1, accuracy = A",
        "Batch 1, loss = 2.30259",
        "Loss: 2.30259",
        "accuracy = A",
        "loss = 2.30259 (* 1 = 2.30259 loss)",
    ]


def test_a_device_that_is_not_there_is_a_warning() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")  # gpu

    done = protonet(
        *("test", "--model", "net.prototxt", "--weights", "zeros.pth"),
        *("--iterations", "1", "--device", "cuda"),
    )

    assert (done.exit_code, done.stderr.startswith("warning[PN612]")) == (0, True)


def test_weights_are_needed() -> None:
    assert protonet("test", "--model", "net.prototxt").exit_code == 2


def test_some_batches_are_needed() -> None:
    done = protonet("test", "--model", "net.prototxt", "--weights", "w", "--iterations", "0")

    assert done.exit_code == 2


def test_16_bits_round_what_is_printed() -> None:
    torch.manual_seed(1701)
    torch.save({"ip/0": torch.rand(10, 784), "ip/1": torch.zeros(10)}, "random.pth")
    args = ("test", "--model", "net.prototxt", "--weights", "random.pth", "--iterations", "1")

    plain, low = protonet(*args), protonet(*args, "--amp", "bf16", "--channels-last", "off")

    loss, rounded = (float(done.stdout.splitlines()[-1].split()[2]) for done in (plain, low))
    assert rounded != loss
    assert rounded == pytest.approx(loss, rel=0.05)


def test_what_cannot_be_compiled_runs_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> object:
        raise RuntimeError("no g++")

    monkeypatch.setattr(torch, "compile", lambda _: broken)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] # an argument that is not used
    args = ("--model", "net.prototxt", "--weights", "zeros.pth", "--iterations", "1")

    done = protonet("test", *args, "--compile")

    assert (done.exit_code, done.stderr.splitlines()[0]) == (
        0,
        "warning[PN654]: nothing can be compiled here: no g++",
    )


def test_what_is_not_loaded_as_it_is_is_told() -> None:
    torch.save({"fc/0": torch.zeros(7, 784), "fc/1": torch.zeros(7)}, "seven.pth")

    done = protonet(
        *("test", "--model", "net.prototxt", "--weights", "seven.pth", "--iterations", "1"),
        *("--map", "fc=ip", "--adapt", "ip=pad"),
    )

    assert (done.exit_code, done.stderr) == (
        0,
        (
            "adapted                ip (10, 784) (10,) from `fc`: "
            "7 of 10, the others are left at the filler\n"
        ),
    )


def test_the_whole_set_is_scored_to_the_last_image() -> None:
    text = NET.replace("digits/train", "digits/test").replace("batch_size: 4", "batch_size: 300")
    Path("net.prototxt").write_text(text)

    done = protonet("test", "--model", "net.prototxt", "--weights", "zeros.pth", "--whole")

    lines = done.stdout.splitlines()
    shares = [float(line.split(" = ")[1]) for line in lines if "accuracy" in line]
    assert [line.split(",")[0] for line in lines[:4]] == ["Batch 0"] * 2 + ["Batch 1"] * 2
    assert shares[2] == pytest.approx((300 * shares[0] + 200 * shares[1]) / 500, abs=1e-5)


def test_a_number_of_batches_is_not_the_whole() -> None:
    done = protonet(
        *("test", "--model", "net.prototxt", "--weights", "zeros.pth"),
        *("--iterations", "2", "--whole"),
    )

    assert done.exit_code == 2
    assert "give --iterations or --whole, not both" in done.stderr


def test_an_ensemble_is_scored_alone_and_together() -> None:
    torch.manual_seed(1701)
    torch.save({"ip/0": torch.rand(10, 784), "ip/1": torch.zeros(10)}, "random.pth")
    args = ("test", "--model", "net.prototxt", "--ensemble", "zeros.pth,random.pth")

    done = protonet(*args)
    fit = protonet(*args, "--weights-fit")

    assert done.exit_code == 0
    assert [re.sub(r"= [\d.]+", "= N", line) for line in done.stdout.splitlines()] == [
        "softmax of `ip` against `label`, on 1,297 records",
        "zeros.pth      accuracy = N",
        "random.pth     accuracy = N",
        "mean of all    accuracy = N",
    ]
    assert fit.stdout.splitlines()[-1].startswith("fitted shares  accuracy = ")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--weights", "w", "--ensemble", "a,b"), "give --weights or --ensemble"),
        (("--weights", "w", "--blob", "ip"), "go with --ensemble"),
        (("--ensemble", "a,b", "--iterations", "2"), "give --iterations or --ensemble"),
    ],
)
def test_options_of_an_ensemble(args: tuple[str, ...], told: str) -> None:
    done = protonet("test", "--model", "net.prototxt", *args)

    assert (done.exit_code, told in done.stderr) == (2, True)


@pytest.mark.parametrize("option", ["--weights", "--ensemble"])
def test_an_empty_name_of_weights_is_no_wish_for_fillers(option: str) -> None:
    done = protonet("test", "--model", "net.prototxt", option, "zeros.pth, ")

    assert done.exit_code == 2
    assert "'zeros.pth, ' has an empty file name" in done.stderr
