"""Drawings as files; graphviz is a script that writes down what it is given."""

from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.report.draw import draw

NET = """\
name: "n"
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }
"""


@pytest.fixture(autouse=True)
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in a folder with a net, and with this graphviz alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    Path("net.prototxt").write_text(NET, encoding="utf-8")


def graphviz(script: str) -> None:
    program = Path("bin/dot")
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)


def told(code: str, output: str | None = None, form: str | None = None) -> str:
    with pytest.raises(DiagnosticError) as caught:
        draw("net.prototxt", "TRAIN", output=output, form=form)
    (problem,) = caught.value.diagnostics
    assert problem.code == code
    return problem.message


def test_text_is_returned_where_no_file_is_named() -> None:
    assert draw("net.prototxt", "TRAIN", output=None, form=None).startswith('digraph "n" {')
    assert draw("net.prototxt", "TEST", output=None, form="mermaid").startswith("flowchart TB")


@pytest.mark.parametrize("output", ["net.dot", "net.mmd"])
def test_bytes_that_are_no_utf8_are_question_marks(output: str) -> None:
    Path("net.prototxt").write_text(NET.replace('"x"', r'"caf\351"'), encoding="utf-8")

    draw("net.prototxt", "TRAIN", output=output, form=None)

    assert "caf\ufffd" in Path(output).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("output", "form", "start"),
    [("net.dot", None, "digraph"), ("net.mmd", None, "flowchart"), ("net.txt", "dot", "digraph")],
)
def test_the_extension_says_the_form_unless_it_is_given(
    output: str, form: str | None, start: str
) -> None:
    assert draw("net.prototxt", "TRAIN", output=output, form=form, direction="LR") == ""
    assert Path(output).read_text(encoding="utf-8").startswith(start)


def test_graphviz_makes_pictures() -> None:
    graphviz('read -r line; echo "$1 $line"')

    draw("net.prototxt", "TRAIN", output="net.svg", form=None)

    assert Path("net.svg").read_text(encoding="utf-8") == '-Tsvg digraph "n" {\n'


def test_without_graphviz_there_are_no_pictures() -> None:
    assert told("PN841", output="net.png") == (
        "a picture in png needs graphviz's `dot`, which is not installed"
    )
    assert not Path("net.png").exists()


@pytest.mark.parametrize(
    ("script", "why"), [("echo no png >&2; exit 1", "no png"), ("exit 3", "status 3")]
)
def test_what_graphviz_complains_of_is_told(script: str, why: str) -> None:
    graphviz(script)

    assert told("PN843", output="net.png") == f"`dot` failed: {why}"


def test_the_form_must_be_known() -> None:
    assert told("PN842", output="net.jpeg") == "`net.jpeg` does not say what form the drawing has"
    assert told("PN842", form="svg") == "a picture in svg needs a file"
