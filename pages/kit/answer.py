"""What the engine says to the state of a page, without making the page wait for what takes long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import engine
from engine import EngineError, Progress, Trace
from pages.kit.state import State

A_MOMENT = 0.3  # seconds a page waits for what takes long before it shows how far that is


@dataclass(frozen=True)
class Answer:
    """What the engine said to the current state: a picture to draw, and an error over it."""

    trace: Trace | None
    error: EngineError | None = None
    waiting: bool = False  # the engine loads, or computes what takes long: the stage asks on


def ask(state: State) -> Answer:
    """The engine's answer; on an error the last good picture stays."""
    if not engine.warm():
        return Answer(None, waiting=True)
    if state.refused:
        return Answer(_last_good(state), state.refused)
    if state.trains and (left := _left(state)):
        return left
    try:
        found = _glance(state, state.values)
    except EngineError as e:
        return Answer(e.so_far or _last_good(state), e)
    if isinstance(found, Progress):
        state.awaited = state.values
        return Answer(found.so_far or _drawn_last(state), waiting=True)
    state.last_good = state.values
    state.saw()
    return Answer(found)


def _left(state: State) -> Answer | None:
    """A training run that this session stopped, or waited for in vain: it is not begun again unasked."""
    name, values = state.listed.lab.technique, state.values
    problem = engine.ended(name, **values) if values in (state.awaited, state.given_up) else None
    if engine.known(name, **values) or not (problem or values == state.given_up):
        return None
    told = engine.so_far(name, **values) or Progress("a moment ago")
    if told.so_far:
        state.saw()
    stopped = problem or engine.Stopped(f"stopped at {told.text}")
    return Answer(told.so_far or _last_good(state), stopped)


def _glance(state: State, values: Mapping[str, Any]) -> Trace | Progress:
    """The Trace, or how far it is, where that takes more than a moment."""
    listed = state.listed
    if listed.technique.lane(values) == "interactive":
        return engine.run(listed.lab.technique, **values)
    return engine.glance(listed.lab.technique, A_MOMENT, **values)


def _drawn_last(state: State) -> Trace | None:
    return _last_good(state) if state.last_good else None


def _last_good(state: State) -> Trace | None:
    """What was drawn last, mostly from the cache; the defaults before anything was. Nothing is trained for it."""
    values = state.last_good or {}
    if state.listed.technique.lane(values) == "training":
        return engine.known(state.listed.lab.technique, **values)
    try:
        found = _glance(state, values)
    except EngineError:
        return None
    return found if isinstance(found, Trace) else None
