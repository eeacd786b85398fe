import subprocess
import sys

import pytest

from protonet.diagnostics import Severity
from protonet.spec.read import read_solver
from protonet.spec.solver import SolverParameter
from protonet.train.advice import OF_POLICIES, OF_RULES, advise
from protonet.train.check import RULES
from protonet.train.lr import POLICIES

START = 'net: "a" base_lr: 0.1 max_iter: 100\n'


def told(text: str) -> list[tuple[str, str]]:
    """Return ``CODE line:column message`` and the help of each warning."""
    found = list(advise(read_solver(f"{START}{text}\n")))
    assert {d.severity for d in found} <= {Severity.WARNING}
    return [
        (f"{d.code} {str(d.labels[0].span).partition(':')[2]} {d.message}", d.help) for d in found
    ]


@pytest.mark.parametrize(
    "text",
    [
        'lr_policy: "fixed" momentum: 0.9 weight_decay: 0.1 regularization_type: "L1"',
        'lr_policy: "step" gamma: 0.1 stepsize: 30',
        'lr_policy: "step" gamma: 1 stepsize: 99 iter_size: 4',
        'lr_policy: "exp" gamma: 0.9 type: "AdaGrad" delta: 1e-6',
        'lr_policy: "inv" gamma: 0.1 power: 0.75 type: "RMSProp" rms_decay: 0.9',
        'lr_policy: "multistep" gamma: 0.1 stepvalue: 30 stepvalue: 60 clip_gradients: 5',
        'lr_policy: "multistep" gamma: 0.1 stepvalue: 98 stepvalue: 99',
        'lr_policy: "poly" power: 1 type: "AdamW" momentum: 0.9 momentum2: 0.99 delta: 1e-6',
        'lr_policy: "sigmoid" gamma: 0.1 stepsize: 30 solver_mode: GPU device_id: 1',
        'lr_policy: "cosine" min_lr: 0.001 type: "Lion" momentum2: 0.9',
        'lr_policy: "onecycle" onecycle { pct_start: 0.1 } type: "torch.SGD" momentum: 0.9',
        'lr_policy: "plateau" plateau { monitor: "loss" } type: "NAdam" optimizer_arg: "eps=1e-3"',
        'lr_policy: "fixed" test_iter: 1 test_interval: 10 test_initialization: false',
        'lr_policy: "unknown" gamma: 0.1 type: "unknown" momentum2: 0.9',
    ],
)
def test_good_file_is_not_warned_of(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            'lr_policy: "fixed" power: 0.75',
            "PN613 2:27 `power` has no effect: the policy `fixed` does not read it",
            "",
        ),
        (
            'lr_policy: "fixed" type: "SGD" rms_decay: 0.9',
            "PN613 2:43 `rms_decay` has no effect: the solver type `SGD` does not read it",
            "",
        ),
        (
            'lr_policy: "fixed" type: "AdaGrad" momentum2: 0.9',
            "PN613 2:47 `momentum2` has no effect: the solver type `AdaGrad` does not read it",
            "",
        ),
        (
            'lr_policy: "fixed" type: "NAdam" momentum: 0.9',
            "PN613 2:44 `momentum` has no effect: the solver type `NAdam` does not read it",
            "",
        ),
        (
            'lr_policy: "fixed" optimizer_arg: "eps=1"',
            "PN613 2:35 `optimizer_arg` has no effect: the solver type `SGD` does not read it",
            "",
        ),
        (
            'lr_policy: "fixed" test_interval: 10',
            "PN613 2:35 `test_interval` has no effect: there are no tests",
            "",
        ),
        (
            'lr_policy: "fixed" regularization_type: "L1"',
            "PN613 2:41 `regularization_type` has no effect: `weight_decay` is not set",
            "",
        ),
        (
            'lr_policy: "fixed" solver_mode: CPU device_id: 1',
            "PN613 2:48 `device_id` has no effect: `solver_mode` is CPU",
            "",
        ),
        (
            'lr_policy: "fixed" cache_frozen: OFF cache_variants: 2',
            "PN613 2:54 `cache_variants` has no effect: `cache_frozen` is OFF",
            "",
        ),
        (
            'lr_policy: "step" stepsize: 30',
            "PN620 2:12 from iteration 30 on the rate is 0: `gamma` is not set",
            "`gamma: 0.1` divides it by ten",
        ),
        (
            'lr_policy: "exp" gamma: 0',
            "PN620 2:25 from iteration 1 on the rate is 0: `gamma` is not set",
            "`gamma: 0.1` divides it by ten",
        ),
        (
            'lr_policy: "multistep" stepvalue: 50',
            "PN620 2:12 from iteration 50 on the rate is 0: `gamma` is not set",
            "`gamma: 0.1` divides it by ten",
        ),
        (
            'lr_policy: "inv" gamma: 0.1',
            "PN621 2:12 the rate never changes: `power` is not set",
            "",
        ),
        (
            'lr_policy: "inv"',
            "PN621 2:12 the rate never changes: `gamma` and `power` are not set",
            "",
        ),
        (
            'lr_policy: "multistep" gamma: 0.1',
            "PN621 2:12 the rate never changes: `stepvalue` is not set",
            "",
        ),
        (
            'lr_policy: "step" gamma: 0.1 stepsize: 100',
            "PN622 2:40 `stepsize: 100` is never reached: `max_iter` is 100",
            "",
        ),
        (
            'lr_policy: "multistep" gamma: 0.1 stepvalue: 50 stepvalue: 30',
            "PN622 2:60 `stepvalue: 30` is not after the one before it",
            "the step is taken at iteration 51; write them in rising order",
        ),
        (
            'lr_policy: "multistep" gamma: 0.1 stepvalue: 50 stepvalue: 5000',
            "PN622 2:60 `stepvalue: 5000` is never reached: `max_iter` is 100",
            "",
        ),
        (
            'lr_policy: "fixed" iter_size: 4 clip_gradients: 10',
            (
                "PN623 2:49 `clip_gradients: 10` limits the sum over 4 batches (`iter_size`): "
                "their mean is limited to 2.5"
            ),
            "to limit the mean to 10, write `clip_gradients: 40`",
        ),
        (
            'lr_policy: "fixed" cache_frozen: DISK cache_variants: 8',
            (
                "PN663 2:55 no other run finds the features of `cache_variants` on disk: each "
                "draws crops of its own"
            ),
            "set `random_seed` (`--seed 1`), which decides what the variants are",
        ),
    ],
)
def test_warning_is_told_where_it_is(text: str, message: str, hint: str) -> None:
    assert told(text) == [(message, hint)]


