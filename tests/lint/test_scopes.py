"""What rules are made of."""

import pytest

from protonet.lint.rule import Selection
from protonet.lint.scopes import listed, only_in
from protonet.message.common import Phase
from protonet.spec.read import parse_net


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["a"], "`a`"),
        (["a", "b"], "`a` and `b`"),
        (["a", "b", "c"], "`a`, `b` and `c`"),
        (["a", "b", "c", "d", "e"], "`a`, `b`, `c` and 2 more"),
    ],
)
def test_names_are_listed_as_a_sentence_has_them(names: list[str], text: str) -> None:
    assert listed(names) == text


@pytest.mark.parametrize(
    ("rules", "phase"),
    [
        ("", None),
        ("include { phase: TEST }", Phase.TEST),
        ("include { phase: TRAIN }", Phase.TRAIN),
        ("exclude { phase: TRAIN }", Phase.TEST),
        ("include { phase: TRAIN } include { phase: TEST }", None),
        ('include { phase: TEST stage: "val" }', None),
        ("include { min_level: 1 }", None),
    ],
)
def test_a_layer_is_bound_to_a_phase_if_its_rules_say_no_more(
    rules: str, phase: Phase | None
) -> None:
    (layer,) = parse_net(f"layer {{ {rules} }}").layer

    assert only_in(layer) is phase


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        (Selection(), True),
        (Selection(select=("PN7",)), True),
        (Selection(select=("PN8", "PN701")), True),
        (Selection(select=("PN8",)), False),
        (Selection(ignore=("PN70",)), False),
        (Selection(("PN7",), ("PN701",)), False),
    ],
)
def test_codes_are_selected_by_how_they_begin(selection: Selection, wanted: bool) -> None:
    assert selection.wants("PN701") is wanted
