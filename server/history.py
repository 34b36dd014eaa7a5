"""Back and Forward are followed, whatever else the page says in the same moment."""

from __future__ import annotations

from functools import wraps
from urllib.parse import parse_qsl

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession

from pages.kit.embed import RESERVED
from pages.kit.history import HISTORY


def keep_history() -> None:
    """Note it when the browser says that somebody pressed Back or Forward.

    Streamlit's server forgets it where a message of a control follows before the run is through (1.67). The
    picture that stands at last is such a message: on a busy machine 8 of 30 quick Backs were undone.
    """
    request = AppSession.request_rerun
    if hasattr(request, "__wrapped__"):  # done already
        return

    @wraps(request)
    def request_rerun(self: AppSession, client_state: ClientState | None) -> None:
        if client_state is not None and HISTORY in self.session_state:
            said = parse_qsl(client_state.query_string, keep_blank_values=True)
            query = {name: value for name, value in said if not name.startswith(RESERVED)}
            self.session_state[HISTORY].arrived(query, client_state.is_history_navigation)
        request(self, client_state)

    AppSession.request_rerun = request_rerun  # type: ignore[method-assign]
