// Changing a tensor on the stage: painting a mask, typing a number, picking a unit.
import { el } from "./dom.js";
import { commit, propose } from "./live.js";

const MOST_TYPED = 256; // entries written out when a list was left to the technique

/** The text of a Cells parameter with one cell set, from what the tensor shows now. */
export function painted(tensor, index, on, text = "") {
  const size = tensor.shape.reduce((a, b) => a * b, 1);
  const cells = text && size % text.length === 0 ? [...text] : Array.from(tensor.values, (value) => (value ? "1" : "0"));
  cells[tensor.flat(index) % cells.length] = on ? "1" : "0";
  return cells.join("");
}

/** The text of a Numbers parameter with the entry of a cell drawn over, from what the tensor shows now. */
export function inked(tensor, index, number, text = "") {
  const entries = entriesOf(tensor, text);
  entries[tensor.flat(index)] = String(number);
  return entries.join(",");
}

/** The text of a Numbers parameter with the entry of a cell replaced; null if it has no entry. */
export function typed(tensor, index, number, text) {
  const entries = entriesOf(tensor, text);
  const place = tensor.flat(index);
  if (place >= entries.length) return null;
  entries[place] = number;
  return entries.join(",");
}

function entriesOf(tensor, text) {
  if (text) return text.split(",");
  if (tensor.sampled || tensor.values.length > MOST_TYPED) return [];
  return Array.from(tensor.values, (value) => String(Number(value.toPrecision(7))));
}

/** The text of a Pair parameter for the clicked row and column. */
export function picked(view, index) {
  return `${view.row < 0 ? 0 : index[view.row]}x${view.column < 0 ? 0 : index[view.column]}`;
}

const number = (value) => typeof value === "number";

/** Paints, types or picks on one view of the stage; `stage` gives lab, model, trigger, say. */
export class Edits {
  constructor(stage, view) {
    this.stage = stage;
    this.view = view;
    this.painting = null;
  }

  get kind() {
    const { paints, types, picks, chooses } = this.view.panel;
    return paints ? "paint" : types ? "type" : picks || chooses ? "pick" : "";
  }

  inside(index) {
    return index && this.view.tensor.place(index) >= 0;
  }

  value(name) {
    return this.stage.model.values?.[name] ?? "";
  }

  /** Enter, Space or a click on a cell. */
  act(index, down) {
    if (!this.inside(index)) return;
    const { paints, picks, chooses, ink, brush } = this.view.panel;
    if (paints) {
      this.paint(index, number(brush) || this.view.tensor.at(index) < (ink ?? 1) / 2);
      if (!down) this.release();
    } else if (chooses) this.send({ [chooses]: index.join(",") });
    else if (picks) this.send({ [picks]: picked(this.view.view, this.view.tensor.whole(index)) });
  }

  /** Set a cell of the mask to what the first one of this stroke became. */
  paint(index, on = this.painting?.on) {
    if (!this.inside(index) || on === undefined) return;
    const { paints: name, ink, brush, sets } = this.view.panel;
    const before = this.painting?.text ?? "";
    const drawn = number(brush) ? brush : on ? ink : 0;
    const text = ink || number(brush) ? inked(this.view.tensor, index, drawn, before) : painted(this.view.tensor, index, on, before);
    if (text === this.painting?.text) return;
    this.painting = { on, text };
    propose(this.stage.lab, { [name]: text, ...sets });
  }

  /** The end of a stroke. */
  release() {
    if (!this.painting) return;
    const { text } = this.painting;
    this.painting = null;
    this.send({ [this.view.panel.paints]: text });
  }

  send(values) {
    commit(this.stage.lab, { ...values, ...this.view.panel.sets }, this.stage.trigger);
  }

  /** Open an input over a cell, beginning with `first` (a typed character) or its value. */
  open(index, first) {
    const name = this.view.panel.types;
    if (!name || !this.inside(index)) return false;
    const { tensor } = this.view;
    const text = this.view.panel.ink ? "" : this.value(name); // what is drawn on may be another picture
    if (typed(tensor, index, "0", text) === null) {
      this.stage.say("This entry was filled in and cannot be typed over: the list of values ends before it.");
      return true;
    }
    const current = String(Number((tensor.at(index) ?? 0).toPrecision(7)));
    const field = el("input", "cell-input", { type: "text", inputmode: "decimal", "aria-label": `Value of ${tensor.name}[${index.join(", ")}]` });
    field.value = first ?? current;
    this.place(field, index);
    this.listen(field, index, name, text);
    field.focus();
    if (first === undefined) field.select();
    return true;
  }

  place(field, index) {
    const { x, y, width, height } = this.view.boxOf(index);
    const wide = Math.max(width, 64);
    Object.assign(field.style, { left: `${x + (width - wide) / 2}px`, top: `${y}px`, width: `${wide}px`, height: `${Math.max(height, 24)}px` });
    this.view.element.append(field);
  }

  listen(field, index, name, text) {
    let open = true; // removing the field blurs it, which closes it again
    const close = (keep) => {
      if (!open) return;
      open = false;
      const value = field.value.trim();
      field.remove();
      if (keep && value !== "") this.send({ [name]: typed(this.view.tensor, index, value.replaceAll(",", "."), text) });
      this.view.canvas.focus({ preventScroll: true });
    };
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") close(true);
      if (event.key === "Escape") close(false);
    });
    field.addEventListener("blur", () => close(true));
  }
}
