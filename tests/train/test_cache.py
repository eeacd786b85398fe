"""Training on the features of a frozen prefix is training on the images."""

from pathlib import Path

import numpy as np
import pytest
import torch

from protonet.diagnostics import DiagnosticError
from protonet.nets.execution import Execution
from protonet.spec.solver import CacheMode
from protonet.train import events
from protonet.train.cache import Features
from protonet.train.solver import Solver
from protonet.weights.binaryproto import write_blob
from tests.train.frozen import BYTES, DATA, HEAD, NET, PREFIX, Run, assert_same
from tests.train.runs import Told

TESTS = "test_iter: 4 test_interval: 10"
STEPS = 40  # about three epochs
SHUFFLED = NET.replace("batch_size: 48", "batch_size: 48 shuffle: true")
DROPPED = (
    DATA
    + PREFIX
    + HEAD.replace(
        'name: "ip" type: "InnerProduct" bottom: "pool"',
        'name: "drop" type: "Dropout" bottom: "pool" top: "drop" } '
        'layer { name: "ip" type: "InnerProduct" bottom: "drop"',
    )
)


@pytest.mark.parametrize(
    ("net", "of_test"),
    [
        (NET, ("conv .. pool", "pool, label")),
        (SHUFFLED, ("conv .. pool", "pool, label")),
        (DROPPED, ("conv .. drop", "drop, label")),
    ],
)
def test_all_is_bit_for_bit_what_it_is_without_a_cache(net: str, of_test: tuple[str, str]) -> None:
    fields = f"{TESTS} display: 7 average_loss: 5"
    live = Run(f"{fields} cache_frozen: OFF", net).step(STEPS)
    cached = Run(fields, net).step(STEPS)

    assert_same(cached, live)
    assert cached.tests == live.tests
    assert cached.shown == live.shown
    assert cached.of_cache(events.Caching) == [
        events.Caching("TEST #0", *of_test, 251, 251 * BYTES),
        events.Caching("TRAIN", "conv .. pool", "pool, label", 650, 650 * BYTES),
    ]
    assert set(cached.of_cache(events.Cached)) == {
        events.Cached("TRAIN", 650),
        events.Cached("TEST #0", 251),
    }


def test_without_frozen_layers_nothing_is_said() -> None:
    run = Run(TESTS, NET.replace("lr_mult: 0", "lr_mult: 1")).step(1)

    assert run.solver.net.shortcut is None
    assert not run.of_cache(events.Caching)
    assert not run.of_cache(events.Uncached)


def test_cached_images_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run().step(STEPS)
    monkeypatch.setattr(run.solver.net.feed, "pull", None)

    run.step(3)

    assert run.solver.net.feed.state()["positions"] == {"data": 43 * 48}


@pytest.mark.parametrize("iter_size", [2, 3])
def test_batches_of_an_iteration_run_as_one(iter_size: int) -> None:
    fields = f"{TESTS} iter_size: {iter_size} display: 4"
    live = Run(f"{fields} cache_frozen: OFF", SHUFFLED).step(STEPS)
    cached = Run(fields, SHUFFLED).step(STEPS)

    assert_same(cached, live, atol=1e-6)
    for (loss, outputs), (loss_, outputs_) in zip(cached.shown, live.shown, strict=True):
        assert loss == pytest.approx(loss_, abs=1e-6)
        # What is displayed is of the last batch, as without a cache.
        assert [o.value for o in outputs] == pytest.approx([o.value for o in outputs_], abs=1e-6)
    (_, caching) = cached.of_cache(events.Caching)
    assert isinstance(caching, events.Caching)
    assert caching.joined == iter_size


def test_batches_stay_apart_where_that_would_draw_other_numbers() -> None:
    fields = "iter_size: 2"
    live = Run(f"{fields} cache_frozen: OFF", DROPPED).step(STEPS)
    cached = Run(fields, DROPPED).step(STEPS)

    assert_same(cached, live)


@pytest.mark.parametrize("iter_size", [1, 2])
def test_a_resumed_run_goes_on_bit_for_bit(tmp_path: Path, iter_size: int) -> None:
    fields = f"snapshot: 9 iter_size: {iter_size} {TESTS}"
    whole = Run(fields, SHUFFLED, folder=tmp_path).step(STEPS)
    resumed = Run(fields, SHUFFLED, folder=tmp_path)
    resumed.solver.restore(tmp_path / "run_iter_9.solverstate")
    resumed.step(STEPS - 9)

    assert resumed.losses == whole.losses[9:]
    torch.testing.assert_close(resumed.weights, whole.weights, atol=0, rtol=0)


