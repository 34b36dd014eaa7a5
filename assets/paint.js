// The picture of a grid: cells, numbers, hatched padding, crossed and odd values.
import { density } from "./canvas.js";
import { inkOn } from "./colours.js";
import { drawnAt, indexAt } from "./layout.js";

const GAPLESS = 14; // smaller cells touch, and are painted as one picture
const GAP = 1; // between larger cells
const WRITTEN = 30; // smallest cell that can hold a number

/** Paint all of a grid. `drawing` is what grid.js keeps: view, cell, tensor, scale, theme, … */
export function paintGrid(context, drawing) {
  const { view, cell, theme } = drawing;
  context.clearRect(0, 0, view.columns.count * cell, view.rows.count * cell);
  if (cell >= GAPLESS) {
    context.fillStyle = theme.rule;
    context.fillRect(0, 0, view.columns.count * cell, view.rows.count * cell);
  }
  if (drawing.over) paintUnder(context, drawing);
  if (cell < GAPLESS && !drawing.tensor.hidden) paintSmall(context, drawing);
  else paintCells(context, drawing);
  if (drawing.panel.mark) paintMark(context, drawing);
}

/** Cells large enough for gaps, one by one. */
function paintCells(context, drawing) {
  const { view, cell, theme } = drawing;
  const written = cell >= WRITTEN && view.pixel < 0; // three colours have no one number
  if (written) setFont(context, drawing);
  const out = [0, 0, 0];
  for (let row = 0; row < view.rows.count; row += 1) {
    for (let column = 0; column < view.columns.count; column += 1) {
      const index = indexAt(view, row, column);
      const place = drawing.tensor.place(index);
      const value = place === -1 ? 0 : drawing.tensor.values[place];
      const box = [column * cell, row * cell, cell, theme];
      if (place === -1) paintPadding(context, box, written && !drawing.tensor.leftOut);
      else if (drawing.tensor.hidden) paintHidden(context, box);
      else if (!Number.isFinite(value)) paintOdd(context, box, value, written);
      else paintCell(context, box, place, value, drawing, written, out);
      if (place >= 0 && drawing.crossed?.(index) === 0) paintCross(context, box, written ? drawing.format(value) : "");
    }
  }
}

/** A frame of two lines around the cell that is chosen. */
function paintMark(context, { view, cell, theme, panel }) {
  const [row, column] = [drawnAt(view.rows, panel.mark[0]), drawnAt(view.columns, panel.mark[1])];
  if (row < 0 || column < 0) return;
  const grow = cell < 20 ? 3 : 0; // around a small cell, inside a large one
  const [x, y, size] = [column * cell - grow, row * cell - grow, cell + 2 * grow - (cell >= GAPLESS ? GAP : 0)];
  context.setLineDash([]);
  for (const [colour, inset] of [[theme.background, 2], [theme.mark, 1]]) {
    context.lineWidth = inset === 2 ? 4 : 2;
    context.strokeStyle = colour;
    context.strokeRect(x + inset, y + inset, size - 2 * inset, size - 2 * inset);
  }
}

function setFont(context, { cell, theme, range, format }) {
  const samples = [range.low, range.high].map(format);
  const longest = samples.reduce((a, b) => (b.length > a.length ? b : a), "");
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let size = Math.min(Math.round(14 * theme.zoom), Math.round(cell * 0.36)); size >= 9; size -= 1) {
    context.font = `${size}px ${theme.font}`;
    if (context.measureText(longest).width <= cell - 9) break;
  }
}

function paintCell(context, [x, y, cell, theme], place, value, drawing, written, out) {
  const size = cell - GAP;
  drawing.colour(value, out, place);
  if (drawing.over) context.globalAlpha = drawing.alpha(value);
  context.fillStyle = `rgb(${out[0]},${out[1]},${out[2]})`;
  context.fillRect(x, y, size, size);
  context.globalAlpha = 1;
  if (!written || drawing.over) return;
  const text = drawing.format(value);
  if (context.measureText(text).width > cell - 3) return;
  context.fillStyle = inkOn(out);
  context.fillText(text, x + size / 2, y + size / 2 + 1);
}

function paintPadding(context, [x, y, cell, theme], written) {
  const size = cell - (cell >= GAPLESS ? GAP : 0);
  context.fillStyle = theme.padding[0];
  context.fillRect(x, y, size, size);
  context.fillStyle = hatch(context, theme.padding[1]);
  context.fillRect(x, y, size, size);
  if (!written) return;
  context.fillStyle = theme.text;
  context.fillText("0", x + size / 2, y + size / 2 + 1);
}