def test_rate_of_zero_from_the_start() -> None:
    (warning,) = advise(read_solver('net: "a" lr_policy: "fixed" max_iter: 1\n'))

    assert warning.message == "the rate is always 0: `base_lr` is not set"


@pytest.mark.parametrize(
    ("said", "codes"), [("", ["PN656"]), ("max_epoch: 1", []), ("max_iter: 0", [])]
)
def test_a_run_without_an_end_is_told(said: str, codes: list[str]) -> None:
    found = advise(read_solver(f'net: "a" base_lr: 1 lr_policy: "fixed"\n{said}'))

    assert [warning.code for warning in found] == codes


def test_fixed_crops_that_every_run_has_are_found_again() -> None:
    assert told('lr_policy: "fixed" cache_frozen: DISK cache_variants: 8 random_seed: 0') == []
    assert told('lr_policy: "fixed" cache_frozen: RAM cache_variants: 8') == []


def test_least_rate_is_none_of_zero() -> None:
    assert told('lr_policy: "step" stepsize: 30 min_lr: 0.01') == []


def test_every_policy_and_rule_has_its_fields() -> None:
    assert (OF_POLICIES.keys(), tuple(OF_RULES)) == (POLICIES.keys(), RULES)
    assert frozenset[str]().union(*OF_POLICIES.values(), *OF_RULES.values()) <= set(
        SolverParameter.slots()
    )


def test_advice_imports_no_torch() -> None:
    code = (
        "import sys; from protonet.train.advice import advise; "
        "from protonet.spec.read import read_solver; "
        """list(advise(read_solver('net: "a" lr_policy: "fixed" type: "NAdam"\\n'))); """
        "sys.exit('torch' in sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
