import numpy as np
import pytest

from protonet.data.sources.memory import MemoryArrays
from protonet.diagnostics import DiagnosticError

DATA = np.arange(8, dtype=np.float32).reshape(4, 1, 2, 1)
LABELS = np.array([3, 1, 2, 0], np.float32)


def test_arrays_are_read_round_and_round() -> None:
    arrays = MemoryArrays("in", (2, 1, 2, 1))
    arrays.set(DATA, LABELS.reshape(4, 1, 1, 1))

    data, labels = arrays.read(6, 2)

    assert arrays.size == 4
    np.testing.assert_array_equal(data, DATA[2:])
    np.testing.assert_array_equal(labels, LABELS[2:])


def test_without_arrays_there_is_no_data() -> None:
    arrays = MemoryArrays("in", (2, 1, 2, 1))

    with pytest.raises(DiagnosticError, match=r"PN511.*MemoryData layer `in` has no data"):
        arrays.read(0, 2)
    assert arrays.size == 0


@pytest.mark.parametrize(
    ("number", "labels", "why"),
    [
        (3, 3, r"takes data of shape \(a multiple of 2, 1, 2, 1\), not \(3, 1, 2, 1\)"),
        (0, 0, r"not \(0, 1, 2, 1\)"),
        (4, 3, "has 4 images but 3 labels"),
    ],
)
def test_arrays_must_fit_the_layer(number: int, labels: int, why: str) -> None:
    with pytest.raises(DiagnosticError, match=why):
        MemoryArrays("in", (2, 1, 2, 1)).set(DATA[:number], LABELS[:labels])


def test_images_must_be_of_the_layers_size() -> None:
    with pytest.raises(DiagnosticError, match=r"not \(4, 2, 1, 1\)"):
        MemoryArrays("in", (2, 1, 2, 1)).set(DATA.reshape(4, 2, 1, 1), LABELS)
