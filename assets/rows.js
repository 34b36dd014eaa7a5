// A small table, such as a stack of layers: every row has the same columns. A Streamlit component.
import { el, keep, newId, say } from "./dom.js";
import { commit, live, lookAgain, propose } from "./live.js";

const REST = 200; // ms without a change before the table is kept
const instances = new WeakMap();

export default function rows(component) {
  const [instance, cleanup] = keep(instances, component.parentElement, () => new RowsControl(component.parentElement));
  instance.update(component);
  return cleanup;
}

/** `conv.2_pool.4` as [["conv", "2"], ["pool", "4"]], cells filled up with defaults. */
export function parse(text, columns) {
  if (!text) return [];
  return text.split("_").map((row) => {
    const cells = row.split(".");
    return columns.map((column, at) => cells[at] ?? column.default);
  });
}

export const write = (table) => table.map((row) => row.join(".")).join("_");

class RowsControl {
  constructor(parent) {
    this.title = el("span", "label", { id: newId("rows") });
    this.help = el("p", "help");
    this.list = el("ol", "rows");
    this.add = el("button", "add", { type: "button" }, "+ Add a row");
    this.told = el("span", "spoken", { "aria-live": "polite" });
    this.root = el("div", "control table", { role: "group", "aria-labelledby": this.title.id }, this.title, this.help, this.list, this.add, this.told);
    this.add.addEventListener("click", () => this.append());
    parent.append(this.root);
  }

  end() {
    clearTimeout(this.timer);
    clearTimeout(this.later);
    this.root.remove();
  }

  update({ data, setTriggerValue }) {
    const changed = data.columns !== this.text;
    const { columns: text } = data;
    data = { ...data, columns: JSON.parse(text) };
    Object.assign(this, { data, text, trigger: setTriggerValue });
    say(this.title, data.label);
    say(this.help, data.help ?? "");
    const pending = live(data.lab).unanswered(data.name);
    clearTimeout(this.later);
    if (this.resting || (pending !== undefined && pending !== data.value)) {
      lookAgain(this, { ...this.data, columns: this.text });
    } else if (changed || write(this.table ?? []) !== data.value || !this.table) {
      this.table = parse(data.value, data.columns);
      this.draw();
    }
  }

  draw() {
    this.list.replaceChildren(...this.table.map((row, at) => this.row(row, at)));
    this.add.disabled = this.table.length >= this.data.most;
    this.add.title = this.add.disabled ? `at most ${this.data.most} rows` : "";
  }

  row(cells, at) {
    const fields = el("div", "cells", {}, ...this.data.columns.map((column, place) => this.cell(column, cells[place], at, place)));
    const buttons = el(
      "span",
      "moves",
      {},
      this.button("↑", `Move row ${at + 1} up`, at === 0, () => this.swap(at, at - 1)),
      this.button("↓", `Move row ${at + 1} down`, at === this.table.length - 1, () => this.swap(at, at + 1)),
      this.button("×", `Remove row ${at + 1}`, false, () => this.remove(at)),
    );
    const top = el("div", "row-top", {}, el("span", "place", {}, String(at + 1)), buttons);
    return el("li", "row", {}, el("div", "", { role: "group", "aria-label": `Row ${at + 1}` }, top, fields));
  }

  button(sign, label, disabled, act) {
    const node = el("button", "move", { type: "button", "aria-label": label, title: label, disabled }, sign);
    node.addEventListener("click", act);
    return node;
  }

  cell(column, value, at, place) {
    const id = newId("cell");
    const field = column.kind === "choice" ? this.choice(id, column, value) : this.number(id, column, value);
    field.addEventListener("input", () => this.changed(at, place, field.value.trim().replaceAll("×", "x")));
    return el("div", `cell ${column.kind}`, {}, el("label", "", { for: id }, column.label), field);
  }

  choice(id, column, value) {
    const field = el("select", "", { id }, ...column.options.map((option) => el("option", "", { value: option }, option)));
    field.value = value;
    return field;
  }

  number(id, column, value) {
    const whole = column.kind === "integer";
    const field = el("input", "", whole ? { id, type: "number", min: column.low, max: column.high, step: 1 } : { id, type: "text", inputmode: "numeric", maxlength: 9, title: "one number, or height x width" });
    field.value = value;
    return field;
  }

  changed(at, place, text) {
    this.table[at][place] = text.replace(/[._]/g, "");
    this.send();
  }

  append() {
    const like = this.table.at(-1) ?? this.data.columns.map((column) => column.default);
    this.table.push(like.map(String));
    this.redraw(`Row ${this.table.length} added`, this.table.length - 1, "select, input");
  }

  remove(at) {
    this.table.splice(at, 1);
    this.redraw(`Row ${at + 1} removed`, Math.min(at, this.table.length - 1), "button:last-of-type");
  }

  swap(from, to) {
    [this.table[from], this.table[to]] = [this.table[to], this.table[from]];
    this.redraw(`Row ${from + 1} is now row ${to + 1}`, to, `button:nth-of-type(${to < from ? 1 : 2}):enabled, button:enabled`);
  }

  /** After rows came, went or moved: draw, say it, and keep the focus near. */
  redraw(words, focus, selector) {
    this.draw();
    say(this.told, words);
    (this.list.children[focus]?.querySelector(selector) ?? this.add).focus();
    this.send();
  }

  send() {
    const value = write(this.table);
    propose(this.data.lab, { [this.data.name]: value });
    this.resting = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.resting = false;
      commit(this.data.lab, { [this.data.name]: value }, this.trigger);
      lookAgain(this, { ...this.data, columns: this.text });
    }, REST);
  }
}
