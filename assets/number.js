// A number, or height and width, on a range that is live while it moves. A Streamlit component.
import { el, keep, newId, say } from "./dom.js";
import { commit, live, lookAgain, propose } from "./live.js";

const LOG_STEP = 0.05; // of a power of ten
const REST = 250; // ms without a key before what the arrows chose is kept
const instances = new WeakMap();

export default function number(component) {
  const [instance, cleanup] = keep(instances, component.parentElement, () => new NumberControl(component.parentElement));
  instance.update(component);
  return cleanup;
}

/** `8x4` as ["8", "4"], `8` as ["8", "8"]; text that is no number stays as it is. */
export function sides(text) {
  const parts = String(text).trim().split(/\s*[x×,*]\s*|\s+/).filter(Boolean);
  return parts.length ? [parts[0], parts[1] ?? parts[0]] : ["", ""];
}

/** A list with the entry at one place replaced; a comma typed into an entry is its decimal point. */
export const replaced = (list, entry, text) => list.split(",").with(entry, text.replaceAll(",", ".")).join(",");

/** Two sides as the shortest text. */
export const joined = (height, width) => (height === width ? height : `${height}x${width}`);

class NumberControl {
  constructor(parent) {
    const id = newId("number");
    this.label = el("label", "label", { for: id });
    this.field = el("input", "value", { id, type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", maxlength: 40 });
    this.unit = el("span", "unit", { "aria-hidden": "true" });
    this.ranges = el("div", "ranges");
    this.extras = el("div", "extras");
    this.heading = el("span", "heading", {}, this.label);
    const top = el("div", "top", {}, this.heading, el("span", "entry", {}, this.field, this.unit));
    this.help = el("p", "help spoken", { id: newId("help") });
    this.root = el("div", "control number", {}, top, this.ranges, this.extras, this.help);
    this.apart = false;
    this.field.addEventListener("keydown", (event) => this.keyed(event));
    this.field.addEventListener("focus", () => this.field.select());
    this.field.addEventListener("blur", () => this.typed());
    parent.append(this.root);
  }

  end() {
    clearTimeout(this.timer);
    clearTimeout(this.later);
    this.root.remove();
  }

  update({ data, setTriggerValue }) {
    const before = this.data;
    this.data = data;
    this.trigger = setTriggerValue;
    if (!before || this.shape(before) !== this.shape(data)) this.build();
    const pending = live(data.lab).unanswered(data.name);
    clearTimeout(this.later);
    if (this.busy || (pending !== undefined && pending !== (data.list ?? data.value))) {
      return lookAgain(this);
    }
    this.set(data.value);
  }

  shape({ label, unit, help, low, high, step, log, whole, pair, sides, optional, auto }) {
    return JSON.stringify([label, unit, help, low, high, step, log, whole, pair, sides, optional, auto]);
  }

  /** The parts that depend on the kind of number. */
  build() {
    const { label, unit, help, pair, optional } = this.data;
    say(this.label, label);
    say(this.unit, unit ?? "");
    say(this.help, help ?? "");
    this.root.title = help ?? "";
    if (help) this.field.setAttribute("aria-describedby", this.help.id);
    this.names = this.data.sides?.split("|") ?? ["height", "width"];
    this.inputs = pair ? this.names.map((side) => this.range(`${label}, ${side}`)) : [this.range(label)];
    this.ranges.replaceChildren(...this.inputs.map((input, side) => el("div", "range", { "data-side": pair ? this.names[side] : null }, input)));
    this.heading.replaceChildren(this.label, ...(help ? [this.explainer()] : []), ...(pair ? [this.splitter()] : []));
    this.extras.replaceChildren(...(optional ? [this.automatic()] : []));
  }

  range(label) {
    const { low, high, step, whole, log } = this.data;
    const ends = log ? { min: Math.log10(low), max: Math.log10(high), step: LOG_STEP } : { min: low ?? 0, max: high ?? 100, step: step || (whole ? 1 : "any") };
    const input = el("input", "", { type: "range", ...ends, "aria-label": label });
    input.value = (Number(input.min) + Number(input.max)) / 2;
    input.addEventListener("pointerdown", () => (this.dragging = true));
    input.addEventListener("input", () => this.moved(input));
    input.addEventListener("change", () => this.released());
    input.addEventListener("blur", () => this.resting && this.keepIt()); // before what is clicked next, such as Undo
    for (const end of ["pointerup", "pointercancel"]) input.addEventListener(end, () => setTimeout(() => (this.dragging = false), 0));
    return input;
  }

  /** What a range says; on a logarithmic one two digits of the power of ten it stands at. */
  said(input) {
    return this.data.log ? String(Number((10 ** Number(input.value)).toPrecision(2))) : input.value;
  }

  splitter() {
    const words = `separate ${this.names.join(" and ")}`;
    this.split = el("button", "quiet split", { type: "button", "aria-pressed": "false", "aria-label": `${this.data.label}: ${words}`, title: words }, "↔");
    this.split.addEventListener("click", () => this.separate(!this.apart));
    return this.split;
  }

  /** The help is always there for a screen reader; this shows it to everybody. */
  explainer() {
    const node = el("button", "quiet explain", { type: "button", "aria-label": `Help for ${this.data.label}`, "aria-expanded": "false" }, "?");
    node.addEventListener("click", () => {
      const open = this.help.classList.toggle("spoken") === false;
      node.setAttribute("aria-expanded", String(open));
    });
    return node;
  }

  automatic() {
    const words = this.data.auto || "automatic";
    const box = el("input", "", { type: "checkbox", "aria-label": `${this.data.label}: ${words}` });
    box.addEventListener("change", () => this.choose(box.checked ? "" : this.start()));
    this.auto = box;
    return el("label", "quiet", {}, box, words);
  }

  /** Where a number begins that was automatic so far. */
  start() {
    const { pair } = this.data;
    return pair && this.apart ? joined(...this.inputs.map((input) => input.value)) : this.said(this.inputs[0]);
  }

  /** One range for both sides, or one for each. */
  separate(apart) {
    this.apart = apart;
    this.split.setAttribute("aria-pressed", String(apart));
    this.root.classList.toggle("apart", apart);
    const [height, width] = sides(this.text);
    if (!apart && height !== width) this.choose(height);
    else this.dress();
  }

  get busy() {
    return this.dragging || this.resting || this.editing;
  }

  get editing() {
    return this.field.getRootNode().activeElement === this.field && this.field.value !== this.written(this.text);
  }

  /** Show a text without telling anybody. */
  set(text) {
    this.text = text ?? "";
    const [height, width] = sides(this.text);
    if (this.data.pair && height !== width && !this.apart) {
      this.apart = true;
      this.split.setAttribute("aria-pressed", "true");
      this.root.classList.add("apart");
    }
    [height, width].slice(0, this.inputs.length).forEach((side, at) => {
      if (side !== "" && !Number.isNaN(Number(side))) this.inputs[at].value = this.data.log ? Math.log10(side) : side;
    });
    this.dress();
  }

  /** What is written and spoken for the text as it is. */
  dress() {
    const written = this.written(this.text);
    this.field.value = written;
    this.field.style.width = `calc(${Math.max(2, written.length) + 0.4}ch + 12px)`;
    this.root.classList.toggle("automatic", this.text === "");
    this.unit.hidden = this.text === "";
    if (this.auto) this.auto.checked = this.text === "";
    this.inputs.forEach((input, side) => {
      const share = (input.value - input.min) / (input.max - input.min || 1);
      input.style.setProperty("--share", share);
      const one = sides(this.text)[this.data.pair && this.apart ? side : 0];
      input.setAttribute("aria-valuetext", this.text === "" ? written : [this.data.pair && !this.apart ? written : one, this.data.unit].filter(Boolean).join(" "));
      input.parentElement.hidden = side === 1 && !this.apart;
    });
  }

  written(text) {
    if (text === "" && this.data.optional) return this.data.auto || "automatic";
    if (!this.data.pair) return text;
    return sides(text).join(" × ");
  }

  moved(input) {
    const { pair, lab, name } = this.data;
    if (pair && !this.apart) for (const other of this.inputs) other.value = input.value;
    this.text = pair ? joined(...this.inputs.map((one) => one.value)) : this.said(input);
    this.dress();
    propose(lab, { [name]: this.whole() });
    if (this.dragging) return;
    this.resting = true; // moved by keyboard: kept once the keys rest
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.keepIt(), REST);
  }

  released() {
    if (this.dragging) this.keepIt();
  }

  keepIt() {
    clearTimeout(this.timer);
    this.dragging = this.resting = false;
    commit(this.data.lab, { [this.data.name]: this.whole() }, this.trigger);
    lookAgain(this);
  }

  /** The parameter's text: of a number that is one entry of a list, the newest list with it. */
  whole() {
    const { lab, name, list, entry } = this.data;
    return typeof list === "string" ? replaced(live(lab).newest(name) ?? list, entry, this.text) : this.text;
  }

  choose(text) {
    this.set(text);
    this.keepIt();
  }

  keyed(event) {
    if (event.key === "Enter") this.typed();
    if (event.key === "Escape") this.dress();
  }

  /** Text typed for an exact value is sent as it is: the engine explains what is wrong with it. */
  typed() {
    if (this.field.value === this.written(this.text)) return;
    const text = this.field.value.trim();
    const { pair, optional, auto } = this.data;
    if (optional && (text === "" || text === (auto || "automatic"))) return this.choose("");
    this.choose(pair && text ? joined(...sides(text)) : text);
  }
}
