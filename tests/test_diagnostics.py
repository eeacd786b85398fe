"""How problems are printed."""

from protonet.diagnostics import Diagnostic, DiagnosticError, Label, rendered
from protonet.source import Source, Span

TEXT = Source("a: 1\nb: 2\na: 3\na: 4\na: 5\na: 6\n", "net.prototxt")


def at(start: int, message: str = "no `a`", text: str = "") -> Diagnostic:
    return Diagnostic("PN101", message, (Label(Span(TEXT, start, start + 1), text),), "remove it")


def test_what_is_the_same_in_many_places_is_told_once() -> None:
    told = [*rendered([at(0), at(5, "no `b`"), at(10), at(15), at(20), at(25)])]

    assert told == [
        """\
error[PN101]: no `a`
 --> net.prototxt:1:1
  |
1 | a: 1
  | ^
  = help: remove it
  = also on lines 3, 4, 5 and 1 more""",
        at(5, "no `b`").render(),
    ]


def test_two_places_are_told_and_one_line_once() -> None:
    assert str(DiagnosticError([at(0), at(10)])).endswith("\n  = also on line 3")
    assert str(DiagnosticError([at(0), at(3)])) == at(0).render()


def test_what_a_label_says_or_another_file_is_told_by_itself() -> None:
    other = Source(TEXT.text, "other.prototxt")
    elsewhere = Diagnostic("PN101", "no `a`", (Label(Span(other, 0, 1)),), "remove it")
    problems = [at(0), at(10, text="here again"), elsewhere]

    assert [*rendered(problems)] == [problem.render() for problem in problems]


def test_what_has_no_place_is_told_once() -> None:
    problem = Diagnostic("PN021", "it is not there", file="net.prototxt")

    assert [*rendered([problem, problem])] == [problem.render()]
