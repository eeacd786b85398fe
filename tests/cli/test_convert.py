"""``protonet convert``."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import protonet as library
from protonet.cli import main
from protonet.export.weights import FORMATS
from tests.cli.files import ENVIRONMENT, NET, protonet

OLD = """\
# an old net
layers { name: "ip" type: INNER_PRODUCT bottom: "x" top: "ip"   # odd
  blobs_lr: 1
  inner_product_param { num_output: 2 } }
"""

NEW = """\
# an old net
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip"   # odd
  param { lr_mult: 1 }
  inner_product_param { num_output: 2 } }
"""

TOLD = """\
old.prototxt:2:1: `layers` became `layer`
old.prototxt:2:21: type INNER_PRODUCT became "InnerProduct"
old.prototxt:3:3: `blobs_lr` became `param { lr_mult }`
"""


@pytest.fixture(autouse=True)
def old(folder: Path) -> Path:
    path = folder / "old.prototxt"
    path.write_text(OLD, encoding="utf-8")
    return path


def test_prints_today_s_form_and_tells_each_change(old: Path) -> None:
    done = protonet("convert", "old.prototxt")

    assert (done.exit_code, done.stdout, done.stderr) == (0, NEW, TOLD)
    assert old.read_text("utf-8") == OLD


def test_a_file_of_today_is_printed_as_it_is() -> None:
    done = protonet("convert", "net.prototxt")

    assert (done.exit_code, done.stdout, done.stderr) == (0, NET, "")


def test_writes_several_in_place_and_only_what_changes(old: Path) -> None:
    before = Path("net.prototxt").stat().st_mtime_ns

    done = protonet("convert", "--in-place", "old.prototxt", "net.prototxt", "solver.prototxt")

    assert (done.exit_code, done.stdout, done.stderr) == (0, "", TOLD)
    assert old.read_text("utf-8") == NEW
    assert Path("net.prototxt").stat().st_mtime_ns == before
    assert sorted(path.name for path in Path().iterdir()) == [
        "net.prototxt",
        "old.prototxt",
        "solver.prototxt",
    ]


def test_shows_what_would_change(old: Path) -> None:
    done = protonet("convert", "--diff", "old.prototxt", "net.prototxt")

    assert done.exit_code == 0
    assert done.stdout.splitlines()[:5] == [
        "--- old.prototxt",
        "+++ old.prototxt",
        "@@ -1,4 +1,4 @@",
        " # an old net",
        '-layers { name: "ip" type: INNER_PRODUCT bottom: "x" top: "ip"   # odd',
    ]
    assert old.read_text("utf-8") == OLD


def test_writes_to_another_file() -> None:
    done = protonet("convert", "old.prototxt", "-o", "new.prototxt")

    assert (done.exit_code, done.stdout) == (0, "")
    assert Path("new.prototxt").read_text("utf-8") == NEW


@pytest.mark.parametrize("arguments", [("-",), ("--in-place", "-")])
def test_reads_standard_input(arguments: tuple[str, ...]) -> None:
    data = b"\xef\xbb\xbf" + OLD.encode() + b"# caf\xe9\n"

    done = CliRunner().invoke(main, ["convert", *arguments], input=data)

    assert (done.exit_code, done.stdout_bytes) == (0, NEW.encode() + b"# caf\xe9\n")
    assert done.stderr == TOLD.replace("old.prototxt", "<stdin>")


def test_a_solver_is_converted_as_such() -> None:
    Path("s.prototxt").write_text("base_lr: 1\nsolver_type: ADAM # fast\n", encoding="utf-8")

    done = protonet("convert", "s.prototxt")

    assert done.stdout == 'base_lr: 1\ntype: "Adam" # fast\n'


def test_a_deploy_net_takes_the_shape_of_the_data() -> None:
    done = protonet("convert", "--to", "deploy", "net.prototxt")

    assert done.exit_code == 0
    assert "shape { dim: 1 dim: 1 dim: 28 dim: 28 }" in done.stdout
    assert "Accuracy" not in done.stdout
    shapes = library.infer_shapes(done.stdout)
    assert (dict(shapes.blobs), shapes.outputs) == (
        {"data": (1, 1, 28, 28), "ip": (1, 10), "prob": (1, 10)},
        ("prob",),
    )


def test_a_deploy_net_takes_the_shape_that_is_asked_for() -> None:
    done = protonet("convert", "--to", "deploy", "--input", "data=2x1x8,8", "net.prototxt")

    assert "shape { dim: 2 dim: 1 dim: 8 dim: 8 }" in done.stdout


def test_a_net_and_its_weights_go_to_caffe() -> None:
    library.save_weights(library.Net("net.prototxt", phase="TEST"), "w.npz")

    done = protonet(
        "convert", "--to", "caffe", "net.prototxt", "--weights", "w.npz", "-o", "out.prototxt"
    )

    assert (done.exit_code, done.stderr) == (0, "out.caffemodel: 1 layers, 2 blobs\n")
    assert Path("out.prototxt").read_text("utf-8") == NET
    net = library.Net("out.prototxt", phase="TEST")
    assert not library.load_weights(net, "out.caffemodel", strict=True).missing


def test_a_caffemodel_is_a_net_in_binary_form() -> None:
    library.save_weights(library.Net("net.prototxt", phase="TRAIN"), "w.caffemodel")

    done = protonet("convert", "w.caffemodel")

    assert done.exit_code == 0
    assert library.parse_net(done.stdout).layer == tuple(
        layer.model_copy(update={"blobs": ()})
        for layer in library.Net("net.prototxt", phase="TRAIN").layer_messages
    )


def test_a_binary_net_is_not_overwritten_by_a_text() -> None:
    library.save_weights(library.Net("net.prototxt", phase="TRAIN"), "w.caffemodel")
    before = Path("w.caffemodel").read_bytes()

    done = protonet("convert", "--in-place", "w.caffemodel")

    assert done.exit_code == 2
    assert "w.caffemodel is binary: write the text with --output." in done.stderr
    assert Path("w.caffemodel").read_bytes() == before


def test_weights_are_converted_with_and_without_their_net() -> None:
    library.save_weights(library.Net("net.prototxt", phase="TEST"), "w.caffemodel")

    alone = protonet("convert", "--to", "h5", "--weights", "w.caffemodel", "-o", "w.h5")
    both = protonet(
        "convert", "--to", "pth", "--weights", "w.caffemodel", "-o", "w.pth", "net.prototxt"
    )

    assert (alone.exit_code, alone.stderr) == (0, "w.h5: 1 layers, 2 blobs\n")
    assert both.exit_code == 0
    assert Path("w.pth").exists()


@pytest.mark.parametrize(("to", "name"), [("torch", "out.py"), ("onnx", "out.onnx")])
def test_a_net_leaves_for_torch_and_onnx_with_its_weights(to: str, name: str) -> None:
    deploy = protonet("convert", "--to", "deploy", "net.prototxt", "-o", "deploy.prototxt")
    library.save_weights(library.Net("deploy.prototxt", phase="TEST"), "w.caffemodel")

    done = protonet(
        "convert", "--to", to, "--weights", "w.caffemodel", "-o", name, "deploy.prototxt"
    )

    assert (deploy.exit_code, done.exit_code) == (0, 0)
    assert Path(name).exists()
    assert f"wrote {name}\n" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Missing argument 'FILE...'."),
        (("--to", "h5", "-o", "x.h5"), "--to h5 needs --weights."),
        (("--to", "h5", "--weights", "w", "-o", "x.pth"), "--output must end in .h5."),
        (("--to", "h5", "--weights", "w"), "--output is missing."),
        (("--to", "onnx", "old.prototxt"), "--output is missing."),
        (("--to", "caffe", "--weights", "w", "old.prototxt"), "--output is missing."),
        (("a", "b", "-o", "c"), "Only one FILE can be written to one --output."),
        (("--to", "torch", "a", "b", "-o", "c"), "Only one FILE can be written to one --output."),
        (("--weights", "w", "-o", "x", "old.prototxt"), "--weights goes with"),
        (("--in-place", "-o", "x", "old.prototxt"), "--in-place and --diff are for prototxts"),
        (("--diff", "--to", "onnx", "-o", "x", "old.prototxt"), "--in-place and --diff are for"),
        (("--input", "data", "old.prototxt"), "'data' is not of the form `data=1x3x227x227`."),
        (("--input", "=1x2", "old.prototxt"), "'=1x2' is not of the form"),
        (("--input", "data=1xx2", "old.prototxt"), "'data=1xx2' is not of the form"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(arguments: tuple[str, ...], message: str) -> None:
    done = protonet("convert", *arguments)

    assert done.exit_code == 2
    assert message in " ".join(done.stderr.split())


def test_a_file_at_fault_is_told_without_a_traceback() -> None:
    Path("bad.prototxt").write_text("layers {", encoding="utf-8")

    done = protonet("convert", "bad.prototxt")

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error[PN009]")


def test_prototxts_need_no_torch() -> None:
    code = """\
