"""Questions about heads, losses and labels that can be asked in any state."""

from __future__ import annotations

from collections.abc import Sequence

from engine import Trace
from pages.kit.declare import Prediction
from pages.training.output_activation_loss_words import FITS, number


def _losses(trace: Trace) -> Sequence[str]:
    mine = trace.facts["loss"]
    others = [loss for row in trace.facts["losses_of"].values() for loss in row]
    told = dict.fromkeys([number(mine), *(number(loss) for loss in others), "1", "0.693"])
    return list(told)[:4]


def _truth(trace: Trace) -> Sequence[str]:
    shuffles = trace.parameters["shuffle"] not in ("False", "0")
    return ["yes", "no"] if shuffles else ["no", "yes"]


def _fit(trace: Trace) -> Sequence[str]:
    mine = FITS[trace.facts["fit"]]
    return [mine, *(said for said in FITS.values() if said != mine)]


def _pair(trace: Trace) -> str:
    return f"{trace.parameters['head']} and {trace.parameters['loss']}"


PREDICTIONS = (
    Prediction(
        lambda t: f"Will a pipeline with shuffle={t.parameters['shuffle']} change the order of the files?",
        _truth,
        lambda t: (
            f"It is asked for its truth; a text that is not empty is true: bool({t.parameters['shuffle']})."
        ),
    ),
    Prediction(
        lambda t: (
            f"Logits {number(t['logits'][0])} and {number(t['logits'][1])}, true class {t.parameters['true']}: "
            f"what is the loss with {_pair(t)}?"
        ),
        _losses,
        lambda t: f"Keras answers {number(t.facts['loss'])}; every other pair stands in the table.",
    ),
    Prediction(
        lambda t: f"Do {_pair(t)} belong together?",
        _fit,
        lambda _: "none needs from_logits=True, sigmoid BCE, softmax CCE or sparse.",
    ),
)
