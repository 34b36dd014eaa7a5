// A tensor as a grid of cells: one slice of it, its picture and its highlights.
import { Layers } from "./canvas.js";
import { scale } from "./colours.js";
import { cellFormat } from "./format.js";
import { Labels, labelRoom, namedPlace } from "./labels.js";
import { arrange, cellSize, drawnAt, indexAt } from "./layout.js";
import { drawnCell, paintOverlay } from "./overlay.js";
import { paintMarks } from "./guess.js";
import { paintGrid } from "./paint.js";
import { broadcast } from "./tensors.js";

const byte = (share) => Math.round(Math.min(1, Math.max(0, share)) * 255);

export class Grid {
  constructor(panel) {
    this.panel = panel;
    this.layers = new Layers(panel.tensor);
    this.element = this.layers.box;
    this.canvas = this.layers.top;
    this.labels = new Labels(this.element);
    this.frame = this.labels.element;
    this.slices = {};
    this.apart = false; // one of several that show one slice each
  }

  /** Draw the tensor for the first time or anew; `width` is the room there is. */
  draw(model, panel, theme, width, tallest) {
    const tensor = model.tensors[panel.tensor];
    const view = arrange(panel, tensor, this.slices);
    const pictorial = panel.scale === "image";
    const room = width - labelRoom(panel, tensor, view.row, theme.zoom);
    const cell = cellSize(view, room, pictorial || panel.over, tallest, theme.zoom);
    Object.assign(this, { panel, tensor, view, cell, theme });
    this.range = tensor.range;
    this.format = cellFormat(tensor.range, cell);
    this.colour = view.pixel >= 0 ? this.pixelColour() : scale(panel.scale, tensor.range, theme);
    this.crossed = panel.crossed && model.tensors[panel.crossed] ? broadcast(model.tensors[panel.crossed], tensor) : null;
    this.over = panel.over ? model.tensors[panel.over] : null;
    const largest = tensor.range.largest || 1;
    this.alpha = (value) => (value === 0 ? 0 : 0.2 + 0.65 * Math.min(1, Math.abs(value) / largest));
    this.layers.resize(view.columns.count * cell, view.rows.count * cell);
    paintGrid(this.layers.picture(), this);
    this.labels.draw(panel, tensor, view, cell, theme);
    this.canvas.setAttribute("aria-label", this.label());
    for (const can of ["paints", "types", "picks"]) this.canvas.classList.toggle(can, Boolean(panel[can]));
    if (panel.chooses) this.canvas.classList.add("picks");
  }

  label() {
    const { tensor, view } = this;
    const sides = [view.row, view.column].filter((axis) => axis >= 0).map((axis) => `${tensor.axes[axis]} ${tensor.shape[axis]}`);
    const { beside } = this.panel;
    const which = this.apart ? `, ${beside} ${this.slices[beside]}` : "";
    if (tensor.hidden) return `${tensor.name}${which}: hidden until you have guessed. ${tensor.hidden === "shape" ? "" : sides.join(" by ")}`;
    const whole = tensor.shape.length > sides.length ? `Shape ${tensor.shape.join(" × ")}, shown ` : "";
    return `${tensor.name}${which}: ${tensor.about || "tensor"}. ${whole}${sides.join(" by ") || "one number"}. Arrow keys move between cells${this.keys()}.`;
  }

  /** What else the keyboard does here. */
  keys() {
    const { paints, types, picks, chooses } = this.panel;
    return paints ? ", Enter paints one" : types ? ", digits or Enter type over one" : picks || chooses ? ", Enter chooses one" : "";
  }

  /** What the places of a cell are called, if they have names. */
  named(index) {
    return namedPlace(this.panel, this.tensor, index);
  }

  pixelColour() {
    const { tensor, view } = this;
    const next = tensor.strides[view.pixel];
    return (_, out, place) => {
      for (let channel = 0; channel < 3; channel += 1) out[channel] = byte(tensor.values[place + channel * next]);
    };
  }

