// Guessing on the stage: number keys choose, Escape leaves, and cells are clicked where a question asks for them.
import { el, say } from "./dom.js";
import { drawnCell } from "./overlay.js";

const FIELDS = "input, textarea, select, [contenteditable=true], [role=dialog], [role=listbox], [role=combobox]";
const KINDS = { chosen: "#7a1fa2", right: "#0b6e99", missed: "#e69a00", extra: "#ac5207" };
const DARK = { chosen: "#d79bf0", right: "#93c4fb", missed: "#ffb52e", extra: "#fcb469" };
const WORDS = { right: "✓ right", missed: "○ missed", extra: "✕ too many" };

export class Guess {
  constructor(stage, keys) {
    this.stage = stage;
    this.asking = null; // what the page says: see veil.js
    this.text = null;
    this.chosen = new Map();
    this.bar = el("div", "guessing", { role: "group", "aria-label": "Your cells" });
    this.onKey = (event) => this.pressed(event);
    if (keys) document.addEventListener("keydown", this.onKey);
  }

  end() {
    document.removeEventListener("keydown", this.onKey);
  }

  /** What the page asks now. Returns whether it is something else than before. */
  update(text) {
    if ((text ?? null) === this.text) return false;
    this.text = text ?? null;
    const before = this.asking?.key;
    this.asking = text ? JSON.parse(text) : null;
    if (this.asking?.key !== before) this.chosen.clear();
    return true;
  }

  /** The tensor whose cells are clicked in the state shown; "" for none. */
  get clicks() {
    return this.asking?.link === this.stage.model?.link ? (this.asking?.clicks ?? "") : "";
  }

  send(said) {
    this.stage.trigger("guess", { ...said, key: this.asking?.key });
  }

  pressed(event) {
    if (!this.asking || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const [target] = event.composedPath();
    const typing = target.matches?.(FIELDS) && !(target.type === "radio" || target.type === "checkbox");
    if (event.key === "Escape") {
      if (!typing && !document.querySelector("[role=dialog]")) this.send({ leave: true });
    } else if (/^[1-9]$/.test(event.key) && Number(event.key) <= (this.asking.choices ?? 0)) {
      if (typing || target.classList?.contains("types") || this.asking.link !== this.stage.model?.link) return;
      event.preventDefault();
      this.send({ choice: Number(event.key) - 1 });
    }
  }

  /** A cell of a view is clicked: taken, or given back. Returns whether it was one to be clicked. */
  toggle(view, index) {
    if (!this.clicks || view.tensor.name !== this.clicks) return false;
    if (view.tensor.place(index) < 0) return true;
    const key = index.join();
    if (!this.chosen.delete(key)) this.chosen.set(key, index.slice());
    this.draw();
    this.stage.cursorLine.light();
    this.stage.cursorLine.say(`${view.tensor.name}[${index.join(", ")}] ${this.chosen.has(key) ? "chosen" : "given back"}, ${this.chosen.size} in all.`);
    return true;
  }

  /** The cells to mark on a view: [kind, index] each. */
  marks(view) {
    if (this.clicks === view.tensor.name) return [...this.chosen.values()].map((index) => ["chosen", index]);
    const { result, link } = this.asking ?? {};
    if (!result || result.tensor !== view.tensor.name || link !== this.stage.model.link) return [];
    return Object.keys(WORDS).flatMap((kind) => result[kind].map((index) => [kind, index]));
  }

  /** The line below the panels: how many cells, and the button that checks them; afterwards what the signs mean. */
  draw() {
    const result = this.asking?.link === this.stage.model?.link ? this.asking?.result : null;
    const shown = this.clicks || result;
    this.bar.hidden = !shown;
    if (!shown) return this.bar.replaceChildren();
    if (result) return this.bar.replaceChildren(...Object.entries(WORDS).map(([kind, words]) => el("span", `sign ${kind}`, {}, `${words}: ${result[kind].length}`)));
    if (!this.count) {
      this.count = el("span", "count");
      this.check = button("Check", () => this.send({ cells: [...this.chosen.keys()].join(";") }));
      this.none = button("Clear", () => (this.chosen.clear(), this.draw(), this.stage.cursorLine.light()));
    }
    say(this.count, `${this.chosen.size} of ${this.clicks} chosen. Click cells, or use the arrow keys and Space.`);
    this.check.disabled = this.none.disabled = !this.chosen.size;
    if (this.check.parentNode !== this.bar) this.bar.replaceChildren(this.count, this.check, this.none);
  }
}

function button(words, press) {
  const node = el("button", "again", { type: "button" }, words);
  node.addEventListener("click", press);
  return node;
}

/** Mark cells of a grid: a thick frame for chosen ones; check, ring and cross tell the three results apart. */
export function paintMarks(context, { view, cell, theme }, marks) {
  const colours = theme.dark ? DARK : KINDS;
  for (const [kind, index] of marks) {
    const place = drawnCell(view, index);
    if (place) paintMark(context, kind, colours[kind], theme, place[1] * cell, place[0] * cell, cell - 1);
  }
}

function paintMark(context, kind, colour, theme, x, y, size) {
  context.save();
  context.setLineDash(kind === "missed" ? [4, 3] : []);
  context.lineWidth = 3;
  context.strokeStyle = colour;
  context.strokeRect(x + 1.5, y + 1.5, size - 3, size - 3);
  context.setLineDash([]);
  for (const [width, stroke] of [[5, theme.background], [2.5, colour]]) {
    context.lineWidth = width;
    context.strokeStyle = stroke;
    context.beginPath();
    sign(context, kind, x + size / 2, y + size / 2, Math.min(9, size * 0.24));
    context.stroke();
  }
  context.restore();
}

function sign(context, kind, x, y, r) {
  if (kind === "missed") context.arc(x, y, r, 0, 2 * Math.PI);
  else if (kind === "extra") {
    for (const turn of [1, -1]) {
      context.moveTo(x - r, y - turn * r);
      context.lineTo(x + r, y + turn * r);
    }
  } else if (kind === "right") {
    context.moveTo(x - r, y);
    context.lineTo(x - r / 3, y + r * 0.8);
    context.lineTo(x + r, y - r * 0.8);
  } else context.rect(x - 1, y - 1, 2, 2);
}
