// The stage: strip of shapes, alerts, tensors, and what the cursor is on. A Streamlit component
// (default export) that also hears from live.js while a control moves.
import { ENDED, drawAlerts } from "./alerts.js";
import { themeOf } from "./colours.js";
import { Cursor } from "./cursor.js";
import { el, keep, say } from "./dom.js";
import { fitTo, heightFor } from "./fit.js";
import { Guess } from "./guess.js";
import { commit, live } from "./live.js";
import { Panel, drawable, panelKey } from "./panel.js";
import { offer } from "./picture.js";
import { listen } from "./pointer.js";
import { ProgressLine } from "./progress.js";
import { drawStrip, engineLine } from "./strip.js";
import { read } from "./tensors.js";
import { veiled } from "./veil.js";

const QUIET = 600; // ms without a new picture before a screen reader is told its shape
const stages = new WeakMap();
const NARROW = 800; // CSS pixels of a window below which a presentation scrolls, as in page.css
const WIDE = 1300; // of a stage from which a read-out mostly has one line
const [READOUT, LINE] = [22, 25]; // of a read-out, without and for each line
const GAP = 14; // between parts of a stage, as in stage.css

export default function stage(component) {
  const [instance, cleanup] = keep(stages, component.parentElement, () => new Stage(component));
  instance.update(component);
  return cleanup;
}

/** What scrolls sideways can be scrolled with the keyboard, and only then is a stop for Tab. */
function reachable(node) {
  if (node.scrollWidth > node.clientWidth + 1) node.tabIndex = 0;
  else node.removeAttribute("tabindex");
}

/** A panel on which nothing can be changed that an embedded page keeps. */
function kept(panel, fixed = {}) {
  const sets = Object.entries(panel.sets ?? {}).some(([name, text]) => name in fixed && fixed[name] !== text);
  const changes = [panel.paints, panel.types, panel.picks, panel.chooses].some((name) => name && name in fixed);
  return sets || changes ? { ...panel, paints: "", types: "", picks: "", chooses: "" } : panel;
}

class Stage {
  constructor({ data, parentElement }) {
    this.lab = data.lab;
    this.group = data.group ?? "stage";
    this.main = this.group === "stage";
    this.panels = [];
    this.guess = new Guess(this, this.main);
    this.build(parentElement, data.fits);
    if (data.live) live(this.lab).reset(data.link ?? "");
    const leave = live(this.lab).subscribe((shown) => this.show(shown));
    const unfollow = data.follows ? live(data.follows).subscribe((shown) => this.follow(shown)) : () => {};
    const withdraw = this.main ? offer(this.lab, this) : () => {};
    this.leave = () => (leave(), unfollow(), withdraw());
    this.observe();
  }

  /** The picture beside this one was asked for something newer. */
  follow({ payload, source }) {
    if (payload && source === "live" && this.root.clientWidth) live(this.lab).follow(payload.values);
  }

  build(parent, fits) {
    this.strip = el("div", "strip");
    this.engine = el("p", "engine");
    this.alerts = el("div", "alerts", { role: "log" });
    this.progress = new ProgressLine(() => this.stop());
    this.panelRow = el("div", "panels");
    this.cursorLine = new Cursor(this);
    const top = this.main ? [el("div", "card", {}, this.strip), this.progress.element, this.alerts] : [];
    const named = this.main ? { role: "region", "aria-label": "Picture" } : {};
    const bar = this.main ? this.guess.bar : "";
    this.root = el("div", "stage", { "data-group": this.group, ...named }, ...top, this.panelRow, bar, this.cursorLine.element, this.main ? this.engine : "");
    this.spoken = el("p", "spoken", { role: "status" });
    this.root.append(this.spoken);
    parent.append(this.root);
    this.room = fits ? (parent.host ?? parent).closest(`.st-key-${CSS.escape(fits)}`) : null;
    this.root.classList.toggle("fits", Boolean(this.room));
  }

  /** Redraw when the room or the theme changes; a hidden tab has no room and is drawn later. */
  observe() {
    this.resizing = new ResizeObserver(() => requestAnimationFrame(() => this.refit()));
    this.resizing.observe(this.root);
    if (this.room) this.resizing.observe(this.room);
    this.root.addEventListener("transitionend", (event) => event.target === this.root && this.rethemed());
    this.screens = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((asked) => matchMedia(asked));
    this.onScreen = () => this.rethemed();
    for (const screen of this.screens) screen.addEventListener("change", this.onScreen);
  }