  /** What paints the colour of another tensor's cell at (row, column), for the picture underneath. */
  under(over, view) {
    const axis = ({ axis }) => over.axes.indexOf(this.tensor.axes[axis]);
    const [down, across] = [axis(view.rows), axis(view.columns)];
    if (down < 0 || across < 0) return (row, column, data, at) => (data[at + 3] = 255);
    const last = over.shape.length - 1;
    const colours = last !== across && last !== down && over.shape[last] === 3;
    const { low, high } = over.range;
    const [from, size] = low >= 0 && high <= 1 ? [0, 1] : [low, high - low || 1];
    const index = over.shape.map(() => 0);
    return (row, column, data, at) => {
      [index[down], index[across]] = [row * view.rows.step, column * view.columns.step];
      const place = over.place(index);
      for (let channel = 0; channel < 3; channel += 1) {
        const value = place < 0 ? 0 : over.values[place + (colours ? channel * over.strides[last] : 0)];
        data[at + channel] = byte((value - from) / size);
      }
      data[at + 3] = 255;
    };
  }

  /** Light up regions, the cursor when it is here (a full index, or null), and cells of a guess. */
  light(regions, cursor, marks = []) {
    if (!this.view) return;
    if (!regions.length && !cursor && !marks.length && !this.layers.marked) return;
    const context = this.layers.overlay();
    const place = cursor && drawnCell(this.view, cursor);
    paintMarks(context, this, marks);
    paintOverlay(context, this, regions, place);
    if (!regions.length && !place && !marks.length) this.layers.marked = false;
  }

  /** The full index under a point of the canvas, padding included; null outside. */
  hit(x, y) {
    if (!this.view) return null;
    const [row, column] = [Math.floor(y / this.cell), Math.floor(x / this.cell)];
    const inside = row >= 0 && column >= 0 && row < this.view.rows.count && column < this.view.columns.count;
    return inside ? indexAt(this.view, row, column) : null;
  }

  /** The index after a step by keyboard; `to` is "start" or "end" for Home and End. */
  move(index, down, across, to = "") {
    const { rows, columns } = this.view;
    const place = drawnCell(this.view, index) ?? [rows.before, columns.before];
    const clamp = (at, most) => Math.min(Math.max(0, at), most - 1);
    const column = to === "start" ? 0 : to === "end" ? columns.count - 1 : clamp(place[1] + across, columns.count);
    return indexAt(this.view, clamp(place[0] + down, rows.count), column);
  }

  /** The cell marked as chosen, as a full index; null if there is none. */
  chosen() {
    const [row, column] = this.panel.mark ?? [];
    if (row === undefined || this.tensor.shape.includes(0)) return null;
    const [down, across] = [drawnAt(this.view.rows, row), drawnAt(this.view.columns, column)];
    return down < 0 || across < 0 ? null : indexAt(this.view, down, across);
  }

  /** A cell to begin with: the middle one. */
  middle() {
    const { rows, columns } = this.view;
    return indexAt(this.view, rows.before + (rows.cells >> 1), columns.before + (columns.cells >> 1));
  }

  /** The box of a cell on the canvas in CSS pixels, for an input over it. */
  boxOf(index) {
    const row = this.view.row < 0 ? 0 : drawnAt(this.view.rows, index[this.view.row]);
    const column = this.view.column < 0 ? 0 : drawnAt(this.view.columns, index[this.view.column]);
    return { x: column * this.cell, y: row * this.cell, width: this.cell, height: this.cell };
  }

  /** `8 × 8 + padding`, and whether cells are left out. */
  sizes() {
    if (this.tensor.hidden === "shape") return "shape hidden";
    const { rows, columns } = this.view;
    const shown = [rows, columns].filter((along) => along.axis >= 0).map((along) => this.tensor.shape[along.axis]);
    const padded = [rows, columns].some((along) => along.before || along.after);
    const step = Math.max(rows.step, columns.step);
    const sampled = step > 1 ? `, showing every ${step}${step === 2 ? "nd" : step === 3 ? "rd" : "th"} cell` : "";
    const { paints, types } = this.panel;
    const picks = this.panel.picks || this.panel.chooses;
    const { mark } = this.panel;
    const from = [rows, columns].map((along) => this.tensor.origin[along.axis] ?? 0);
    const chosen = mark ? ` · chosen ${mark.map((at, side) => at + from[side]).join(", ")}` : "";
    const can = this.panel.ink ? " · drag to draw, type a value" : paints ? " · click to paint" : types ? " · type over" : picks ? " · click to choose" : "";
    return `${shown.join(" × ") || "one number"}${padded ? " + padding" : ""}${sampled}${can}${chosen}`;
  }
}
