"""``protonet check``."""

import json
from pathlib import Path

import pytest

from tests.cli.files import protonet


def test_good_files_are_ok() -> None:
    done = protonet("check", "--ignore", "PN770", "net.prototxt", "solver.prototxt")

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


TRAP = """\
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "relu" type: "ReLU" bottom: "x" top: "y" lrn_param { } }
"""
FIXED = TRAP.replace(" lrn_param { }", "")


@pytest.fixture
def trap() -> str:
    Path("trap.prototxt").write_text(TRAP, encoding="utf-8")
    return "trap.prototxt"


def test_warnings_do_not_fail_unless_they_shall(trap: str) -> None:
    done = protonet("check", trap)

    assert (done.exit_code, done.stdout) == (0, "trap.prototxt: 1 warning\n")
    assert protonet("check", "--strict", trap).exit_code == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--select", "PN701"), True),
        (("--select", "pn7,PN1"), True),
        (("--select", "PN1"), False),
        (("--ignore", "PN70"), False),
        (("--select", "PN7", "--ignore", "PN701"), False),
    ],
)
def test_codes_are_selected_by_how_they_begin(
    trap: str, options: tuple[str, ...], told: bool
) -> None:
    assert ("[PN701]" in protonet("check", *options, trap).stderr) is told


def test_what_is_no_code_is_refused(trap: str) -> None:
    assert protonet("check", "--select", "unread-message", trap).exit_code == 2


def test_fix_writes_the_file_and_says_what_it_did(trap: str) -> None:
    done = protonet("check", "--fix", trap)

    assert (done.exit_code, done.stdout) == (0, "trap.prototxt: ok\n")
    assert done.stderr == "fixed trap.prototxt:2:56: removed `lrn_param`\n"
    assert Path(trap).read_text(encoding="utf-8") == FIXED
    before = Path(trap).stat().st_mtime_ns
    assert protonet("check", "--fix", trap).stderr == ""
    assert Path(trap).stat().st_mtime_ns == before


def test_standard_input_is_checked() -> None:
    done = protonet("check", "-", stdin=TRAP)

    assert done.stdout == "-: 1 warning\n"
    assert "--> <stdin>:2:56" in done.stderr


def test_standard_input_is_repaired_to_standard_output() -> None:
    done = protonet("check", "--fix", "-", stdin=TRAP)

    assert done.stdout == FIXED
    assert done.stderr == "fixed <stdin>:2:56: removed `lrn_param`\n-: ok\n"


def test_machines_get_all_files_in_one_answer(trap: str) -> None:
    done = protonet("check", "--format", "json", trap, "gone.prototxt")

    assert [problem["code"] for problem in json.loads(done.stdout)] == ["PN701", "PN021"]
    assert (done.exit_code, done.stderr) == (1, "")


@pytest.mark.parametrize(
    ("form", "start"), [("sarif", '{\n  "$schema"'), ("github", "::warning title=PN701,file=trap")]
)
def test_other_formats(trap: str, form: str, start: str) -> None:
    assert protonet("check", "--format", form, trap).stdout.startswith(start)