  end() {
    this.leave();
    clearTimeout(this.telling);
    this.resizing.disconnect();
    for (const screen of this.screens) screen.removeEventListener("change", this.onScreen);
    this.cursorLine.end();
    this.guess.end();
    this.root.remove();
  }

  /** Streamlit has new data, or the theme changed. */
  update({ data, setTriggerValue }) {
    this.trigger = setTriggerValue;
    this.waiting = Boolean(data.waiting);
    this.trains = Boolean(data.trains);
    this.fixed = JSON.parse(data.fixed || "{}"); // parameters that an embedded page keeps, as link texts
    const asked = this.guess.update(data.predict); // before anything new is shown
    if (data.live) live(this.lab).trains = this.trains;
    if (data.live && data.payload && live(this.lab).unheard) live(this.lab).heard(JSON.parse(data.payload), data.heard);
    const said = `${data.heard ?? ""} ${data.payload}`; // who was quicker than the page goes back to a picture it has
    if (data.payload && said !== this.said) {
      this.said = said;
      this.page(JSON.parse(data.payload), data);
    } else if (data.live && data.link !== undefined) live(this.lab).link = data.link;
    if (!this.waiting) this.settled(data);
    else this.said = null; // who goes back to the picture of before shows it again
    if (this.waiting && data.live && !this.stopped) live(this.lab).wait(data.link ?? "", () => this.arrived());
    if (asked && this.payload) this.take(this.payload);
    if (!this.shown) this.show({ payload: null });
    this.drawn = Boolean(data.drawn);
    this.tellDrawn();
    this.rethemed();
  }

  /** The page waits for nothing: neither does the stage, such as for a state that was left by Undo. */
  settled(data) {
    this.stopped = false;
    if (data.live) live(this.lab).leave();
  }

  page(payload, data) {
    if (data.live) return live(this.lab).page(payload, data.link, data.heard);
    const newer = live(this.lab).shown;
    this.show(newer?.payload ? newer : { payload: payload.tensors ? payload : null, error: payload.error ?? null, source: "page" });
  }

  /** Tell the page, until it knows, that a picture stands: it waits with what loads slowly. */
  tellDrawn() {
    if (!this.main || this.drawn || !this.model || !this.width) return;
    this.drawn = true;
    this.waitStill();
  }

  /** Plotly takes most of a second to load: never under a moving hand. */
  waitStill() {
    if (live(this.lab).still) return this.trigger("drawn", true);
    setTimeout(() => this.waitStill(), 100);
  }

  /** The run is to end: the page keeps what it has so far. */
  async stop() {
    this.stopped = true;
    await live(this.lab).stop();
    this.trigger("stopped", true);
  }

  again() {
    this.stopped = false;
    this.trigger("again", true);
  }

  arrived() {
    this.waiting = false;
    this.trigger("warm", true);
  }

  /** Show a state: {payload, error, notice, source}. Without a payload the picture stays. */
  show(shown) {
    this.shown = shown;
    if (shown.payload && shown.payload !== this.payload && this.same(shown.payload)) this.painted();
    else if (shown.payload && shown.payload !== this.payload) {
      this.take(shown.payload);
    }
    if (!this.main) return;
    const notes = this.model?.notes ?? [];
    drawAlerts(this.alerts, { ...shown, notes, loading: this.waiting && !this.model && !shown.progress }, (values) => commit(this.lab, values, this.trigger), this.trains ? () => this.again() : null);
    this.progress.update(shown.progress ?? null, this.trains);
    const ended = this.trains && ENDED.includes(shown.error?.kind); // the picture is the run's own
    this.root.classList.toggle("stale", Boolean(shown.error) && !ended);
    if (shown.error) this.root.dataset.ready = "true"; // there may be no picture to wait for
    this.panelRow.setAttribute("aria-busy", String((this.waiting && !this.model) || Boolean(shown.progress)));
  }

  /** Draw a payload, or what of it may be seen before the guess. */
  take(payload) {
    this.payload = payload;
    const before = this.model?.veiled;
    this.model = veiled(read(payload), this.guess.asking);
    if (this.model.veiled && !before) this.cursorLine.blank();
    this.draw();
    this.guess.draw();
  }

