import numpy as np
import pytest

from protonet.data.sources.builtin import NAMES, SHAPE, read_builtin
from protonet.diagnostics import DiagnosticError


@pytest.mark.parametrize(
    ("name", "number", "classes"),
    [
        ("builtin:digits/train", 1297, 10),
        ("builtin:digits/test", 500, 10),
        ("builtin:digits-0-4/train", 650, 5),
        ("builtin:digits-0-4/test", 251, 5),
        ("builtin:digits-5-9/train", 647, 5),
        ("builtin:digits-5-9/test", 249, 5),
    ],
)
def test_a_part_has_classes_from_zero(name: str, number: int, classes: int) -> None:
    images = read_builtin(name)

    assert (len(images), images.shape(), images.name) == (number, SHAPE, name)
    assert np.unique(images.labels).tolist() == list(range(classes))
    assert images.labels.dtype == np.float32


def test_the_parts_make_up_the_whole() -> None:
    whole, low, high = (read_builtin(f"builtin:digits{part}/test") for part in ("", "-0-4", "-5-9"))

    members = whole.labels < 5
    np.testing.assert_array_equal(low.pixels, whole.pixels[members])
    np.testing.assert_array_equal(high.pixels, whole.pixels[~members])
    np.testing.assert_array_equal(high.labels, whole.labels[~members] - 5)


def test_a_close_name_is_suggested() -> None:
    with pytest.raises(DiagnosticError) as raised:
        read_builtin("builtin:digit/train")

    assert str(raised.value) == (
        "error[PN501]: there is no built-in data set `builtin:digit/train`\n"
        "  = help: did you mean `builtin:digits/train`?"
    )


def test_all_names_are_told_if_none_is_close() -> None:
    with pytest.raises(DiagnosticError) as raised:
        read_builtin("builtin:x")

    assert raised.value.diagnostics[0].help == f"there are {', '.join(f'`{n}`' for n in NAMES)}"
