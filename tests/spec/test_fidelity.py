"""docs/fidelity.md says what the layers say."""

import re
from pathlib import Path

from protonet.spec.fidelity import differences, updated

PAGE = Path(__file__).parents[2] / "docs" / "fidelity.md"


def test_the_page_is_up_to_date() -> None:
    """If this fails: make schema."""
    text = PAGE.read_text(encoding="utf-8")

    assert text == updated(text)


def test_a_difference_is_one_line() -> None:
    found = dict(differences())

    assert found["Pooling"] == (
        "Differs: a window without any value is an error; Caffe gives nonsense there."
    )
    assert "ReLU" not in found


def test_every_difference_names_a_test_that_is_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rules, _, rest = text.partition("## Text and messages")
    told = re.split(r"^- ", rest, flags=re.MULTILINE)[1:]

    links = [re.findall(r"\(\[test\]\(([^)]+)\)\)", one) for one in told]

    assert len(told) > len(rules.splitlines())
    assert [one for one, found in zip(told, links, strict=True) if len(found) != 1] == []
    assert [link for (link,) in links if not (PAGE.parent / link).exists()] == []
