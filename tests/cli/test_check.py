"""``protonet check``."""

from pathlib import Path

from tests.cli.files import protonet


def test_good_files_are_ok() -> None:
    done = protonet("check", "net.prototxt", "solver.prototxt")

    assert (done.exit_code, done.stdout, done.stderr) == (
        0,
        "net.prototxt: ok\nsolver.prototxt: ok\n",
        "",
    )


def test_all_problems_of_all_files_are_told() -> None:
    Path("bad.prototxt").write_text(
        'layer { name: "a" typ: "ReLU" botom: "x" }\n', encoding="utf-8"
    )
    Path("worse.prototxt").write_text("layer {", encoding="utf-8")

    done = protonet("check", "bad.prototxt", "net.prototxt", "worse.prototxt")

    assert done.exit_code == 1
    assert done.stdout == ("bad.prototxt: 2 errors\nnet.prototxt: ok\nworse.prototxt: 1 error\n")
    assert done.stderr.count("error[") == 3


def test_a_file_is_needed() -> None:
    assert protonet("check").exit_code == 2
