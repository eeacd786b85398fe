"""Owners of blobs."""

import pytest

from tests.graph.nets import INPUT, helps, ownership_of, problems

TWO = """layer { name: "a" type: "InnerProduct" bottom: "x" top: "a" param { name: "w" %s }
  inner_product_param { num_output: 5 } }
layer { name: "b" type: "InnerProduct" bottom: "x" top: "b" param { name: "w" %s }
  inner_product_param { num_output: %s } }
"""


def test_blobs_of_one_name_have_one_owner() -> None:
    ownership = ownership_of(INPUT + TWO % ("", "", 5))

    assert [owned.name for owned in ownership.owned] == ["a/0", "a/1", "b/1"]
    assert [owned.name for owned in ownership.slots["b"]] == ["a/0", "b/1"]


@pytest.mark.parametrize(("first", "second"), [("lr_mult: 3", ""), ("", "lr_mult: 3")])
def test_first_multiplier_given_counts_for_all(first: str, second: str) -> None:
    ownership = ownership_of(INPUT + TWO % (first, second, 5))

    assert ownership.slots["a"][0].lr_mult == 3
    assert ownership.slots["b"][0].lr_mult == 3


def test_other_multiplier_for_a_shared_blob_is_refused() -> None:
    assert problems(INPUT + TWO % ("decay_mult: 1", "decay_mult: 0", 5), ownership_of) == [
        "PN211 4:91 layer `b`: shared blob `w` has `decay_mult: 0` here, 1 where it is first given"
    ]


def test_shared_blobs_need_one_shape() -> None:
    assert problems(INPUT + TWO % ("", "", 6), ownership_of) == [
        "PN210 4:61 layer `b`: shared blob `w` has shape (6, 48) here, (5, 48) in layer `a`"
    ]


def test_permissive_sharing_asks_for_equal_counts_only() -> None:
    text = (
        INPUT
        + 'layer { name: "a" type: "InnerProduct" bottom: "x" top: "a" param { name: "w" }'
        + " inner_product_param { num_output: 4 } }\n"
        + 'layer { name: "b" type: "InnerProduct" bottom: "a" top: "b"'
        + ' param { name: "w" share_mode: PERMISSIVE } inner_product_param { num_output: 48 } }\n'
    )

    assert ownership_of(text).slots["b"][0].name == "a/0"


def test_more_params_than_blobs_are_refused() -> None:
    text = INPUT + 'layer { name: "r" type: "ReLU" bottom: "x" top: "r" param { lr_mult: 0 } }'

    assert problems(text, ownership_of) == ["PN209 2:53 layer `r` has 1 `param`, but 0 blobs"]


def test_running_statistics_cannot_learn() -> None:
    text = INPUT + 'layer { name: "b" type: "BatchNorm" bottom: "x" top: "b" param { lr_mult: 1 } }'

    assert [problem[:5] for problem in problems(text, ownership_of)] == ["PN212"]
    assert [o.lr_mult for o in ownership_of(text.replace("1 }", "0 }")).owned] == [0, 0, 0]


def test_a_param_of_running_statistics_that_does_not_freeze_them_is_refused() -> None:
    text = INPUT + 'layer { name: "b" type: "BatchNorm" bottom: "x" top: "b" %s }'

    assert problems(text % "param { decay_mult: 0 }", ownership_of) == [
        "PN212 2:58 layer `b`: running statistics cannot have `lr_mult: 1`, its default"
    ]
    # as in Caffe: of three, an upgrade makes them 0
    assert [o.lr_mult for o in ownership_of(text % ("param { }" * 3)).owned] == [0, 0, 0]


def test_a_layer_may_freeze_its_blobs_whatever_their_param_says() -> None:
    text = INPUT + (
        'layer { name: "b" type: "BN" bottom: "x" top: "b" bn_param { frozen: true }'
        " param { lr_mult: 2 } param { lr_mult: 2 } param { lr_mult: 1 } param { } }"
    )

    assert [(o.lr_mult, o.decay_mult) for o in ownership_of(text).owned] == [(0.0, 0.0)] * 4


def test_the_bound_of_rows_is_carried_along() -> None:
    first, _, last = ownership_of(INPUT + TWO % ("max_norm: 3", "", 5)).owned

    assert (first.max_norm, last.max_norm) == (3.0, 0.0)


def test_another_bound_for_a_shared_blob_is_refused() -> None:
    assert problems(INPUT + TWO % ("max_norm: 1", "max_norm: 2", 5), ownership_of) == [
        "PN211 4:89 layer `b`: shared blob `w` has `max_norm: 2` here, 1 where it is first given"
    ]


def test_a_negative_bound_is_refused() -> None:
    text = INPUT + TWO % ("max_norm: -1", "", 5)

    assert problems(text, ownership_of) == [
        "PN225 2:89 layer `a`: `max_norm` is -1; no norm is negative"
    ]
    assert helps(text, ownership_of) == ["0 means no bound"]
