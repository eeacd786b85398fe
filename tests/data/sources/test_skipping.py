"""What cannot be read gives its place to the next."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from protonet.data.faults import Fault, fault
from protonet.data.sources.base import Image
from protonet.data.sources.skipping import SHOWN, Skipping
from protonet.diagnostics import DiagnosticError, Severity
from protonet.shape import Shape


class Images:
    """Images whose only pixel is their number; some cannot be read."""

    name = "some"

    def __init__(self, number: int, bad: Sequence[int]) -> None:
        self._number, self._bad = number, bad

    def __len__(self) -> int:
        return self._number

    def shape(self) -> Shape:
        raise AssertionError

    def label(self, index: int) -> str:
        return f"{index}.png"

    def read(self, indices: Sequence[int]) -> Iterator[Image]:
        for index in indices:
            if index in self._bad:
                raise fault(Fault.IMAGE, f"{index} is bad")
            yield Image(np.full((1, 1, index + 1), index, np.uint8), index)


def labels(reader: Skipping[Image], *indices: int) -> list[float]:
    return [image.label for image in reader.read(indices)]


def test_the_next_one_takes_the_place_of_a_bad_one() -> None:
    reader = Skipping(Images(5, bad=(1, 2, 4)))

    assert len(reader) == 5
    assert labels(reader, 0, 1, 2, 3, 4) == [0, 3, 3, 3, 0]
    assert labels(reader, 4, 1) == [0, 3]


def test_the_first_shape_is_that_of_the_first_good_one() -> None:
    assert Skipping(Images(3, bad=(0,))).shape() == (1, 1, 2)


def test_the_bad_ones_that_were_met_are_told_once() -> None:
    reader = Skipping(Images(5, bad=(1, 2)), bad=(3,))
    labels(reader, 1, 1, 2)

    (told,) = reader.told()

    assert (told.code, told.severity, told.message) == (
        "PN518",
        Severity.WARNING,
        "3 of the 5 images of `some` could not be read and were skipped: `3.png`, `1.png`, `2.png`",
    )


def test_of_many_a_few_are_named() -> None:
    reader = Skipping(Images(50, bad=()), bad=range(SHOWN + 1))

    assert reader.told()[0].message.endswith("`8.png`, `9.png`, ...")


def test_nothing_is_told_of_good_images() -> None:
    reader = Skipping(Images(2, bad=()))
    labels(reader, 0, 1)

    assert reader.told() == ()


@pytest.mark.parametrize(("bad", "known"), [((0, 1), ()), ((), (0, 1))])
def test_one_good_image_is_needed(bad: Sequence[int], known: Sequence[int]) -> None:
    with pytest.raises(DiagnosticError, match=r"PN519.*none of the 2 images of `some` can be"):
        labels(Skipping(Images(2, bad), known), 0)
