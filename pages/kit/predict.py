"""Predict before the reveal: hides what a state's questions ask, takes one guess each, and keeps the score.

The mode and the score belong to the session and go along from lab to lab. What is hidden leaves the page: charts
and facts are not sent, and the stage draws what assets/veil.js leaves of its picture.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.kit.answer import Answer
from pages.kit.game import Game, Guess, Round
from pages.kit.link import link_text
from pages.kit.question import Cell, Choice, Question
from pages.kit.questions import questions
from pages.kit.state import State
from pages.kit.text import plain

HIDDEN = "Hidden until you have guessed."


def game() -> Game:
    """This session's."""
    found: Game = st.session_state.setdefault("predictions", Game())
    return found


def begin(state: State, answer: Answer) -> None:
    """Find the questions of the page that is drawn now; nothing is done outside the mode."""
    now = game()
    now.round = None
    trace = answer.trace
    if not now.on or trace is None or answer.waiting:
        return
    link = f"{state.listed.slug}?{link_text(state.listed, trace.parameters)}"
    found = questions(state.listed, trace)
    if found:
        now.round = Round(link, found, min(now.at.get(link, 0), len(found) - 1))


def toggle(state: State) -> None:
    """The switch of the mode, on every lab's page."""
    key = f"{state.listed.slug}.predicting"
    st.session_state[key] = game().on
    told = "Hides the answers and asks you first. Escape leaves."
    st.toggle("Predict", key=key, help=told, on_change=lambda: _switch(state, bool(st.session_state[key])))


def _switch(state: State, on: bool) -> None:
    state.act()
    game().on = on


def stage_data(link: str | None = None) -> str | None:
    """What the stage must know: what to hide in this state, what may be chosen, and what became of the guess.

    `link` is how that stage calls the state, where it is not the lab's own. A text, because a list
    in a component's data makes Streamlit import pandas.
    """
    now = game()
    if not now.on:
        return None
    if not now.round:
        return json.dumps({"link": None})
    question, guess = now.round.question, now.guess
    data: dict[str, Any] = {
        "link": now.round.link.partition("?")[2] if link is None else link,
        "key": now.round.key(),
    }
    if guess is None:
        data |= {"seen": sorted(question.seen), "shapes": question.shapes, "choices": len(question.choices)}
        data["clicks"] = question.clicks.tensor if question.clicks else None
    elif question.clicks and guess.cells is not None:
        data["result"] = {"tensor": question.clicks.tensor} | _compared(question.clicks.cells, guess.cells)
    return json.dumps(data)


def _compared(right: frozenset[Cell], clicked: frozenset[Cell]) -> dict[str, list[list[int]]]:
    """Clicked and right, missed, and too many."""
    parts = {"right": right & clicked, "missed": right - clicked, "extra": clicked - right}
    return {name: [list(cell) for cell in sorted(cells)] for name, cells in parts.items()}


def heard(state: State, key: str) -> None:
    """The stage says a guess, by key or by clicked cells, or that the mode is left."""
    state.act()
    said = st.session_state[key].get("guess")
    now = game()
    if not isinstance(said, dict) or not now.on:
        return
    if said.get("leave"):
        now.on = False
    elif now.round and said.get("key") == now.round.key():
        if isinstance(said.get("choice"), int):
            now.choose(said["choice"])
        elif isinstance(said.get("cells"), str):
            now.click(_cells(said["cells"]))


def _cells(text: str) -> frozenset[Cell]:
    """`0,1;0,2` as cells; what is no cell is left out."""
    parts = [cell.split(",") for cell in text[:5000].split(";") if cell]
    return frozenset(tuple(int(at) for at in cell) for cell in parts if all(at.isdecimal() for at in cell))


def card(state: State) -> None:
    """The question above the stage, and after the guess its answer."""
    now = game()
    if not now.on:
        return
    with st.container(border=True, key="predict", gap="small"):
        if now.round is None:
            _title(state, "Predict", now.score)
            st.markdown("The questions come when there is a result to ask about.")
            return
        _title(state, f"Predict · question {now.round.at + 1} of {len(now.round.asked)}", now.score)
        _asked(state, now, now.round)
        if now.guess:
            _told(now.round.question, now.guess)
        _buttons(state, now)


def _title(state: State, title: str, score: str) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f":gray[**{title}**]", width="content")
        if score:
            st.markdown(f"**{score}**", width="content")
        leave = "Leave"
        st.button(
            leave, key=f"{state.listed.slug}.leave", type="tertiary", on_click=lambda: _switch(state, False)
        )


