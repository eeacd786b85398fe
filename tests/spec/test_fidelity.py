"""docs/fidelity.md says what the layers say."""

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
