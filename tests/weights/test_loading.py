from collections.abc import Callable
from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.weights.loading import Adapt, Loading, check_rules, loading_of


def options(**given: list[str]) -> Loading:
    texts = {"adapt": list[str](), "rename": list[str](), "reinit": list[str](), **given}
    return loading_of(**texts, strict=False, by_order=True)


def refused(work: Callable[[], object]) -> tuple[str, str, str]:
    with pytest.raises(DiagnosticError) as caught:
        work()
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.code, diagnostic.message, diagnostic.help


def test_options_are_read(tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("# torch's names\nfeatures.0 = conv1_1\n\n  a=b # and more\n", "utf-8")

    found = options(
        adapt=["fc8=first", "fc*=pad"], rename=["old = new", str(names)], reinit=["conv*"]
    )

    assert found == Loading(
        by_order=True,
        adapt={"fc8": Adapt.FIRST, "fc*": Adapt.PAD},
        rename={"old": "new", "features.0": "conv1_1", "a": "b"},
        reinit=("conv*",),
    )


def test_the_first_pattern_counts() -> None:
    found = Loading.of(adapt={"fc8": "first", "fc*": "pad", "a[1]": "pad"}, reinit="conv?")

    assert [found.adapts(name) for name in ("fc8", "fc7", "a[1]", "conv1")] == [
        Adapt.FIRST,
        Adapt.PAD,
        Adapt.PAD,
        None,
    ]
    assert [found.leaves(name) for name in ("conv1", "conv11")] == [True, False]


@pytest.mark.parametrize(
    ("given", "message", "help_"),
    [
        (
            {"adapt": ["fc8"]},
            "`fc8` is not a rule for weights",
            "write `layer=first` or `layer=pad`",
        ),
        ({"adapt": ["fc8=frist"]}, "`frist` is not a rule to adapt `fc8`", "did you mean `first`?"),
        (
            {"adapt": ["fc8=5"]},
            "`5` is not a rule to adapt `fc8`",
            "the rules are `first` and `pad`",
        ),
        (
            {"rename": ["=b"]},
            "`=b` is not a rule for weights",
            "write `old=new`, or a file of such lines",
        ),
        ({"rename": ["a=x", "b=x"]}, "two layers are renamed to `x`", ""),
        ({"rename": ["a=x", "a=y"]}, "`a` is renamed twice", ""),
    ],
)
def test_what_is_no_rule(given: dict[str, list[str]], message: str, help_: str) -> None:
    assert refused(lambda: options(**given)) == ("PN411", message, help_)


def test_a_bad_line_of_a_file_is_shown(tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("a=b\n  conv1 # no goal\n", "utf-8")

    with pytest.raises(DiagnosticError) as caught:
        options(rename=[str(names)])

    assert str(caught.value) == (
        "error[PN411]: `conv1` is not a rule for weights\n"
        f" --> {names}:2:3\n"
        "  |\n"
        "2 |   conv1 # no goal\n"
        "  |   ^^^^^\n"
        "  = help: write `old=new`"
    )


def test_a_file_that_is_not_there() -> None:
    assert refused(lambda: options(rename=["names.txt"]))[0] == "PN021"


def test_a_file_may_have_an_equals_sign_in_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a=b").write_text("c=d\n", "utf-8")

    assert options(rename=["a=b"]).rename == {"c": "d"}


def test_rules_about_nothing_are_told() -> None:
    loading = Loading.of(
        adapt={"fc9": "first", "fc*": "pad"},
        rename={"fc8": "fc8_new", "cnv1": "conv1"},
        reinit=["x*", "conv1"],
    )

    found = list(check_rules(loading, ["conv1", "fc8"], ["conv1", "fc8"]))

    assert [(d.code, d.message, d.help) for d in found] == [
        ("PN412", "the net has no layer with weights called `fc9`", "did you mean `fc8`?"),
        ("PN412", "the net has no layer with weights called `x*`", "the layers are `conv1`, `fc8`"),
        ("PN412", "the net has no layer with weights called `fc8_new`", "did you mean `fc8`?"),
        ("PN412", "the files have no layer called `cnv1`", "did you mean `conv1`?"),
    ]


def test_of_many_names_some_are_listed() -> None:
    loading = Loading.of(reinit="x")

    (many,) = check_rules(loading, [f"conv{n}_abcdef" for n in range(20)], ())
    (none,) = check_rules(loading, (), ())

    assert many.help.endswith("`conv11_abcdef`, ...")
    assert none.help == ""
