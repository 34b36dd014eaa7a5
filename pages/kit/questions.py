"""The questions of a state: those of its Trace, then the lab's own. The same link asks the same questions.

Every wrong choice is a mistake that is commonly made, computed from this state's numbers, and says why it is
wrong.
"""

from __future__ import annotations

import random
from dataclasses import replace

from engine import Trace
from pages.kit.declare import Prediction
from pages.kit.labs import Listed
from pages.kit.link import link_text
from pages.kit.question import Choice, Question, inputs
from pages.kit.question_links import links
from pages.kit.question_shapes import shapes
from pages.kit.question_values import gradients, values


def questions(listed: Listed, trace: Trace) -> list[Question]:
    """At least two in every state."""
    panels = [*listed.lab.panels(trace)]
    dice = random.Random(
        f"{listed.slug}?{link_text(listed, trace.parameters)}"
    )  # not hash(): it differs by process
    made = [*shapes(trace, dice), *links(trace, panels, dice), *values(trace, panels, dice)]
    own = [_declared(trace, place, one) for place, one in enumerate(listed.lab.predictions)]
    return [question for question in (*made, *own, *gradients(trace, dice)) if question]


def _declared(trace: Trace, place: int, prediction: Prediction) -> Question | None:
    """A prediction of the lab's own; whatever it is about, only the inputs are seen."""
    answers = list(dict.fromkeys(prediction.answers(trace)))
    reasons = prediction.mistakes(trace) if prediction.mistakes else {}
    if len(answers) < 2:
        return None
    choices = tuple(Choice(text, reasons.get(text, "")) for text in answers)
    question = Question(f"own{place}", prediction.question(trace), choices, prediction.why(trace))
    return replace(question, seen=inputs(trace), shapes=True, markdown=True)
