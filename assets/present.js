// A presentation's keys and buttons: the presets one after the other, the controls, full screen, the way out.
// A Streamlit component. Going to a preset is a release like that of any control (live.js): the picture
// follows at once, and of quick presses each counts from the one before, whatever the page has heard.
import { el, keep, say } from "./dom.js";
import { commit, live, lookAgain } from "./live.js";

const instances = new WeakMap();
const HINT = 8000; // ms for which the keys are shown
const WIDE = 1280; // CSS pixels from which the controls are open in the beginning
const EVERYWHERE = { PageDown: "next", PageUp: "previous" }; // what a clicker sends
const APART = { ArrowRight: "next", ArrowLeft: "previous", Home: "first" }; // keys that controls have a use for
const LETTERS = { n: "next", p: "previous", c: "controls", f: "full", h: "hint", "?": "hint" };
const KEYS = "→ ← or a clicker: step · Home: start · C: controls · F: full screen · Esc: leave · H: keys";

export default function present(component) {
  const [instance, cleanup] = keep(instances, component.parentElement, () => new Presentation(component.parentElement));
  instance.update(component);
  return cleanup;
}

/** What a key does, "" for nothing, where `focus` is what focusOf says. */
export function action(key, focus) {
  if (focus.writes || focus.opens) return "";
  if (key === "Escape") return "leave";
  if (focus.lists) return "";
  if (key in EVERYWHERE) return focus.slides ? "" : EVERYWHERE[key];
  if (key in APART) return focus.moves ? "" : APART[key];
  return LETTERS[key.length === 1 ? key.toLowerCase() : key] ?? "";
}

const POINTED = ["button", "checkbox", "radio", "range", "submit", "reset", "color", "file"]; // inputs without letters
const STILL = ["body", "html", "main", "section", "a", "button"]; // without a use for arrows

/** What an element with the focus does with keys. A slider held by the mouse leaves a clicker's keys alone. */
export function focusOf(node) {
  const [tag, type, role] = [node.localName, node.type, node.getAttribute("role")];
  return {
    writes: (tag === "input" && !POINTED.includes(type)) || tag === "textarea" || Boolean(node.isContentEditable) || role === "textbox",
    opens: role === "combobox" || Boolean(node.closest("[role=dialog], [role=listbox], [role=menu]")),
    lists: tag === "select",
    slides: (type === "range" || role === "slider") && node.matches(":focus-visible"),
    moves: role !== null || !STILL.includes(tag),
  };
}

/** The place a step leads to: -1 is the start, which is no place of its own where the first preset shows it. */
export function placeAfter(does, last, presets) {
  const first = Object.keys(presets[0]?.values ?? {}).length ? -1 : 0;
  const wanted = { next: last + 1, previous: last - 1, first }[does];
  return Math.min(Math.max(wanted, first), presets.length - 1);
}

class Presentation {
  constructor(parent) {
    this.last = -1; // the preset that was open last; -1 is the start
    this.where = el("span", "where", { role: "status" });
    const button = (words, name, does) => {
      const node = el("button", "step", { type: "button", "aria-label": name, title: name }, words);
      node.addEventListener("click", () => this.act(does));
      return node;
    };
    this.previous = button("‹", "Previous preset (PageUp)", "previous");
    this.next = button("›", "Next preset (PageDown)", "next");
    this.drawer = button("Controls", "Controls (C)", "controls");
    const rest = [button("Full screen", "Full screen (F)", "full"), button("Leave", "Leave the presentation (Escape)", "leave")];
    this.hint = el("p", "keys", { role: "note" }, KEYS);
    this.root = el("div", "control present", {}, this.previous, this.where, this.next, this.drawer, ...rest, this.hint);
    parent.append(this.root);
    this.listen();
    this.open(window.innerWidth >= WIDE);
    this.show(true);
  }

  listen() {
    this.keyed = (event) => this.key(event);
    document.addEventListener("keydown", this.keyed);
  }

  end() {
    clearTimeout(this.later);
    clearTimeout(this.fading);
    document.removeEventListener("keydown", this.keyed);
    delete document.documentElement.dataset.drawer;
    this.root.remove();
  }

  update({ data, setTriggerValue }) {
    const first = !this.data;
    Object.assign(this, { data, trigger: setTriggerValue, start: JSON.parse(data.start), presets: JSON.parse(data.presets) });
    clearTimeout(this.later);
    const told = live(data.lab);
    if (!first && told.unheard && !told.knows(data.heard)) lookAgain(this); // the page speaks of an earlier press
    else this.arrive(data.at, data.fresh);
  }

  /** The page shows a preset, the start, or (-1) what somebody changed by hand. */
  arrive(at, fresh) {
    const start = placeAfter("first", 0, this.presets);
    const stays = fresh && at > 0 && this.last === start; // a later preset shows the start too
    if (fresh && at < 0) this.last = start;
    else if (at >= 0 && !stays) this.last = at;
    this.changed = at < 0 && !fresh;
    this.dress();
  }

  dress() {
    const { presets, last, changed } = this;
    const name = last < 0 ? `Start of ${presets.length}` : `${last + 1} of ${presets.length} · ${presets[last].name}`;
    say(this.where, changed ? `${name}, changed` : name);
    for (const [node, does] of [[this.next, "next"], [this.previous, "previous"]]) {
      node.setAttribute("aria-disabled", String(!changed && placeAfter(does, last, presets) === last));
    }
  }

  key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const does = action(event.key, focusOf(event.composedPath()[0]));
    if (!does) return;
    event.preventDefault();
    if (!event.repeat || does === "next" || does === "previous") this.act(does);
  }

  act(does) {
    if (["next", "previous", "first"].includes(does)) this.go(placeAfter(does, this.last, this.presets));
    else if (does === "controls") this.open(!("drawer" in document.documentElement.dataset));
    else if (does === "full") this.full();
    else if (does === "hint") this.show(this.hint.hidden);
    else this.leave();
  }

  /** Go to a preset, or (-1) to the start. */
  go(place) {
    if (place === this.last && !this.changed) return;
    Object.assign(this, { last: place, changed: false });
    this.dress();
    commit(this.data.lab, { ...this.start, ...this.presets[place]?.values }, this.trigger);
    lookAgain(this);
  }

  /** The controls beside the stage, or none of them. */
  open(wanted) {
    const { dataset } = document.documentElement;
    if (wanted) dataset.drawer = "open";
    else delete dataset.drawer;
    this.drawer.setAttribute("aria-pressed", String(wanted));
  }

  full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen?.().catch(() => {});
  }

  show(wanted) {
    clearTimeout(this.fading);
    this.hint.hidden = !wanted;
    if (wanted) this.fading = setTimeout(() => (this.hint.hidden = true), HINT);
  }

  leave() {
    if (document.fullscreenElement) document.exitFullscreen();
    live(this.data.lab).told(); // what was chosen is told before
    this.trigger("leave", true);
  }
}