function paintOdd(context, [x, y, cell, theme], value, written) {
  const size = cell - (cell >= GAPLESS ? GAP : 0);
  context.fillStyle = theme.odd[0];
  context.fillRect(x, y, size, size);
  context.fillStyle = Number.isNaN(value) ? dots(context, theme.odd[1]) : theme.odd[0];
  context.fillRect(x, y, size, size);
  if (!written) return;
  context.fillStyle = theme.oddText;
  context.fillText(Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞", x + size / 2, y + size / 2 + 1);
}

/** A cell that is not shown before the guess. */
export function paintHidden(context, [x, y, cell, theme]) {
  const size = cell - (cell >= GAPLESS ? GAP : 0);
  context.fillStyle = theme.padding[0];
  context.fillRect(x, y, size, size);
  if (cell < 10) return;
  context.fillStyle = theme.text;
  context.font = `${Math.min(18, Math.round(size * 0.55))}px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText("?", x + size / 2, y + size / 2 + 1);
}

/** Two strokes from corner to corner over a veil: this cell is masked. */
function paintCross(context, [x, y, cell, theme], text) {
  const size = cell - (cell >= GAPLESS ? GAP : 0);
  context.globalAlpha = 0.45;
  context.fillStyle = theme.background;
  context.fillRect(x, y, size, size);
  context.globalAlpha = 0.55;
  context.strokeStyle = theme.text;
  context.lineWidth = cell >= 24 ? 1.5 : 1;
  const inset = Math.max(1, Math.round(size * 0.12));
  context.beginPath();
  context.moveTo(x + inset, y + inset);
  context.lineTo(x + size - inset, y + size - inset);
  context.moveTo(x + size - inset, y + inset);
  context.lineTo(x + inset, y + size - inset);
  context.stroke();
  context.globalAlpha = 1;
  if (!text) return;
  context.lineWidth = 4; // the number stays readable over the cross
  context.strokeStyle = theme.background;
  context.strokeText(text, x + size / 2, y + size / 2 + 1);
  context.fillStyle = theme.text;
  context.fillText(text, x + size / 2, y + size / 2 + 1);
}

/** Cells too small for gaps: one pixel each, then enlarged; much faster than rectangles. */
function paintSmall(context, drawing) {
  const { view, cell, tensor, theme } = drawing;
  const [height, width] = [view.rows.cells, view.columns.cells];
  const image = new ImageData(Math.max(1, width), Math.max(1, height));
  const out = [0, 0, 0];
  const odd = [];
  const [start, down, across] = steps(tensor, view);
  for (let row = 0, at = 0; row < height; row += 1) {
    for (let column = 0, place = start + row * down; column < width; column += 1, at += 4, place += across) {
      const value = tensor.values[place];
      if (!Number.isFinite(value)) {
        odd.push([row, column, value]);
        continue;
      }
      drawing.colour(value, out, place);
      image.data[at] = out[0];
      image.data[at + 1] = out[1];
      image.data[at + 2] = out[2];
      image.data[at + 3] = drawing.over ? drawing.alpha(value) * 255 : 255;
    }
  }
  const [left, top] = [view.columns.before * cell, view.rows.before * cell];
  enlarge(context, image, left, top, cell);
  for (const [row, column, value] of odd) paintOdd(context, [left + column * cell, top + row * cell, cell, theme], value, false);
  paintFrame(context, drawing);
  if (drawing.crossed) crossSmall(context, drawing);
}

/** Where the first cell's value is, and how far the next one down and across. */
function steps(tensor, view) {
  const stride = ({ axis, step }) => (axis < 0 ? 0 : (tensor.strides[axis] * step) / tensor.every[axis]);
  return [tensor.place(view.index), stride(view.rows), stride(view.columns)];
}

/** The padding around small cells: four bands. */
function paintFrame(context, { view: { rows, columns }, cell, theme }) {
  const [width, height] = [columns.count * cell, rows.count * cell];
  const inner = rows.cells * cell;
  for (const fill of [theme.padding[0], hatch(context, theme.padding[1])]) {
    context.fillStyle = fill;
    context.fillRect(0, 0, width, rows.before * cell);
    context.fillRect(0, rows.before * cell + inner, width, rows.after * cell);
    context.fillRect(0, rows.before * cell, columns.before * cell, inner);
    context.fillRect(width - columns.after * cell, rows.before * cell, columns.after * cell, inner);
  }
}

function crossSmall(context, { view, cell, theme, crossed }) {
  for (let row = 0; row < view.rows.cells; row += 1) {
    for (let column = 0; column < view.columns.cells; column += 1) {
      const [down, across] = [row + view.rows.before, column + view.columns.before];
      if (crossed(indexAt(view, down, across)) === 0) paintCross(context, [across * cell, down * cell, cell, theme], "");
    }
  }
}

/** The tensor underneath, as a picture, where the grid on top has its cells. */
function paintUnder(context, drawing) {
  const { view, cell, over } = drawing;
  const [height, width] = [view.rows.cells, view.columns.cells];
  const image = new ImageData(width, height);
  const colour = drawing.under(over, view);
  for (let row = 0, at = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1, at += 4) colour(row, column, image.data, at);
  }
  enlarge(context, image, view.columns.before * cell, view.rows.before * cell, cell);
}

function enlarge(context, image, x, y, cell) {
  const small = new OffscreenCanvas(image.width, image.height);
  small.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, x, y, image.width * cell, image.height * cell);
}

const patterns = new Map();

/** A repeating tile, drawn once per colour and at the screen's own resolution. */
function tile(context, name, size, draw) {
  const ratio = density();
  const key = `${name}@${ratio}`;
  if (!patterns.has(key)) {
    const canvas = new OffscreenCanvas(Math.round(size * ratio), Math.round(size * ratio));
    const own = canvas.getContext("2d");
    own.scale(ratio, ratio);
    draw(own);
    const pattern = context.createPattern(canvas, "repeat");
    pattern.setTransform(new DOMMatrix().scale(1 / ratio));
    patterns.set(key, pattern);
  }
  return patterns.get(key);
}

export function hatch(context, colour) {
  return tile(context, `hatch ${colour}`, 7, (own) => {
    own.strokeStyle = colour;
    own.lineWidth = 1;
    own.beginPath();
    for (const shift of [-7, 0, 7]) {
      own.moveTo(shift - 1, 8);
      own.lineTo(shift + 8, -1);
    }
    own.stroke();
  });
}

function dots(context, colour) {
  return tile(context, `dots ${colour}`, 6, (own) => {
    own.fillStyle = colour;
    own.fillRect(0, 0, 2, 2);
    own.fillRect(3, 3, 2, 2);
  });
}
