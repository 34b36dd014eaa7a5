// The line under the panels: the arithmetic of the cell the cursor is on, in words and numbers.
import { cellName, count, short } from "./format.js";
import { Region, placeOf, solutions } from "./links.js";

const SHOWN = 4; // terms before the dots
const LISTED = 5; // values that stand for a tensor in a readout template
const COUNTED = 4000; // loops walked to tell cells from padding

/** Everything to say about a cell: {text, note}. `crossed` is the mask's value there, if any. */
export function describe(model, name, index, { crossed, pixel = -1 } = {}) {
  const tensor = model.tensors[name];
  if (tensor.hidden) return { text: `${tensor.hidden === "shape" ? name : cellName(name, tensor.whole(index))} = ?`, note: "hidden until you have guessed" };
  if (pixel >= 0) return describePixel(tensor, name, index, pixel);
  const padding = tensor.place(index) === -1;
  const value = tensor.at(index);
  const virtual = tensor.leftOut ? "padding: left out" : "padding: a virtual zero";
  const notes = [padding ? virtual : "", crossed === 0 ? "masked" : ""];
  const maker = padding ? null : model.steps.findLast((step) => step.writes === name && step.map?.terms[name]);
  const made = maker && value !== undefined ? arithmetic(model, maker, index, value) : null;
  const named = cellName(name, tensor.whole(index));
  const text = made?.text ?? (padding && tensor.leftOut ? named : `${named} = ${short(value)}`);
  return { text, note: [made?.note, ...notes, readers(model, name, index)].filter(Boolean).join(" · ") };
}

function describePixel(tensor, name, index, pixel) {
  const values = Array.from({ length: tensor.shape[pixel] }, (_, channel) => {
    const own = index.slice();
    own[pixel] = channel;
    return short(tensor.at(own), 3);
  });
  const where = index.map((at, axis) => (axis === pixel ? ":" : at));
  const padding = tensor.place(index) === -1;
  return { text: `${cellName(name, tensor.whole(where))} = ${values.join(", ")}`, note: padding ? "padding: virtual zeros" : "red, green, blue" };
}

/** `is read by 16 cells of y`, for every step that reads the tensor. */
function readers(model, name, index) {
  const found = [];
  for (const step of model.steps) {
    if (!step.reads.includes(name) || !step.map?.terms[name] || !step.map.terms[step.writes]) continue;
    const size = inside(step.map.linked(name, Region.cell(index), step.writes), model.tensors[step.writes].shape);
    found.push(`${count(size, "cell")} of ${step.writes}`);
  }
  return found.length ? `read by ${found.join(", ")}` : "";
}

/** How many cells of a region lie in a tensor of this shape: a transposed convolution cuts some off. */
function inside(region, shape) {
  const within = ({ axes }) => (cell) => cell.every((at, place) => at >= 0 && at < shape[axes[place]]);
  return region.factors.reduce((size, factor) => size * factor.cells().filter(within(factor)).length, 1);
}

function arithmetic(model, step, index, value) {
  const { found: every, total: all } = solutions(step.map, step.writes, index, COUNTED);
  const reads = step.reads.filter((read) => step.map.terms[read] && read !== step.writes && model.tensors[read]);
  const left = cellName(step.writes, model.tensors[step.writes].whole(index));
  if (!reads.length || !all) return null;
  const outside = (chosen) => reads.some((read) => model.tensors[read].place(placeOf(step.map, read, chosen)) === -1);
  const padded = every.filter(outside).length;
  const leaves = step.map.leavesOut;
  const [found, total] = leaves ? [every.filter((chosen) => !outside(chosen)), all - padded] : [every, all];
  if (step.readout) return { text: `${left} = ${template(model, step, reads, found)} = ${short(value)}` };
  const terms = found.map((chosen) => reads.map((read) => ({ read, place: placeOf(step.map, read, chosen) })));
  const note = all === every.length ? cells(all - padded, padded, leaves) : count(total, "term");
  return { text: `${left} = ${combined(model, step, terms, total)} = ${short(value)}`, note };
}

function cells(inside, padded, leaves) {
  if (!padded) return count(inside, "cell");
  return leaves ? `${count(inside, "cell")}, ${padded} of padding left out` : `${count(inside, "cell")} and ${count(padded, "zero")} of padding`;
}

function combined(model, step, terms, total) {
  const write = (term) => term.map(({ read, place }) => short(model.tensors[read].at(place), 3)).join("·");
  const parts = terms.slice(0, SHOWN + 1).map(write);
  const last = terms.length === total && total > SHOWN + 1 ? write(terms.at(-1)) : null;
  const list = (joint) => {
    if (total <= SHOWN + 1) return parts.join(joint);
    return [...parts.slice(0, SHOWN), "…", ...(last ? [last] : [])].join(joint);
  };
  switch (step.map.combine) {
    case "mean":
      return total === 1 ? parts[0] : `(${list(" + ")}) / ${total}`;
    case "max":
      return `max(${list(", ")})`;
    case "share":
      return `${step.operation}, one of ${total}: ${list(", ")}`;
    case "each":
      return `${step.operation}(${parts.map((part) => part.replaceAll("·", ", ")).join(", ")})`;
    default:
      return list(" + ");
  }
}

/** The step's own words, with each {tensor} replaced by its linked values. */
function template(model, step, reads, found) {
  const values = (read) => {
    const seen = new Map();
    for (const chosen of found) {
      const place = placeOf(step.map, read, chosen);
      seen.set(place.join(), short(model.tensors[read].at(place), 3));
      if (seen.size > LISTED) break;
    }
    const list = [...seen.values()];
    return list.length > LISTED ? [...list.slice(0, LISTED), "…"].join(" + ") : list.join(" + ");
  };
  return step.readout.replace(/\{([^{}]+)\}/g, (whole, name) => (reads.includes(name) ? values(name) : whole));
}