def _asked(state: State, now: Game, asked: Round) -> None:
    question = asked.question
    st.markdown(f"**{_words(question)(question.text)}**")
    if question.clicks:
        return
    shown = question.shuffled(asked.link)
    words = _words(question)
    if now.guess:
        st.markdown("  \n".join(_marked(question, now.guess, choice, words) for choice in shown))
        return
    names = [f":gray-badge[{place + 1}] {words(choice.text)}" for place, choice in enumerate(shown)]
    key = f"predict.{asked.key()}"

    def chosen() -> None:
        state.act()
        if isinstance(st.session_state[key], int):
            now.choose(st.session_state[key])

    st.radio(
        question.text,  # its name for a screen reader, which would read Markdown's signs
        range(len(shown)),
        index=None,
        key=key,
        format_func=lambda place: names[place],
        on_change=chosen,
        label_visibility="collapsed",
        horizontal=max(len(choice.text) for choice in shown) < 20,
    )


def _marked(question: Question, guess: Guess, choice: Choice, words: Callable[[str], str]) -> str:
    """A choice after the guess: the right one and the one that was chosen are marked."""
    if choice == question.right:
        return f":material/check: **{words(choice.text)}**" + (
            " your guess" if choice == guess.choice else ""
        )
    if choice == guess.choice:
        return f":material/close: {words(choice.text)} your guess"
    return f":material/remove: {words(choice.text)}"


def _words(question: Question) -> Callable[[str], str]:
    """A lab's own words may be Markdown; names from a Trace may not."""
    return str if question.markdown else plain


def _told(question: Question, guess: Guess) -> None:
    """Right or wrong, the right answer, and the reason for the guess. Streamlit's boxes are read aloud."""
    words = _words(question)
    why = words(question.why)
    answer = f"**{words(question.right.text)}**. " if question.choices else ""
    if not guess.counts:
        st.info(f"It is {answer}{why}" if answer else why, icon=":material/visibility:")
    elif guess.right:
        st.success(f"Right: {answer}{why}" if answer else f"Right. {why}", icon=":material/check:")
    elif guess.choice:
        reason = f"{words(guess.choice.reason)}\n\n" if guess.choice.reason else ""
        st.error(f"{reason}It is {answer}{why}", icon=":material/close:")
    elif question.clicks:
        parts = _compared(question.clicks.cells, guess.cells or frozenset())
        counts = f"{len(parts['right'])} right, {len(parts['missed'])} missed, {len(parts['extra'])} too many"
        st.error(f"{counts}. {why}", icon=":material/close:")


def _buttons(state: State, now: Game) -> None:
    slug = state.listed.slug

    def press(then: Callable[[], None]) -> Callable[[], None]:
        def pressed() -> None:
            state.act()
            then()

        return pressed

    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if now.guess is None:
            show = press(lambda: now.take(Guess(False)))
            st.button("Show me", key=f"{slug}.showme", icon=":material/visibility:", on_click=show)
            st.caption("Number keys answer, Escape leaves. Only the first guess counts.", width="content")
        elif now.left:
            more = f"Next question ({len(now.left)} left)"
            st.button(more, key=f"{slug}.next", type="primary", on_click=press(now.go_on))
            st.caption("Or change a control: another state has other answers.", width="content")
        else:
            st.caption("All questions of this state are answered. Change a control for new ones.")


def tab(state: State) -> None:
    """The score, what the mode does, and what was asked in this state."""
    now = game()
    st.markdown(
        f"**{now.score}** in this session." if now.asked else "Guess first, then look: it is how one learns."
    )
    if not now.on:
        st.markdown("Predict hides the answers of this lab, in any state, and asks you for them one by one.")
        start = "Hide the answers and ask me"
        st.button(
            start, key=f"{state.listed.slug}.start", type="primary", on_click=lambda: _switch(state, True)
        )
        return
    if not now.round:
        return
    st.caption("The question stands above the picture. What was asked in this state:")
    for place, question in enumerate(now.round.asked):
        if guess := now.guesses.get(now.round.key(place)):
            sign = (
                ":material/check:"
                if guess.right
                else ":material/close:"
                if guess.counts
                else ":material/visibility:"
            )
            words = _words(question)
            st.markdown(f"{sign} {words(question.text)} {words(question.why)}")
