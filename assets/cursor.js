// The cursor cell of a stage: lights up what it is linked with and says what it is.
import { el, say } from "./dom.js";
import { drawnCell } from "./overlay.js";
import { cursorRegion, propagate } from "./propagate.js";
import { describe } from "./readout.js";

const HINT = "Point at a cell, or reach one with Tab and the arrow keys, to see what it is made of.";
const QUIET = 150; // ms without a move before a screen reader is told
const MOST_MEASURES = 5000;

export class Cursor {
  constructor(stage) {
    this.stage = stage;
    this.line = el("p", "readout");
    this.spoken = el("p", "spoken", { "aria-live": "polite" });
    this.element = el("div", "below", {}, this.line, this.spoken);
    this.cursor = null;
    this.measures = 0;
    this.hint();
  }

  get lab() {
    return this.stage.lab;
  }

  get model() {
    return this.stage.model;
  }

  get guess() {
    return this.stage.guess;
  }

  get trigger() {
    return this.stage.trigger;
  }

  hint() {
    this.line.replaceChildren(el("span", "hint", {}, HINT));
  }

  end() {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
  }

  /** Put the cursor on a full index of a view; `start` is when the event was heard. */
  cursorAt(view, index, start) {
    const now = this.cursor;
    if (now?.view === view && now.index.every((at, axis) => at === index[axis])) return;
    this.cursor = { view, index, own: true };
    this.light();
    performance.measure("tensorscope:hover", { start, end: performance.now() });
    this.measures += 1;
    if (this.measures % MOST_MEASURES === 0) performance.clearMeasures("tensorscope:hover");
    this.tell(true);
  }

  /** Highlights of every tensor for the cursor as it is. */
  light() {
    const { view, index } = this.cursor ?? {};
    const views = this.stage.views;
    this.shown ??= new Set(views.map((one) => one.tensor.name));
    const { name, shape } = view?.tensor ?? {};
    const pixel = view?.view.pixel ?? -1;
    const lit = view ? propagate(this.stage.model.steps, name, cursorRegion(index, pixel, shape[pixel]), (one) => this.shown.has(one)) : new Map();
    for (const one of views) one.light(lit.get(one.tensor.name) ?? [], one.tensor.name === name ? index : null, this.stage.guess?.marks(one));
  }

  /** The panels are new: nothing of the old ones is left. */
  forget() {
    this.cursor = null;
    this.shown = null;
  }

  /** The picture was drawn again: keep the cursor where it was, if it is still there. */
  redrawn() {
    this.shown = null;
    if (!this.cursor?.own) this.cursor = this.first();
    if (!this.cursor) return this.light(); // nothing is linked: take away what was
    const { view, index } = this.cursor;
    const moved = index.length === view.tensor.shape.length ? index.map((at, axis) => (view.view.hidden.includes(axis) ? view.view.index[axis] : at)) : null;
    this.cursor.index = moved && drawnCell(view.view, moved) ? moved : view.middle();
    this.light();
    this.tell(view.canvas.matches(":focus-visible")); // who changed the cell by keyboard hears what came of it
  }

  /** Something to see at once: the cell that was picked, or the middle of the last tensor that a step makes. */
  first() {
    const marked = this.stage.views.find((one) => (one.panel.picks || one.panel.chooses) && one.chosen?.());
    if (marked) return { view: marked, index: marked.chosen() };
    const made = new Set(this.stage.model.steps.filter((step) => step.map?.terms[step.writes]).map((step) => step.writes));
    const view = this.stage.views.findLast((one) => made.has(one.tensor.name) && !one.tensor.shape.includes(0));
    return view ? { view, index: view.middle() } : null;
  }

  /** What was written and said of a picture goes with it. */
  blank() {
    this.end();
    this.cursor = null;
    this.hint();
    say(this.spoken, "");
  }

  clear() {
    this.cursor = null;
    this.light();
    this.hint();
  }

  /** Write the read-out in the next frame; tell a screen reader once the cursor rests. */
  tell(aloud) {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      if (!this.cursor) return;
      const text = this.write();
      clearTimeout(this.timer);
      if (aloud) this.timer = setTimeout(() => say(this.spoken, text), QUIET);
    });
  }

  write() {
    const { view, index } = this.cursor;
    const found = describe(this.stage.model, view.tensor.name, index, { crossed: view.crossed?.(index), pixel: view.view.pixel });
    const named = view.named?.(index) ?? "";
    const note = [named, found.note].filter(Boolean).join(" · ");
    this.line.replaceChildren(el("span", "sum", {}, found.text), " ", el("span", "note", {}, note));
    return [found.text, note].filter(Boolean).join(". ");
  }

  /** Say a sentence in the read-out. */
  say(text) {
    this.line.replaceChildren(el("span", "hint", {}, text));
    say(this.spoken, text);
  }
}
