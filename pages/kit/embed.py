"""A lab in the page of somebody else: what its address says, and the HTML that puts it there.

`?embed=true` is Streamlit's own and takes its chrome away. Ours are `embed_hide` and `embed_lock`, names of
parameters with commas between, and `embed_tabs=off`. It is a courtesy to a class, no protection: who opens
the lab itself can change everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from pages.kit.labs import Listed
from pages.kit.link import query_text

HIDE, LOCK, TABS = "embed_hide", "embed_lock", "embed_tabs"
RESERVED = "embed"  # every name in the address that begins so is ours or Streamlit's
MOST_LISTED = 2_000  # characters of a list of names: more is not read
HEIGHT = 900  # CSS pixels of a lab that nobody has measured
LOWEST, HIGHEST = 200, 6_000  # what a page that says its height may say


@dataclass(frozen=True)
class Embed:
    """What an embedded page leaves out, and what cannot be changed in it."""

    hidden: frozenset[str] = frozenset()
    locked: frozenset[str] = frozenset()  # shown, and not to be changed
    tabs: bool = True

    @property
    def fixed(self) -> frozenset[str]:
        """The parameters that keep their values."""
        return self.hidden | self.locked

    def options(self, listed: Listed) -> dict[str, str]:
        """As the address says it, in the order of the controls."""
        names = [control.name for control in listed.lab.controls]
        lists = {
            HIDE: [name for name in names if name in self.hidden],
            LOCK: [name for name in names if name in self.locked],
        }
        said = {name: ",".join(chosen) for name, chosen in lists.items() if chosen}
        return said if self.tabs else {**said, TABS: "off"}

    def query(self, listed: Listed, state: str) -> str:
        """The query that shows a lab alone; `state` is the query of its state."""
        return f"{query_text({RESERVED: 'true', **self.options(listed)})}&{state}"


NOT_EMBEDDED = Embed()


def read_embed(listed: Listed, query: Mapping[str, str]) -> Embed:
    """The options in an address; names that are no controls of the lab are passed over."""
    controls = {control.name for control in listed.lab.controls}
    hidden, locked = (
        frozenset(query.get(name, "")[:MOST_LISTED].split(",")) & controls for name in (HIDE, LOCK)
    )
    return Embed(hidden, locked - hidden, query.get(TABS) != "off")


def snippet(address: str, title: str, height: int, width: int | None = None, listens: bool = False) -> str:
    """The iframe that shows a lab. With `listens` a line of script keeps its height right."""
    frame = (
        f'<iframe src="{escape(address)}" title="{escape(title)}" width="{width or "100%"}" height="{height}"\n'
        f'  loading="lazy" allow="clipboard-write; fullscreen" style="border:0;max-width:100%"></iframe>'
    )
    return f"{frame}\n{LISTENER}" if listens else frame


# The frame just before the script is the one it listens to. Only a number comes in, from that frame's window
# and from the place it was loaded from; it goes nowhere but into the height.
LISTENER = f"""<script>
(function (frame) {{
  addEventListener("message", function (event) {{
    var height = Number(event.data && event.data.tensorscopeHeight);
    if (event.source !== frame.contentWindow || event.origin !== new URL(frame.src).origin) return;
    if (height >= {LOWEST} && height <= {HIGHEST}) frame.height = Math.ceil(height);
  }});
}})(document.currentScript.previousElementSibling);
</script>"""


def names_of(listed: Listed, labels: Sequence[str]) -> frozenset[str]:
    """The parameters of controls chosen by what they are called."""
    return frozenset(control.name for control in listed.lab.controls if control.label in labels)
