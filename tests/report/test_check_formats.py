"""Problems for machines."""

import json
from pathlib import Path
from typing import Any

import pytest

from protonet.diagnostics import Diagnostic, Fix, Label, Severity
from protonet.report.check_formats import as_github, as_json, as_sarif
from protonet.source import Source, Span

SOURCE = Source('name: "é"\nlayer { }\n', "my nets/a.prototxt")
SPAN = Span(SOURCE, SOURCE.text.index("layer"), SOURCE.text.index("layer") + 5)
FIRST = Span(SOURCE, 0, 4)
PROBLEM = Diagnostic(
    "PN701",
    "`x` has no effect, 50 %",
    (Label(SPAN), Label(FIRST, "first")),
    "remove it",
    Severity.WARNING,
    fix=Fix("removed `x`", SOURCE, ()),
)
NOWHERE = Diagnostic("PN021", "cannot read `b`")
OF_A_FILE = Diagnostic("PN401", "cut short", file="/data/w.caffemodel")


def test_json_has_all_that_text_has() -> None:
    assert json.loads(as_json([PROBLEM])) == [
        {
            "code": "PN701",
            "severity": "warning",
            "message": "`x` has no effect, 50 %",
            "help": "remove it",
            "fix": "removed `x`",
            "file": "my nets/a.prototxt",
            "labels": [
                {
                    "file": "my nets/a.prototxt",
                    "text": "",
                    "line": 2,
                    "column": 1,
                    "end_line": 2,
                    "end_column": 6,
                },
                {
                    "file": "my nets/a.prototxt",
                    "text": "first",
                    "line": 1,
                    "column": 1,
                    "end_line": 1,
                    "end_column": 5,
                },
            ],
        }
    ]
    assert json.loads(as_json([OF_A_FILE]))[0]["file"] == "/data/w.caffemodel"
    assert json.loads(as_json([])) == []


def run(problems: list[Diagnostic]) -> dict[str, Any]:
    log = json.loads(as_sarif(problems))
    assert log["version"] == "2.1.0"
    return log["runs"][0]


def test_sarif_has_a_rule_for_each_code_and_a_result_for_each_problem() -> None:
    found = run([PROBLEM, NOWHERE, PROBLEM])

    rules = found["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["PN021", "PN701"]
    assert rules[1]["shortDescription"] == {"text": "parameters of another type of layer"}
    assert rules[1]["help"]["text"].startswith("### What")
    assert [rules[result["ruleIndex"]]["id"] for result in found["results"]] == [
        "PN701",
        "PN021",
        "PN701",
    ]


def test_sarif_places_are_regions_of_files() -> None:
    first, nowhere, of_a_file = run([PROBLEM, NOWHERE, OF_A_FILE])["results"]

    region = {"startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 6}
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "my%20nets/a.prototxt"},
                "region": region,
            }
        }
    ]
    assert first["relatedLocations"][0]["message"] == {"text": "first"}
    assert first["message"] == {"text": "`x` has no effect, 50 %\nremove it"}
    assert (first["level"], nowhere["level"]) == ("warning", "error")
    assert nowhere["locations"] == []
    assert of_a_file["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == (
        "file:///data/w.caffemodel"
    )


COMMAND = (
    "::warning title=PN701,file=my nets/a.prototxt,line=2,endLine=2,col=1"
    "::`x` has no effect, 50 %25%0Aremove it"
)


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (
            PROBLEM,
            COMMAND,
        ),
        (NOWHERE, "::error title=PN021::cannot read `b`"),
        (OF_A_FILE, "::error title=PN401,file=/data/w.caffemodel::cut short"),
    ],
)
def test_github_gets_a_command_a_problem(problem: Diagnostic, line: str) -> None:
    assert as_github([problem]) == line


def test_github_names_are_escaped() -> None:
    odd = Diagnostic("PN401", "x", file=str(Path("a,b:c")))

    assert as_github([odd]) == "::error title=PN401,file=a%2Cb%3Ac::x"
