"""PN771."""

from collections.abc import Iterator

from protonet.diagnostics import did_you_mean
from protonet.lint.rule import Finding
from protonet.lint.scopes import RUN, Run, View
from protonet.spec.net import NetState


@RUN.rule("PN771")
def unknown_stage(run: Run) -> Iterator[Finding]:
    """A solver sets a stage that no layer of the net asks for."""
    s = run.solver.message
    states: list[tuple[View, NetState | None, tuple[str | int, ...]]] = [
        (run.train, s.train_state, ("train_state",)),
        *(
            (net, state, ("test_state", at))
            for at, (net, state) in enumerate(zip(run.tests, s.test_state, strict=False))
        ),
    ]
    for net, state, path in states:
        known = _stages(net)
        for at, stage in enumerate(state.stage if state else ()):
            if stage not in known:
                yield Finding(
                    f"no layer asks for the stage `{stage}`",
                    run.solver.tree.place(*path, "stage", at),
                    did_you_mean(stage, known),
                )


def _stages(net: View) -> set[str]:
    layers = net.graph.file.message.layer
    rules = [rule for layer in layers for rule in (*layer.include, *layer.exclude)]
    return {stage for rule in rules for stage in (*rule.stage, *rule.not_stage)}
