"""Which blobs a filler can fill."""

import pytest

from protonet.layers.base import LayerError, Weight
from protonet.message.common import FillerParameter
from protonet.shape import Shape
from protonet.spec.filler import FILLERS, check_filler


def refusal(shape: Shape, filler: FillerParameter) -> tuple[str, str]:
    with pytest.raises(LayerError) as caught:
        check_filler(Weight(shape, filler))
    return caught.value.message, caught.value.help


@pytest.mark.parametrize("kind", sorted(FILLERS))
def test_every_filler_fills_a_square_kernel(kind: str) -> None:
    check_filler(Weight((2, 3, 4, 4), FillerParameter(type=kind)))


@pytest.mark.parametrize(
    ("kind", "meant"), [("guassian", "gaussian"), ("glorot", "glorot_normal"), ("MSRA", "msra")]
)
def test_an_unknown_type_that_is_like_one_is_taken_for_it(kind: str, meant: str) -> None:
    assert refusal((2, 3), FillerParameter(type=kind)) == (
        f"unknown filler type `{kind}`",
        f"did you mean `{meant}`?",
    )


def test_another_unknown_type_gets_the_list() -> None:
    assert refusal((2, 3), FillerParameter(type="?")) == (
        "unknown filler type `?`",
        (
            "the types are bilinear, constant, gaussian, glorot_normal, msra, positive_unitball, "
            "truncated_normal, uniform, xavier"
        ),
    )


@pytest.mark.parametrize(
    ("shape", "filler", "message"),
    [
        (
            (2, 3, 4, 5),
            FillerParameter(type="bilinear"),
            "a bilinear filler needs a blob (N, C, K, K); this one is (2, 3, 4, 5)",
        ),
        *(
            (
                (),
                FillerParameter(type=kind),
                f"the filler `{kind}` needs a blob with axes; this one has none",
            )
            for kind in ("msra", "positive_unitball", "xavier")
        ),
        (
            (),
            FillerParameter(type="gaussian", sparse=1),
            "a sparse gaussian filler needs a blob with axes; this one has none",
        ),
        (
            (2,),
            FillerParameter(type="truncated_normal", std=0),
            "a truncated_normal filler needs a `std` above 0, not 0",
        ),
        (
            (2,),
            FillerParameter(type="gaussian", std=-1),
            "a gaussian filler needs a `std` above 0, not -1",
        ),
        (
            (2,),
            FillerParameter(type="uniform", min=1, max=0.5),
            "the `min` 1 of a uniform filler is above its `max` 0.5",
        ),
        (
            (2, 3),
            FillerParameter(type="xavier", sparse=1),
            "`sparse` goes with a gaussian filler only, not with `xavier`",
        ),
        (
            (2, 3),
            FillerParameter(type="gaussian", sparse=3),
            "`sparse` 3 is more than the 2 outputs of a blob (2, 3)",
        ),
        (
            (2, 3),
            FillerParameter(type="gaussian", sparse=-2),
            "`sparse` -2 must be at least 0, or -1 for no zeros",
        ),
    ],
)
def test_a_blob_that_a_filler_cannot_fill_is_refused(
    shape: Shape, filler: FillerParameter, message: str
) -> None:
    assert refusal(shape, filler) == (message, "")
