"""``protonet caffe``."""

from pathlib import Path

import numpy as np
import pytest

from protonet.cli import _options
from protonet.cli._caffe import TOOLS
from protonet.cli._gflags import Given, parse
from protonet.data.tools.open import open_images
from protonet.net import Net
from protonet.weights.load import save_weights
from tests.cli.files import protonet
from tests.data.builders import random_images, write_images

LABELLED = ("--model", "net.prototxt", "--weights", "small.npz")


@pytest.fixture(autouse=True)
def weights(folder: Path) -> None:
    save_weights(Net("net.prototxt", seed=1), "small.npz")


def ours(tool: str, *args: str) -> list[str]:
    found = TOOLS[tool]
    return found.translate(parse(args, found.flags, ""))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "train -solver s -weights a,b -gpu 0,1",
            "--solver s --weights a,b --gpus 0,1",
        ),
        (
            "train --solver=s --snapshot=x.solverstate -gpu=all -sigint_effect stop",
            "--solver s --snapshot x.solverstate --gpus all",
        ),
        (
            "train -solver s -level 2 -stage a,b",
            '--solver s --set train_state.level=2 --set train_state.stage=["a",_"b"]',
        ),
        (
            "test -model n -weights w -iterations 7 -gpu 1 -level 1 -stage x,y",
            "--model n --weights w --iterations 7 --level 1 --stage x,y --device cuda:1",
        ),
        ("time -model=n -phase TEST", "--model n --phase TEST --device cpu"),
        ("time -model n -gpu all", "--model n --device cuda"),
        ("device_query -gpu 0", "--gpus 0"),
        ("compute_image_mean -backend=leveldb db mean", "-- db mean"),
        ("upgrade_net_proto_text a b", "--output b -- a"),
        ("upgrade_net_proto_binary a b", "--to caffemodel --output b -- a"),
        ("upgrade_solver_proto_text a b", "--output b -- a"),
        (
            "convert_imageset -gray --shuffle=true -nocheck_size -backend leveldb r/ l db",
            "--gray --shuffle --backend leveldb --root r/ -- l db",
        ),
        (
            "convert_imageset -resize-width 8 -resize_height=6 -encode_type jpg r/ l db",
            "--encode-type jpg --resize 6x8 --root r/ -- l db",
        ),
        ("convert_imageset --resize_width 8 r/ l db", "--root r/ -- l db"),
        (
            "extract_features w n a,b x,y 3 lmdb",
            "--model n --weights w --blob a,b --iterations 3 --backend lmdb -- x y",
        ),
        (
            "extract_features w n a x 3 leveldb GPU DEVICE_ID=2",
            "--model n --weights w --blob a --iterations 3 --backend leveldb --device cuda:2 -- x",
        ),
        (
            "extract_features w n a x 3 lmdb GPU",
            "--model n --weights w --blob a --iterations 3 --backend lmdb --device cuda -- x",
        ),
    ],
)
def test_a_line_of_caffe_is_one_of_ours(line: str, expected: str) -> None:
    tool, *args = line.split()

    assert ours(tool, *args) == [word.replace('_"', ' "') for word in expected.split()]


def test_words_after_two_dashes_are_no_flags() -> None:
    given = parse(["-a", "1", "-", "--", "-b"], {"a": True}, "")

    assert given == Given({"a": "1"}, ["-", "-b"])


def test_what_is_run_is_told_and_done() -> None:
    done = protonet(
        "caffe", "test", "-model", "net.prototxt", "-weights=small.npz", "-iterations=1"
    )

    assert (done.exit_code, done.stdout.splitlines()[0][:8]) == (0, "Batch 0,")
    first = done.stderr.splitlines()[0]
    assert first == f"= protonet test {' '.join(LABELLED)} --iterations 1 --device cpu"


def test_a_net_is_trained(folder: Path) -> None:
    done = protonet("caffe", "train", "-solver=solver.prototxt", "-weights", "small.npz")

    assert done.exit_code == 0
    assert (folder / "small_iter_2.caffemodel").is_file()


def test_a_fault_of_a_file_ends_it_with_1() -> None:
    done = protonet("caffe", "test", "-model", "none.prototxt", "-weights", "small.npz")

    assert (done.exit_code, "PN021" in done.stderr) == (1, True)


