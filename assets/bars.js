// One vector as bars, with the same face as a grid, so that hover and links work alike.
import { Layers } from "./canvas.js";
import { cellFormat } from "./format.js";
import { arrange, drawnAt, indexAt, project } from "./layout.js";
import { drawnCell, runs } from "./overlay.js";
import { hatch, paintHidden } from "./paint.js";
import { broadcast } from "./tensors.js";

export const HEIGHT = 150;
const FOOT = 18; // for the positions below the bars
const HEAD = 20; // for the numbers above them
const WIDEST = 560; // pixels of all bars together
const NARROW = 8; // pixels of a bar below which linked neighbours share a frame

export class Bars {
  constructor(panel, name) {
    this.name = name;
    this.layers = new Layers(name);
    this.element = this.layers.box;
    this.canvas = this.layers.top;
    this.slices = {};
  }

  /** `range` spans all vectors of the panel, so that their bars can be compared. */
  draw(model, panel, theme, width, range) {
    const tensor = model.tensors[this.name];
    const view = arrange(panel, tensor, this.slices);
    view.columns = { ...view.columns, before: 0, after: 0, from: 0, count: view.columns.cells };
    const { zoom } = theme;
    const cell = Math.max(3, Math.floor(Math.min(44 * zoom, Math.min(width, WIDEST * zoom) / view.columns.count)));
    const [height, head, foot] = [HEIGHT, HEAD, FOOT].map((size) => Math.round(size * zoom));
    Object.assign(this, { panel, tensor, view, cell, theme, height, head, foot });
    this.crossed = panel.crossed && model.tensors[panel.crossed] ? broadcast(model.tensors[panel.crossed], tensor) : null;
    this.low = Math.min(0, range.low);
    this.high = Math.max(0, range.high);
    if (this.low === this.high) this.high = 1;
    this.format = cellFormat(range, cell);
    this.layers.resize(view.columns.count * cell + 1, height);
    this.paint(this.layers.picture());
    if (tensor.hidden) return this.canvas.setAttribute("aria-label", `${this.name}: hidden until you have guessed.`);
    this.canvas.setAttribute("aria-label", `${this.name}: ${tensor.about || "bars"}. ${view.columns.cells} bars. Arrow keys move between them.`);
  }

  y(value) {
    const { height, head, foot } = this;
    const room = height - head - foot - (this.low < 0 ? head - 4 : 0);
    return head + ((this.high - Math.min(this.high, Math.max(this.low, value))) / (this.high - this.low)) * room;
  }

  paint(context) {
    const { view, cell, theme } = this;
    context.clearRect(0, 0, this.layers.width, this.height);
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    for (let column = 0; column < view.columns.count; column += 1) this.paintBar(context, column);
    context.fillStyle = theme.text;
    context.globalAlpha = 0.55;
    context.fillRect(0, Math.round(this.y(0)), view.columns.count * cell, 1);
    context.globalAlpha = 1;
  }

  paintBar(context, column) {
    const { cell, theme, tensor } = this;
    const index = indexAt(this.view, 0, column);
    const value = tensor.at(index);
    const x = column * cell;
    if (tensor.hidden) return paintHidden(context, [x, HEAD + 40, cell, theme]);
    if (this.crossed?.(index) === 0) {
      context.fillStyle = hatch(context, theme.padding[1]);
      context.fillRect(x, this.head, cell - 1, this.height - this.head - this.foot);
    }
    const zero = this.y(0);
    const end = Number.isFinite(value) ? this.y(value) : zero;
    context.fillStyle = Number.isFinite(value) ? theme[value < 0 ? "negative" : "positive"][2] : theme.odd[1];
    const inset = cell >= 12 ? Math.round(cell * 0.14) : 0;
    context.fillRect(x + inset, Math.min(zero, end), cell - 2 * inset - (inset ? 0 : 1), Math.max(1, Math.abs(end - zero)));
    if (cell >= 24) this.write(context, x + cell / 2, value, end, index);
  }

  write(context, x, value, end, index) {
    const { theme, view } = this;
    context.font = `${11.5 * theme.zoom}px ${theme.font}`;
    context.fillStyle = Number.isFinite(value) ? theme.text : theme.oddText;
    context.fillText(this.format(value), x, value < 0 ? end + 13 * theme.zoom : end - 5);
    context.globalAlpha = 0.72;
    context.fillStyle = theme.text;
    context.fillText(String(index[view.column] ?? 0), x, this.height - 4);
    context.globalAlpha = 1;
  }

  light(regions, cursor) {
    if (!this.view || (!regions.length && !cursor && !this.layers.marked)) return;
    const context = this.layers.overlay();
    const frame = (column, colour, line, count = 1) => {
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.strokeRect(column * this.cell + line / 2, 2 + line / 2, count * this.cell - line, this.height - this.foot - line);
    };
    for (const region of regions) {
      const on = project(region, this.view, this.tensor);
      const columns = on ? (on.cells?.map(([, column]) => column) ?? on.columns) : [];
      // Frames of narrow bars would cover them: neighbours share one.
      const boxes = this.cell < NARROW ? runs(new Set(columns)) : Array.from(columns, (column) => [column, 1]);
      for (const [column, count] of boxes) frame(column, this.theme.linked, 2, count);
    }
    const place = cursor && drawnCell(this.view, cursor);
    if (place) frame(place[1], this.theme.cursor, 2);
    if (!regions.length && !place) this.layers.marked = false;
  }

  hit(x, y) {
    const column = Math.floor(x / (this.cell || 1));
    return this.view && y >= 0 && column >= 0 && column < this.view.columns.count ? indexAt(this.view, 0, column) : null;
  }

  move(index, down, across, to = "") {
    const { count } = this.view.columns;
    const here = drawnCell(this.view, index)?.[1] ?? 0;
    const column = to === "start" ? 0 : to === "end" ? count - 1 : here + across;
    return indexAt(this.view, 0, Math.min(Math.max(0, column), count - 1));
  }

  middle() {
    return indexAt(this.view, 0, this.view.columns.count >> 1);
  }

  boxOf(index) {
    const column = drawnAt(this.view.columns, index[this.view.column]);
    return { x: column * this.cell, y: this.head, width: this.cell, height: 30 };
  }

  sizes() {
    return String(this.view.columns.cells);
  }
}