def test_several_test_nets_have_a_cache_each() -> None:
    fields = "test_iter: 2 test_iter: 3 test_interval: 5"
    live = Run(f"{fields} cache_frozen: OFF").step(11)
    cached = Run(fields).step(11)

    assert cached.tests == live.tests
    names = [e.net for e in cached.told.events if isinstance(e, events.Caching)]
    assert names == ["TEST #0", "TEST #1", "TRAIN"]


def test_amp_keeps_features_in_16_bits() -> None:
    execution = Execution(amp="bf16")
    fields = f"{TESTS} iter_size: 2 display: 1"
    live = Run(f"{fields} cache_frozen: OFF", execution=execution).step(STEPS)
    cached = Run(fields, execution=execution).step(STEPS)

    assert_same(cached, live)
    assert cached.tests == live.tests


def test_weights_that_were_changed_by_hand_are_seen() -> None:
    live, cached = Run("cache_frozen: OFF").step(20), Run().step(20)
    for run in (live, cached):
        run.solver.net.params["conv"][0].detach().mul_(1.5)
        run.step(20)

    assert_same(cached, live)
    assert len(cached.of_cache(events.Caching)) == 2


def test_touching_weights_without_changing_them_keeps_the_features() -> None:
    cached = Run().step(20)
    cached.solver.net.params["conv"][0].detach().mul_(1.0)
    cached.step(20)

    assert len(cached.of_cache(events.Caching)) == 1


def test_weights_that_keep_changing_end_the_cache() -> None:
    live, cached = Run("cache_frozen: OFF"), Run()
    for run in (live, cached):
        for _ in range(6):
            run.step(1)
            run.solver.net.params["conv"][0].detach().mul_(1.01)

    assert_same(cached, live)
    assert cached.solver.net.shortcut is None
    ((code, message),) = cached.warnings
    assert code == "PN661"
    assert message == (
        "the frozen layers `conv .. pool` of the TRAIN net keep changing: "
        "their features are no longer kept"
    )


MEMORY = """
layer { name: "data" type: "MemoryData" top: "data" top: "label"
  memory_data_param { batch_size: 10 channels: 1 height: 28 width: 28 } }
"""


def test_other_arrays_are_other_samples() -> None:
    draw = np.random.default_rng(1701)
    arrays = [
        (draw.random((20, 1, 28, 28), np.float32), draw.integers(5, size=20).astype(np.float32))
        for _ in range(2)
    ]
    live, cached = Run("cache_frozen: OFF", MEMORY + PREFIX + HEAD), Run("", MEMORY + PREFIX + HEAD)
    for run in (live, cached):
        for data, labels in arrays:
            run.solver.net.feed.set_input_arrays("data", data, labels)
            run.step(5)

    assert_same(cached, live)
    assert len(cached.of_cache(events.Cached)) == 2


RANDOM = NET.replace(
    "scale: 0.00390625", "scale: 0.00390625 crop_size: 24 mirror: true", 1
).replace(
    'scale: 0.00390625 }\n  data_param { source: "builtin:digits-0-4/test',
    'scale: 0.00390625 crop_size: 24 }\n  data_param { source: "builtin:digits-0-4/test',
)


def test_the_name_of_a_mean_may_be_no_utf8(tmp_path: Path) -> None:
    write_blob(tmp_path / "caf\udce9", np.full((1, 1, 28, 28), 8, np.float32))
    mean = rf'mean_file: "{tmp_path}/caf\351"'

    run = Run("", NET.replace("scale: 0.00390625", mean, 1)).step(STEPS)

    assert run.of_cache(events.Cached) == [events.Cached("TRAIN", 650)]


def test_random_images_are_not_kept_and_the_log_says_so() -> None:
    live = Run(f"{TESTS} cache_frozen: OFF", RANDOM).step(12)
    cached = Run(TESTS, RANDOM).step(12)

    assert_same(cached, live)
    assert cached.tests == live.tests
    assert cached.of_cache(events.Uncached) == [
        events.Uncached(
            "TRAIN",
            "conv .. pool",
            "layer `data`: `crop_size`, `mirror` may make another image of one each time",
        )
    ]
    assert isinstance(cached.solver.test_nets[0].shortcut, Features)


def test_variants_are_as_many_images() -> None:
    run = Run("cache_variants: 3", RANDOM).step(50)

    assert run.of_cache(events.Cached) == [events.Cached("TRAIN", 3 * 650)]
    (caching,) = run.of_cache(events.Caching)
    assert isinstance(caching, events.Caching)
    assert (caching.samples, caching.variants) == (1950, 3)


def test_variants_are_the_same_images_without_a_cache() -> None:
    no_room = Run("cache_variants: 3 cache_frozen: RAM cache_limit: 1", RANDOM).step(STEPS)

    assert_same(Run("cache_variants: 3", RANDOM).step(STEPS), no_room)


