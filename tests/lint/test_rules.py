"""Each rule: what it must report is a golden of tests/diagnostics, what it must not is here."""

import ast
import pkgutil
from contextlib import chdir
from pathlib import Path

import pytest

import protonet.lint
from protonet.lint.rule import Selection
from protonet.lint.scopes import SCOPES
from protonet.report.check import check
from protonet.spec.explain import sections
from tests.diagnostics.golden import printed

ROOT = Path(__file__).parents[2]
FINE = tuple(sorted((Path(__file__).parent / "fine").glob("*.prototxt")))
RULES = [rule for scope in SCOPES for rule in scope.rules]
ZOO = sorted(ROOT.glob("zoo/*/*.prototxt")) + sorted(ROOT.glob("solvers/*.prototxt"))


@pytest.mark.parametrize("case", FINE, ids=lambda case: case.stem)
def test_a_file_that_only_looks_like_it_is_not_reported(case: Path) -> None:
    assert "[PN" not in printed(case)


def test_every_rule_has_a_file_that_it_must_not_report() -> None:
    assert sorted(case.name[:5] for case in FINE) == sorted(rule.code for rule in RULES)


def test_every_rule_is_documented_by_its_code_and_a_sentence() -> None:
    assert [rule.code for rule in RULES if rule.code not in sections()] == []
    assert [rule.name for rule in RULES if not rule.summary.endswith(".")] == []


def test_a_rule_is_called_as_its_file() -> None:
    files = {
        module.name.rpartition(".")[2].replace("_", "-")
        for scope in ("net", "graph", "phases", "solver", "run")
        for module in pkgutil.iter_modules([str(Path(protonet.lint.__path__[0], scope))])
    }

    assert {rule.name for rule in RULES} == files


@pytest.mark.parametrize("path", ZOO, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_is_shipped_has_no_trap(path: Path) -> None:
    with chdir(ROOT):
        assert check(str(path.relative_to(ROOT)), Selection(("PN7",), ("PN768",))) == ()


def test_rules_import_no_layer() -> None:
    """A check imports the layers of its file only."""
    folder = Path(protonet.lint.__path__[0])
    for path in folder.rglob("*.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        modules = [node.module or "" for node in body if isinstance(node, ast.ImportFrom)]
        assert [m for m in modules if m.startswith("protonet.layers.") and m != BASE] == []


BASE = "protonet.layers.base"
