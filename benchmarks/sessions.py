"""A browser tab without the browser: one WebSocket that speaks Streamlit's protocol."""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from urllib.parse import urlsplit

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PATIENCE = 30.0
MOST_KNOWN = 64  # messages whose content this tab still holds, so the server need not send it again


class Session:
    """One session on a page; `failures` counts error boxes, exceptions and refused changes."""

    def __init__(self, url: str, slug: str) -> None:
        self.address = f"ws://{urlsplit(url).netloc}/_stcore/stream"
        self.slug = slug
        self.known: OrderedDict[str, None] = OrderedDict()
        self.components: dict[str, str] = {}  # name of a parameter: id of its component
        self.page = ""
        self.failures = self.bytes = 0

    async def open(self) -> float:
        """Connect and see the page; seconds until its first run was over."""
        began = time.perf_counter()
        self.socket = await websockets.connect(
            self.address, subprotocols=["streamlit"], max_size=None, compression=None, open_timeout=PATIENCE
        )
        await asyncio.wait_for(self._run(BackMsg()), PATIENCE)
        return time.perf_counter() - began

    async def change(self, name: str, value: str) -> float:
        """Set a number as our control sends it; seconds until the rerun was over."""
        began, message = time.perf_counter(), BackMsg()
        component, states = self.components[name], message.rerun_script.widget_states.widgets
        states.add(id=component, json_value="{}")
        events = json.dumps([{"event": "change", "value": {name: value}}])
        states.add(id=f"$$STREAMLIT_INTERNAL_KEY_{component}__events", json_trigger_value=events)
        await asyncio.wait_for(self._run(message), PATIENCE)
        return time.perf_counter() - began

    async def close(self) -> None:
        await self.socket.close()

    async def _run(self, message: BackMsg) -> None:
        """Send, then read until the script has finished (an interrupted run is followed by another)."""
        run = message.rerun_script
        run.page_name, run.page_script_hash = self.slug, self.page
        run.cached_message_hashes.extend(self.known)
        await self.socket.send(message.SerializeToString())
        while True:
            data = await self.socket.recv()
            answer = ForwardMsg.FromString(data)
            self.bytes += len(data)
            self._read(answer)
            over = answer.WhichOneof("type") == "script_finished"
            if over and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return

    def _read(self, answer: ForwardMsg) -> None:
        kind = answer.WhichOneof("type")
        if kind == "navigation":
            self.page = answer.navigation.page_script_hash
        if kind != "delta":
            return
        if answer.metadata.cacheable:
            self.known[answer.hash] = None
            if len(self.known) > MOST_KNOWN:
                self.known.popitem(last=False)
        self._element(answer.delta.new_element)

    def _element(self, element: Element) -> None:
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.failures += 1
        if kind == "bidi_component":
            one = element.bidi_component
            self.components[one.id.rpartition(f"-{self.slug}:")[2]] = one.id
            self.failures += '\\"error\\": {' in one.json
