// Names of a grid's rows and columns, such as the words of a sentence, drawn beside it as text.
//
// They may come from outside: they are painted on canvases, cut to the room there is.
import { density } from "./canvas.js";
import { el } from "./dom.js";

const SMALLEST = 11; // cells lower than this have no room for a name
const LETTER = 8; // CSS pixels, about
const WIDE = 13; // of m and w, capitals, and scripts with square letters
const LONGEST = 92; // a longer name is cut
const GAP = 6;

/** The names of the places of an axis; null where it has none. */
export function namesOf(panel, tensor, axis) {
  const names = axis >= 0 ? panel.labels?.[tensor.axes[axis]] : null;
  return names?.length ? names : null;
}

/** How wide names of rows are beside a grid. */
export function labelRoom(panel, tensor, axis, zoom = 1) {
  const names = namesOf(panel, tensor, axis);
  return names ? wide(names, zoom) : 0;
}

const long = (name) => [...name].reduce((sum, letter) => sum + (/[mwA-Z@%]|[^\u0000-\u024f]/.test(letter) ? WIDE : LETTER), 0);
const wide = (names, zoom) => Math.ceil(zoom * Math.min(LONGEST, GAP + Math.max(...names.map(long))));

/** `key “mat”, query “cat”` for a full index; "" without names. */
export function namedPlace(panel, tensor, index) {
  const named = tensor.axes.map((axis, at) => [axis, panel.labels?.[axis]?.[index[at]]]);
  return named.filter(([, name]) => name !== undefined).map(([axis, name]) => `${axis} “${name}”`).join(", ");
}

/** A text that fits in so many pixels, cut with dots where it is longer. */
export function cut(text, room, measure) {
  if (measure(text) <= room) return text;
  const letters = [...text];
  while (letters.length && measure(`${letters.join("")}…`) > room) letters.pop();
  return letters.length ? `${letters.join("")}…` : "";
}

export class Labels {
  constructor(box) {
    this.rows = el("canvas", "row-labels", { "aria-hidden": "true" });
    this.columns = el("canvas", "column-labels", { "aria-hidden": "true" });
    this.element = el("div", "labelled", {}, this.columns, this.rows, box);
  }

  draw(panel, tensor, view, cell, theme) {
    const size = Math.min(14 * theme.zoom, cell - 1);
    const font = `${size}px ${theme.font}`;
    const roomy = cell >= SMALLEST;
    const rows = roomy ? namesOf(panel, tensor, view.row) : null;
    const columns = roomy ? namesOf(panel, tensor, view.column) : null;
    this.drawRows(rows, view.rows, cell, font, theme);
    this.drawColumns(columns, view.columns, cell, font, theme);
  }

  drawRows(names, along, cell, font, theme) {
    const width = names ? wide(names, theme.zoom) : 0;
    const context = sized(this.rows, width, names ? along.count * cell : 0);
    if (!names) return;
    Object.assign(context, { font, fillStyle: theme.text, textAlign: "right", textBaseline: "middle" });
    each(names, along, (name, place) => write(context, name, width - GAP, (place + 0.5) * cell, width - GAP));
  }

  /** Level where every name fits its cell, else upright. */
  drawColumns(names, along, cell, font, theme) {
    const level = names && wide(names, theme.zoom) <= cell;
    const height = !names ? 0 : level ? Math.round(20 * theme.zoom) : wide(names, theme.zoom);
    const context = sized(this.columns, names ? along.count * cell : 0, height);
    if (!names) return;
    Object.assign(context, { font, fillStyle: theme.text, textAlign: level ? "center" : "left", textBaseline: "middle" });
    each(names, along, (name, place) => {
      if (level) return write(context, name, (place + 0.5) * cell, height / 2, cell);
      context.save();
      context.translate((place + 0.5) * cell, height - GAP / 2);
      context.rotate(-Math.PI / 2);
      write(context, name, 0, 0, height - GAP);
      context.restore();
    });
  }
}

/** Every named cell of a side that is in the picture. */
function each(names, along, draw) {
  for (let place = 0; place < along.count; place += 1) {
    const name = names[(place + along.from) * along.step];
    if (name) draw(name, place);
  }
}

function write(context, name, x, y, room) {
  context.fillText(cut(name, room, (text) => context.measureText(text).width), x, y);
}

function sized(canvas, width, height) {
  const ratio = density();
  canvas.style.display = width && height ? "" : "none";
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