import sys
from click.testing import CliRunner
from protonet.cli import main
for to in ((), ("--to", "deploy"), ("--to", "caffe")):
    done = CliRunner().invoke(main, ["convert", "net.prototxt", *to])
    assert done.exit_code == 0, done.output
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, check=True)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--to", "torch", "n\udcff.prototxt", "-o", "a.py"), "names of files that are UTF-8"),
        (("--to", "onnx", "net.prototxt", "-o", "a\udcff.onnx"), "names of files that are UTF-8"),
        (("--to", "torch", "net.prototxt", "-o", "a.safetensors"), "would go to a.safetensors"),
        (
            ("--to", "torch", "net.prototxt", "--weights", "a.safetensors", "-o", "a.py"),
            "would go to a.safetensors",
        ),
        (("net.prototxt", "--input", "data=1x3"), "--input goes with --to deploy"),
        (("--to", "npz", "--weights", "w.npz", "-o", ".npz"), "--output must end in .npz"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(args: tuple[str, ...], said: str) -> None:
    done = protonet("convert", *args)

    assert (done.exit_code, said in done.stderr) == (2, True)


def test_every_format_of_weights_is_offered() -> None:
    help_ = protonet("convert", "--help").stdout

    assert f"|{'|'.join(FORMATS)}|" in help_
