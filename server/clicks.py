"""No click is lost: a run takes the message it was made for before it makes way for a newer one."""

from __future__ import annotations

from functools import wraps
from typing import Any

from streamlit.runtime.state import SafeSessionState


def keep_clicks() -> None:
    """Let Streamlit tell a run's clicks and releases without looking for a newer message meanwhile.

    It looks before it takes them, and whenever a callback reads the session's state; then it leaves the
    run, and with it what was clicked (1.67: two messages in the same few milliseconds lost the first one in
    about 1 of 15 tries on a busy machine). Right after the callbacks it looks anyway.
    """
    taken = SafeSessionState.on_script_will_rerun
    if hasattr(taken, "__wrapped__"):  # done already
        return

    @wraps(taken)
    def undisturbed(self: SafeSessionState, *given: Any, **named: Any) -> None:
        look = self._yield_callback
        object.__setattr__(self, "_yield_callback", lambda: None)
        try:
            taken(self, *given, **named)
        finally:
            object.__setattr__(self, "_yield_callback", look)

    SafeSessionState.on_script_will_rerun = undisturbed  # type: ignore[method-assign]
