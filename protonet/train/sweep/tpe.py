"""Search by TPE (Bergstra et al., NeurIPS 2011), which is optuna's business.

Its storage lies in the sweep's folder. A trial whose running mean is worse than the median of those
before it at the same step is given up.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from protonet.diagnostics import Diagnostic, DiagnosticError
from protonet.spec.solver import Mode
from protonet.train.sweep.result import Result, State
from protonet.train.sweep.search import Values
from protonet.train.sweep.space import Axis, Choices, text, varied
from protonet.train.sweep.store import Store

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.distributions import BaseDistribution
    from optuna.storages import RDBStorage

FILE = "optuna.db"
WHOLE_TRIALS = 5
"""Trials that are never given up, since there is nothing to hold them against."""


class Tpe:
    """Proposes what did well before.

    Args:
        axes: What varies, and what does not.
        trials: How many.
        seed: Of the draws.
        store: The sweep's folder, and results if it goes on.
        mode: Which way values get better.
        prune: Give hopeless trials up.

    Raises:
        DiagnosticError: PN698, optuna is not installed.
    """

    def __init__(
        self,
        axes: Sequence[Axis],
        trials: int,
        seed: int,
        store: Store,
        *,
        mode: Mode,
        prune: bool,
    ) -> None:
        self.trials = trials
        self._axes, self._prune = axes, prune
        self._storage = _storage(store.folder)
        self._study = _study(self._storage, seed, mode)
        self._trial: Trial | None = None
        self._recover(store.results)

    def _recover(self, results: Mapping[int, Result]) -> None:
        """Bring the trials that were running when the sweep was killed to an end, or begin anew."""
        from optuna.trial import TrialState  # noqa: PLC0415 # an extra

        for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            result = results.get(trial.user_attrs.get("number", -1))
            if result is not None:
                self._tell(trial.number, result)
            else:
                self._study.tell(trial.number, state=TrialState.FAIL)
                self._study.enqueue_trial(trial.params)

    def propose(self, number: int) -> Values:
        """Ask for a trial."""
        trial = self._study.ask({axis.path: _distribution(axis) for axis in varied(self._axes)})
        trial.set_user_attr("number", number)
        self._trial = trial
        fixed = {axis.path: axis.at(0) for axis in self._axes}
        return fixed | {path: _text(value) for path, value in trial.params.items()}

    def hopeless(self, step: int, value: float) -> bool:
        """Tell whether the median of other trials was better at that step."""
        assert self._trial is not None
        self._trial.report(value, step)
        return self._prune and self._trial.should_prune()

    def learn(self, result: Result) -> None:
        """Tell the storage."""
        assert self._trial is not None
        self._tell(self._trial.number, result)

    def _tell(self, trial: int, result: Result) -> None:
        from optuna.trial import TrialState  # noqa: PLC0415 # an extra

        if result.state is State.DONE:
            self._study.tell(trial, result.value)
        elif result.state is State.FAILED:
            self._study.tell(trial, state=TrialState.FAIL)
        else:  # to TPE a pruned trial is worse than all others, one without any value the worst
            self._study.tell(trial, state=TrialState.PRUNED)

    def close(self) -> None:
        """Close the storage."""
        self._storage.remove_session()
        self._storage.engine.dispose()


def _text(value: object) -> str:
    return text(value) if isinstance(value, float) else str(value)


def _storage(folder: Path) -> "RDBStorage":
    try:
        import optuna  # noqa: PLC0415 # an extra
    except ImportError:
        message = "`--search tpe` needs optuna, which is not installed"
        help_ = 'install it: pip install "protonet[sweep]"; `--search random` needs nothing'
        raise DiagnosticError([Diagnostic("PN698", message, help=help_)]) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.storages.RDBStorage(f"sqlite:///{folder.resolve() / FILE}")


def _study(storage: "RDBStorage", seed: int, mode: Mode) -> "Study":
    import optuna  # noqa: PLC0415 # an extra

    study = optuna.create_study(
        storage=storage,
        study_name="sweep",
        direction="maximize" if mode is Mode.MAX else "minimize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=WHOLE_TRIALS),
        load_if_exists=True,
    )
    # One that goes on must not draw again what it drew first.
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials))
    return study


def _distribution(axis: Axis) -> "BaseDistribution":
    from optuna import distributions  # noqa: PLC0415 # an extra

    if isinstance(axis, Choices):
        return distributions.CategoricalDistribution(axis.values)
    if axis.scale == "int":
        return distributions.IntDistribution(int(axis.low), int(axis.high))
    return distributions.FloatDistribution(axis.low, axis.high, log=axis.scale == "log")