def test_variants_of_what_does_not_vary_have_no_effect() -> None:
    run = Run("cache_variants: 3").step(1)

    assert run.warnings == [
        (
            "PN662",
            "`cache_variants: 3` has no effect on layer `data`: its images are the same each time",
        )
    ]
    assert_same(run, Run("cache_frozen: OFF").step(1))


@pytest.mark.parametrize(
    ("net", "fields", "why"),
    [
        (NET.replace("lr_mult: 0", "lr_mult: 1"), "", "layer `conv` learns"),
        (NET, "debug_info: true", "`debug_info` looks at every layer"),
        (
            RANDOM,
            "",
            "layer `data`: `crop_size`, `mirror` may make another image of one each time",
        ),
        (
            NET,
            "cache_limit: 5000",
            f"they take {650 * BYTES:,} bytes, and there is room for 5,000 in memory",
        ),
        (
            """layer { name: "data" type: "DummyData" top: "data" top: "label"
              dummy_data_param { shape { dim: 2 dim: 1 dim: 28 dim: 28 } shape { dim: 2 } } }"""
            + PREFIX
            + HEAD,
            "",
            "layer `data`: its samples may differ each time",
        ),
    ],
)
def test_what_was_asked_for_and_cannot_be_done_is_told(net: str, fields: str, why: str) -> None:
    run = Run(f"cache_frozen: RAM {fields}", net)
    run.step(1)

    assert run.warnings == [("PN660", f"`cache_frozen: RAM` keeps nothing of the TRAIN net: {why}")]
    assert run.solver.net.shortcut is None


def test_before_there_are_arrays_nothing_is_kept() -> None:
    run = Run("", MEMORY + PREFIX + HEAD)
    with pytest.raises(DiagnosticError, match="PN511"):
        run.step(1)

    assert run.of_cache(events.Uncached) == [
        events.Uncached("TRAIN", "conv .. pool", "layer `data`: it has no arrays yet")
    ]


def test_a_data_set_of_the_program_is_not_kept() -> None:
    told = Told()
    data = [(torch.ones(1, 28, 28), float(at % 5)) for at in range(10)]
    text = f'net_param {{ {MEMORY} {PREFIX} {HEAD} }} base_lr: 0.1 lr_policy: "fixed" max_iter: 3\n'
    Solver(text, data={"train": data}, device="cpu", listeners=[told]).step(1)

    (uncached,) = told.of(events.Uncached)
    assert isinstance(uncached, events.Uncached)
    assert uncached.why == "layer `data`: its samples may differ each time"


def test_a_joint_data_set_of_the_program_is_not_kept() -> None:
    told = Told()
    layers = MEMORY.replace('"data"', '"first"').replace('"label"', '"more"') + MEMORY
    side = 'layer { name: "silence" type: "Silence" bottom: "first" bottom: "more" }'
    data = [(torch.ones(1, 28, 28), 0.0, torch.ones(1, 28, 28), float(at % 5)) for at in range(10)]
    fields = 'base_lr: 0.1 lr_policy: "fixed" max_iter: 3'
    text = f"net_param {{ {layers} {side} {PREFIX} {HEAD} }} {fields}\n"
    Solver(text, data={"train": data}, device="cpu", listeners=[told]).step(1)

    (uncached,) = told.of(events.Uncached)
    assert isinstance(uncached, events.Uncached)
    assert uncached.why == "a data set that the program gives may change a sample"


def test_other_data_layers_go_on_beside_it() -> None:
    other = (
        'layer { name: "more" type: "Data" top: "more" top: "more_label" include { phase: TRAIN } '
        "transform_param { scale: 0.00390625 mirror: true } "
        'data_param { source: "builtin:digits-0-4/train" batch_size: 48 } }'
        'layer { name: "side" type: "InnerProduct" bottom: "more" top: "side" '
        "include { phase: TRAIN } inner_product_param { num_output: 5 weight_filler { type: "
        '"xavier" } } } layer { name: "side_loss" type: "SoftmaxWithLoss" bottom: "side" bottom: '
        '"more_label" top: "side_loss" include { phase: TRAIN } }'
    )
    fields = "iter_size: 2"
    live = Run(f"{fields} cache_frozen: OFF", NET + other).step(20)
    cached = Run(fields, NET + other).step(20)

    assert_same(cached, live)
    (caching,) = cached.of_cache(events.Caching)
    assert isinstance(caching, events.Caching)
    assert caching.joined == 1


def test_modes_are_said_in_a_solver() -> None:
    assert [mode.name for mode in CacheMode] == ["OFF", "AUTO", "RAM", "DISK"]
