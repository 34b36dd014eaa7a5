// How large the panels of a stage are, so that they need few rows, or fill a projector's screen.
import { HEIGHT } from "./bars.js";
import { namesOf } from "./labels.js";
import { LOWER, TALLEST, arrange, cellSize, gridWidth, hasSlices } from "./layout.js";

const GAP = 40; // between panels, as in stage.css
const ROW = 26; // between rows of them
const NEAR = 16; // between grids side by side
export const SMALL = 200; // how high those are
const [HEAD, SLICES, LINE] = [34, 40, 40]; // of a title, of the choice of slices, of the words above a new line
const [LARGEST, SMALLER, FINER] = [3, 0.8, 0.05]; // zooms that are tried: the smallest is a share of the type's

/** How many grids stand side by side in a panel; 0 where it is one grid, or bars. */
export function besideCount(panel, model) {
  const tensor = panel.beside ? model.tensors[panel.tensor] : null;
  return tensor?.stored[tensor.axes.indexOf(panel.beside)] ?? 0;
}

export const roomBeside = (width) => (width < 500 ? (width - NEAR) / 2 : width); // at least two in a row

/** The width of a panel: of one grid, of those side by side, or all there is for bars. */
function panelWidth(panel, model, width, tallest, zoom) {
  if (panel.kind !== "grid") return width;
  const count = besideCount(panel, model);
  if (!count) return gridWidth(panel, model.tensors[panel.tensor], width, tallest, zoom);
  return Math.min(width, count * (gridWidth(panel, model.tensors[panel.tensor], roomBeside(width), SMALL * zoom, zoom) + NEAR));
}

/** The panels row by row. */
function rowsOf(panels, model, width, tallest, zoom = 1) {
  const rows = [];
  let used = Infinity;
  for (const panel of panels) {
    const own = panelWidth(panel, model, width, tallest, zoom);
    used += GAP + own;
    if (used > width || panel.line) [used] = [own, rows.push([])];
    rows.at(-1).push(panel);
  }
  return rows;
}

/** The lower of two heights if panels then need fewer rows; else the usual one. */
export function heightFor(panels, model, width) {
  const rows = (tallest) => rowsOf(panels, model, width, tallest).length;
  return rows(LOWER) < rows(TALLEST) ? LOWER : TALLEST;
}

/**
 * What panels can be in a room of this width and height, {zoom, tallest}: so many times larger than on a desk, and
 * what a panel tries to fit in. `type` times larger is the text; where cells of that size do not all fit, high
 * panels become lower, and in the end the room scrolls, its first row whole.
 */
export function fitTo(panels, model, width, height, type) {
  const rows = (zoom, tallest) =>
    rowsOf(panels, model, width, tallest, zoom).map((row) => ROW + Math.max(...row.map((panel) => panelHeight(panel, model, width, tallest, zoom, type))));
  const all = (heights) => heights.reduce((sum, one) => sum + one, -ROW) <= height;
  for (let zoom = LARGEST; zoom >= SMALLER * type; zoom -= FINER) {
    if (all(rows(zoom, TALLEST * zoom))) return { zoom, tallest: TALLEST * zoom };
  }
  const lower = Array.from({ length: 16 }, (_, step) => TALLEST * type * (1 - step / 20));
  const tallest = lower.find((one) => all(rows(type, one))) ?? lower.find((one) => rows(type, one)[0] <= height + ROW) ?? lower.at(-1);
  return { zoom: type, tallest };
}

function panelHeight(panel, model, width, highest, zoom, type) {
  const top = (HEAD + (panel.line ? LINE : 0)) * type;
  if (panel.kind !== "grid") return top + HEAD * type + HEIGHT * zoom;
  const tensor = model.tensors[panel.tensor];
  const view = arrange(panel, tensor, {});
  const count = besideCount(panel, model);
  const [room, tallest] = count ? [roomBeside(width), SMALL * zoom] : [width, highest];
  const cell = cellSize(view, room, panel.scale === "image" || panel.over, tallest, zoom);
  const names = namesOf(panel, tensor, view.column) ? 30 * zoom : 0;
  const grid = view.rows.count * cell + names + 8;
  if (!count) return top + (hasSlices(panel, tensor, view) ? SLICES * type : 0) + grid;
  const fitting = Math.max(1, Math.floor(width / (gridWidth(panel, tensor, room, tallest, zoom) + NEAR)));
  return top + Math.ceil(count / fitting) * (grid + HEAD * type);
}