def test_stages_and_levels_choose_layers_in_test_and_time() -> None:
    text = Path("net.prototxt").read_text()
    staged = text.replace("include { phase: TEST }", 'include { stage: "scored" min_level: 1 }')
    Path("net.prototxt").write_text(staged)
    base = ("caffe", "test", "-model", "net.prototxt", "-weights", "small.npz", "-iterations", "1")

    plain, scored = protonet(*base), protonet(*base, "-stage", "scored", "-level", "1")

    assert ("accuracy" in plain.stdout, "accuracy" in scored.stdout) == (False, True)
    timed = protonet(
        "caffe", "time", "-model", "net.prototxt", "-iterations", "1", "-stage", "scored"
    )
    assert timed.exit_code == 0


def test_a_conversion_and_its_mean_are_as_with_our_commands(folder: Path) -> None:
    write_images(folder, random_images(3, 3, 4, 6), [0, 1, 2])

    done = protonet("caffe", "convert_imageset", "-logtostderr", f"{folder}/", "list.txt", "db")
    mean = protonet("caffe", "compute_image_mean", "db")

    assert (done.exit_code, len(open_images("db"))) == (0, 3)
    assert mean.stdout == protonet("data", "mean", "list.txt").stdout


def test_features_are_those_of_extract() -> None:
    words = ("small.npz", "net.prototxt", "ip", "features", "2", "lmdb", "CPU")

    assert protonet("caffe", "extract_features", *words).exit_code == 0
    protonet("extract", *LABELLED, "--blob", "ip", "--iterations", "2", "features.npz")
    with np.load("features.npz") as arrays:
        rows = [image.pixels.reshape(-1) for image in open_images("features").read(range(8))]
        np.testing.assert_array_equal(rows, arrays["ip"])


def test_upgraded_nets_are_written() -> None:
    Path("old.prototxt").write_text('layers { name: "a" type: RELU bottom: "a" top: "a" }\n')

    done = protonet("caffe", "upgrade_net_proto_text", "old.prototxt", "new.prototxt")

    assert done.exit_code == 0
    assert 'type: "ReLU"' in Path("new.prototxt").read_text()


def test_flags_that_caffe_takes_without_use_are_told() -> None:
    done = protonet("caffe", "time", "-model", "net.prototxt", "-iterations", "1", "-solver", "s")

    assert (done.exit_code, done.stderr.splitlines()[0]) == (
        0,
        "-solver changes nothing here, as in Caffe",
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("train -solvr s", "there is no flag -solvr; did you mean solver?"),
        ("compute_image_mean -gray db", "it has -backend, -logtostderr, -alsologtostderr"),
        ("trian", "Caffe has no tool trian; did you mean train?"),
        ("nothing", "there are train, test, time"),
        ("train -solver", "-solver takes a value"),
        ("train -solver s -sighup_effect none", "-sighup_effect can only be `snapshot`"),
        ("train -solver s -level two", "-level takes a whole number, not 'two'"),
        ("convert_imageset -gray=maybe r l d", "-gray is either true or false, not 'maybe'"),
        ("convert_imageset r l", "2 words, not ROOT LIST DB; here it is `protonet data convert`"),
        ("time extra", "1 words, not none; here it is `protonet time`"),
        ("", "Missing argument 'TOOL'"),
    ],
)
def test_what_is_no_line_of_caffe_is_a_usage_error(line: str, said: str) -> None:
    done = protonet("caffe", *line.split())

    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr


def test_flags_may_be_switched_off() -> None:
    assert parse(["-gray=false", "-nogray"], {"gray": False}, "").on("gray") is False


def test_help_of_a_tool_is_that_of_our_command() -> None:
    done = protonet("caffe", "convert_imageset", "--help")

    assert done.stdout.startswith("Usage: protonet data convert")


def test_help_names_our_command_for_each_tool() -> None:
    text = protonet("caffe", "--help").stdout

    for tool, found in TOOLS.items():
        assert f"{tool} " in text
        assert f"protonet {' '.join(found.command)}" in text


def test_devices_are_told() -> None:
    done = protonet("caffe", "device_query", "-gpu", "99")

    assert (done.exit_code, "PN650" in done.stderr) == (1, True)
    assert protonet("devices").exit_code == protonet("devices", "--gpus", "all").exit_code == 0


def test_one_of_several_devices_may_be_named() -> None:
    done = protonet("test", *LABELLED, "--iterations", "1", "--device", "cuda:7x")

    assert done.exit_code == 2
    assert _options.ALL_GPUS == (-1,)