  /** Whether a payload is the picture that stands already: the same Trace of the same state. */
  same({ link, engine }) {
    return Boolean(this.width) && this.payload?.link === link && this.payload.engine.milliseconds === engine.milliseconds;
  }

  rethemed() {
    const key = themeOf(this.root).key;
    if (this.model && key !== this.themeKey) this.draw();
  }

  refit() {
    if (this.model && (this.root.clientWidth !== this.width || this.heightLeft() !== this.height)) this.draw();
  }

  /** The height that a presentation leaves for the panels, 0 where the page scrolls; and the size of its type. */
  heightLeft() {
    if (!this.room || window.innerWidth <= NARROW) return 0;
    this.type = Math.min(1.9, Math.max(1.15, window.innerHeight / 600));
    this.root.style.setProperty("--zoom", this.type);
    const top = this.panelRow.offsetTop - this.root.offsetTop;
    const lines = this.room.clientWidth < WIDE ? 2 : 1; // of the read-out: a longer one covers, so that nothing moves
    return Math.max(1, this.room.clientHeight - top - (READOUT + lines * LINE) * this.type - 2 * GAP);
  }

  /** Everything anew from the model. */
  draw() {
    if (this.main) this.drawTop();
    this.width = this.root.clientWidth;
    if (!this.width) return;
    if (this.main) reachable(this.strip.firstElementChild);
    const theme = themeOf(this.root);
    this.themeKey = theme.key;
    this.height = this.heightLeft();
    const panels = (this.model.panels?.[this.group] ?? []).filter((panel) => drawable(panel, this.model)).map((panel) => kept(panel, this.fixed));
    this.arrange(panels);
    const room = this.width - 8;
    const fitted = this.height ? fitTo(panels, this.model, room, this.height, this.type) : { zoom: 1, tallest: heightFor(panels, this.model, room) };
    theme.zoom = fitted.zoom;
    panels.forEach((panel, place) => this.panels[place].draw(this.model, panel, theme, room, fitted.tallest));
    this.cursorLine.redrawn();
    this.painted();
    this.tellDrawn();
  }

  drawTop() {
    const { steps, tensors, facts } = this.model;
    const { engine } = this.payload;
    const shapes = Object.entries(tensors).map(([name, tensor]) => [name, tensor.shape]);
    const key = JSON.stringify([this.model.veiled, steps.map((step) => ({ ...step, map: null })), shapes, facts]);
    if (key !== this.stripKey) {
      drawStrip(this.strip, this.model);
      this.tellShape();
    }
    this.stripKey = key;
    say(this.engine, engineLine(engine));
  }

  /** A screen reader hears where the chain of shapes now arrives, once the controls rest. */
  tellShape() {
    clearTimeout(this.telling);
    if (this.model.veiled) say(this.spoken, ""); // nor is what was told before the question
    if (!this.stripKey) return; // the first picture is read, not told
    const last = this.strip.querySelector(".hop:last-child > .shape:last-child");
    this.telling = setTimeout(() => say(this.spoken, last?.textContent ?? ""), QUIET);
  }

  /** Keep the panels if they are the same ones, with their slices; else build them. */
  arrange(panels) {
    if (panels.map((panel) => panelKey(panel, this.model)).join() === this.panels.map((panel) => panel.key).join()) return;
    this.panels = panels.map((panel) => new Panel(panel, this.model, () => this.cursorLine.redrawn()));
    for (const view of this.views) listen(this.cursorLine, view);
    this.panelRow.replaceChildren(...this.panels.flatMap((panel) => (panel.line ? [panel.line, panel.element] : [panel.element])));
    this.cursorLine.forget();
  }

  get views() {
    return this.panels.flatMap((panel) => panel.views);
  }

  /** Tests and benchmarks wait for these; the mark is set in the frame that shows the picture. */
  painted() {
    const { link } = this.payload;
    const detail = { lab: this.lab, link, source: this.shown?.source ?? "page", group: this.group };
    this.root.dataset.link = link;
    this.root.dataset.ready = "true";
    requestAnimationFrame(() => performance.mark("tensorscope:painted", { detail }));
  }
}
