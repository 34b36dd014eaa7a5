// Where a panel's cells are: which axes are shown, which are sliced, and how large a cell is.
import { labelRoom } from "./labels.js";

const LARGEST = 44; // CSS pixels of a cell
const ROOMY = 38;
const SMALLEST = 10;
const TINY = 8; // of tensors with many rows
const PIXEL = 6; // of images, and of tensors with very many rows
const FINE = 3; // of pictures with more than so many cells along a side
const MANY = 96;
export const TALLEST = 384; // what a panel tries to fit in
export const LOWER = 320; // and where that saves a row of panels
const MOST_DRAWN = 1024; // cells along one side of a canvas

const isChannel = (name) => name === "channel" || name === "channels";

/** Height and width, of an image or a kernel: what one looks at when nothing else is asked for. */
function spatial(axes) {
  const [row, column] = ["height", "width"].map((side) => axes.findIndex((name) => name === side || name.endsWith(` ${side}`)));
  return row >= 0 && column >= 0 ? [row, column] : null;
}

/** The axes a grid shows: row and column (-1 where there is none), pixel axis, hidden ones. */
export function shownAxes(panel, tensor) {
  const { axes, shape } = tensor;
  const pixel = panel.scale === "image" && isChannel(axes.at(-1)) && shape.at(-1) === 3 && axes.length > 2 ? axes.length - 1 : -1;
  const planar = panel.scale === "image" && isChannel(axes.at(-1)) && axes.length > 2;
  const rest = axes.map((_, axis) => axis).filter((axis) => !(planar && axis === axes.length - 1));
  if (panel.kind === "bars") return { row: -1, column: axes.length - 1, pixel: -1, hidden: axes.slice(1).map((_, axis) => axis) };
  let [row, column] = [axes.indexOf(panel.rows), axes.indexOf(panel.columns)];
  const last = (without) => rest.filter((axis) => axis !== without).at(-1) ?? -1;
  if (row < 0 && column < 0) [row, column] = spatial(axes) ?? [rest.at(-2) ?? -1, rest.at(-1) ?? -1];
  else if (column < 0) column = last(row);
  else if (row < 0) row = last(column);
  const shown = [row, column, pixel];
  return { row, column, pixel, hidden: axes.map((_, axis) => axis).filter((axis) => !shown.includes(axis)) };
}

/** One side of the picture: how many cells, how many full cells each stands for, padding. */
function side(tensor, axis) {
  if (axis < 0) return { axis, cells: 1, step: 1, before: 0, after: 0, from: 0, count: 1 };
  const extra = Math.ceil(tensor.stored[axis] / MOST_DRAWN);
  const step = tensor.every[axis] * extra;
  const cells = Math.ceil(tensor.shape[axis] / step);
  const [before, after] = step === 1 ? tensor.pad[axis] : [0, 0];
  return { axis, cells, step, before, after, from: -before, count: before + cells + after };
}

/** Rows, columns and hidden axes of a tensor under a panel; `slices` holds the hidden places. */
export function arrange(panel, tensor, slices) {
  const axes = shownAxes(panel, tensor);
  const index = tensor.shape.map((size, axis) => {
    const wanted = slices?.[tensor.axes[axis]] ?? panel.at?.[tensor.axes[axis]] ?? 0;
    const kept = Math.min(Math.max(0, wanted), Math.max(0, size - 1));
    return axes.hidden.includes(axis) ? kept - (kept % tensor.every[axis]) : 0;
  });
  return { ...axes, rows: side(tensor, axes.row), columns: side(tensor, axes.column), index };
}

/** Whether a grid has slices to choose from, above it. */
export function hasSlices(panel, tensor, view) {
  return view.hidden.some((axis) => tensor.shape[axis] > 1 && !panel.fixed?.includes(tensor.axes[axis]));
}

/** How wide a grid's panel will be, with room for the choice of slices above it. */
export function gridWidth(panel, tensor, width, tallest, zoom = 1) {
  const view = arrange(panel, tensor, {});
  const least = (hasSlices(panel, tensor, view) ? 210 : 110) * zoom;
  const names = labelRoom(panel, tensor, view.row, zoom);
  return Math.max(least, names + view.columns.count * cellSize(view, width - names, panel.scale === "image" || panel.over, tallest, zoom));
}

/** The edge of a cell in CSS pixels, so that the picture fits where it can and stays usable; `zoom` times what it is on a desk. */
export function cellSize(view, width, picture, tallest, zoom = 1) {
  const { rows, columns } = view;
  const longest = Math.max(rows.count, columns.count);
  const least = picture && (longest > MANY || zoom > 1) ? FINE : picture || longest > 48 ? PIXEL : longest > 32 ? TINY : SMALLEST;
  const most = Math.floor((longest <= 6 ? LARGEST : ROOMY) * zoom);
  const fitting = Math.min(most, Math.floor(tallest / rows.count), Math.floor(width / columns.count));
  const canvas = Math.floor(8000 / longest); // what browsers can draw
  return Math.max(1, Math.min(Math.max(fitting, least), canvas));
}

/** The full index of the drawn cell at (row, column), counted from the top left of the picture. */
export function indexAt(view, row, column) {
  const index = view.index.slice();
  if (view.row >= 0) index[view.row] = (row + view.rows.from) * view.rows.step;
  if (view.column >= 0) index[view.column] = (column + view.columns.from) * view.columns.step;
  return index;
}

/** The drawn row (or column) of a coordinate, or -1 when it is not in the picture. */
export function drawnAt(along, coordinate) {
  const at = Math.floor(coordinate / along.step) - along.from;
  return at >= 0 && at < along.count ? at : -1;
}

/**
 * A region on the slice shown: {ghost, rows, columns} for a product, {ghost, cells} otherwise, in
 * drawn places; null when nothing of it is in the picture. `ghost`: it lies on other slices.
 */
export function project(region, view, tensor) {
  const on = { ghost: false, rows: new Set(view.row < 0 ? [0] : []), columns: new Set(view.column < 0 ? [0] : []), cells: null };
  for (const factor of region.factors) {
    let cells = factor.cells();
    const hidden = factor.axes.flatMap((axis, place) => (view.hidden.includes(axis) ? [[axis, place]] : []));
    const same = (cell) => hidden.every(([axis, place]) => cell[place] - (((cell[place] % tensor.every[axis]) + tensor.every[axis]) % tensor.every[axis]) === view.index[axis]);
    const here = hidden.length ? cells.filter(same) : cells;
    if (!here.length) on.ghost = true;
    else cells = here;
    const [row, column] = [factor.axes.indexOf(view.row), factor.axes.indexOf(view.column)];
    if (row >= 0 && column >= 0) on.cells = cells.map((cell) => [drawnAt(view.rows, cell[row]), drawnAt(view.columns, cell[column])]);
    else if (row >= 0) for (const cell of cells) on.rows.add(drawnAt(view.rows, cell[row]));
    else if (column >= 0) for (const cell of cells) on.columns.add(drawnAt(view.columns, cell[column]));
  }
  if (on.cells) on.cells = on.cells.filter(([row, column]) => row >= 0 && column >= 0);
  on.rows.delete(-1);
  on.columns.delete(-1);
  return (on.cells ? on.cells.length : on.rows.size && on.columns.size) ? on : null;
}
