// What a hover draws, on a canvas of its own above the picture: linked cells and the cursor.
import { drawnAt, project } from "./layout.js";

const ONE_BY_ONE = 20; // from this size on, every linked cell gets its own frame
const MOST_FRAMES = 600;

/**
 * Draw the linked regions and the cursor ([row, column] drawn) of one grid. `apart`: the other slices
 * stand beside it and show what lies on them.
 */
export function paintOverlay(context, { view, cell, tensor, theme, apart }, regions, cursor) {
  const inset = cell >= 14 ? 1 : 0; // the gap between cells
  for (const region of regions) {
    const on = project(region, view, tensor);
    if (on && !(on.ghost && apart)) paintLinked(context, on, cell, inset, theme);
  }
  if (cursor) paintCursor(context, cursor, cell, inset, theme);
}

function paintLinked(context, on, cell, inset, theme) {
  const count = on.cells ? on.cells.length : on.rows.size * on.columns.size;
  const framed = cell >= ONE_BY_ONE && count <= MOST_FRAMES;
  const boxes = on.cells ? on.cells.map(([row, column]) => [row, column, 1, 1]) : product(on, framed);
  const line = cell >= 30 ? 3 : 2;
  context.beginPath();
  for (const [row, column, height, width] of boxes) {
    const edge = line / 2;
    context.rect(column * cell + edge, row * cell + edge, width * cell - inset - line, height * cell - inset - line);
  }
  context.lineWidth = line;
  context.strokeStyle = context.fillStyle = theme.linked;
  if (on.ghost) {
    context.globalAlpha = 0.55;
    context.setLineDash([3, 3]);
    context.lineWidth = 1.5;
  } else if (!framed) {
    context.globalAlpha = 0.28;
    context.fill();
    context.globalAlpha = 1;
  }
  if (theme.more && !on.ghost) halo(context, theme);
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/** The path in the background's colour, wider: the line is seen on every cell, whatever its colour. */
function halo(context, theme) {
  const [line, colour] = [context.lineWidth, context.strokeStyle];
  Object.assign(context, { lineWidth: line + 2, strokeStyle: theme.background });
  context.stroke();
  Object.assign(context, { lineWidth: line, strokeStyle: colour });
}

/** A product as boxes: cell by cell, or neighbours joined so that a full row is one box. */
function product(on, framed) {
  const single = (set) => Array.from(set, (at) => [at, 1]);
  const [rows, columns] = framed ? [single(on.rows), single(on.columns)] : [runs(on.rows), runs(on.columns)];
  return rows.flatMap(([row, height]) => columns.map(([column, width]) => [row, column, height, width]));
}

/** Consecutive numbers joined: {1, 2, 3, 7} as [[1, 3], [7, 1]]. */
export function runs(set) {
  const found = [];
  for (const at of [...set].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last && last[0] + last[1] === at) last[1] += 1;
    else found.push([at, 1]);
  }
  return found;
}

function paintCursor(context, [row, column], cell, inset, theme) {
  const line = (cell >= 20 ? 3 : 2) + (theme.more ? 2 : 0); // thicker than what it is linked with
  const grow = cell < 20 ? 2 : 0; // a tiny cell is framed from outside
  const [x, y, size] = [column * cell - grow, row * cell - grow, cell - inset + 2 * grow];
  context.lineWidth = line + 2;
  context.strokeStyle = theme.background;
  context.strokeRect(x + line / 2, y + line / 2, size - line, size - line);
  context.lineWidth = line;
  context.strokeStyle = theme.cursor;
  context.strokeRect(x + line / 2, y + line / 2, size - line, size - line);
}

/** Where a full index is drawn, as [row, column]; null when it is not on the slice shown. */
export function drawnCell(view, index) {
  if (view.hidden.some((axis) => view.index[axis] !== index[axis])) return null;
  const row = view.row < 0 ? 0 : drawnAt(view.rows, index[view.row]);
  const column = view.column < 0 ? 0 : drawnAt(view.columns, index[view.column]);
  return row < 0 || column < 0 ? null : [row, column];
}
