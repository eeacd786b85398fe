"""``check --fix``."""

from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.lint.rule import Selection
from protonet.report.check import check_source
from protonet.report.repair import repair, write
from protonet.source import Source

NET = """\
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
layer {
  name: "relu"  # kept
  type: "ReLU"
  bottom: "x"
  top: "y"

  # also kept
  convolution_param { pad: 1 }
  include { phase: TRAIN }
  include { phase: TRAIN }
}
"""

REPAIRED = """\
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
layer {
  name: "relu"  # kept
  type: "ReLU"
  bottom: "x"
  top: "y"

  include { phase: TRAIN }
}
"""


def test_what_is_repaired_is_told_and_has_no_problem_left() -> None:
    source, lines = repair(Source(NET, "net.prototxt"))

    assert lines == (
        "net.prototxt:9:3: removed `convolution_param`",
        "net.prototxt:11:3: removed `include`",
    )
    assert source.text == REPAIRED
    assert check_source(source) == ()


def test_a_repaired_file_is_not_repaired_again() -> None:
    source, _ = repair(Source(NET))

    assert repair(source) == (source, ())


def test_only_what_is_selected_is_repaired() -> None:
    source, _ = repair(Source(NET), Selection(select=("PN707",)))

    assert source.text == NET.replace("  include { phase: TRAIN }\n", "", 1)


def test_a_text_that_cannot_be_read_stays_as_it_is() -> None:
    source = Source("layer {")

    assert repair(source) == (source, ())


def test_the_spelling_of_a_fork_becomes_that_of_today() -> None:
    text = (
        'layer { name: "x" type: "Input" top: "x"\n'
        "  input_param { shape { dim: 1 dim: 3 dim: 9 dim: 9 } } }\n"
        'layer { name: "c" type: "Convolution" bottom: "x" top: "c"\n'
        "  convolution_param { num_output: 1 kernel_size: 3 hole: 2 } }  # atrous\n"
    )

    source, lines = repair(Source(text))

    assert source.text == text.replace("hole: 2", "dilation: 2")
    assert len(lines) == 1


def test_fields_of_a_solver_that_nothing_reads_go() -> None:
    text = 'net: "n"\nbase_lr: 0.1\nlr_policy: "fixed"\nmax_iter: 9\npower: 2  # of inv\n'

    source, lines = repair(Source(text))

    assert source.text == text.removesuffix("power: 2  # of inv\n")
    assert lines == ("<text>:5:1: removed `power`",)


def test_a_file_keeps_its_mode_mark_and_odd_bytes(tmp_path: Path) -> None:
    path = tmp_path / "net.prototxt"
    path.write_bytes(b"\xef\xbb\xbf" + NET.encode() + b"# caf\xe9\n")
    path.chmod(0o640)

    source, _ = repair(Source.read(path))
    write(source)

    assert path.read_bytes() == b"\xef\xbb\xbf" + REPAIRED.encode() + b"# caf\xe9\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["net.prototxt"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "net.prototxt", tmp_path / "link.prototxt"
    path.write_text(NET, encoding="utf-8")
    link.symlink_to(path)

    write(repair(Source.read(link))[0])

    assert link.is_symlink()
    assert path.read_text(encoding="utf-8") == REPAIRED


def test_a_folder_that_is_gone_is_a_diagnostic(tmp_path: Path) -> None:
    path = tmp_path / "away" / "net.prototxt"

    with pytest.raises(DiagnosticError, match="PN408"):
        write(Source(NET, path=path))
