// What may be seen of a picture before the guess. Everything that is drawn, written or said comes from the
// model that stands here, so what is hidden is nowhere in the page.
import { Tensor } from "./tensors.js";

/**
 * A model without what the questions of the page ask. `asking` is what the page says: {link} of the state it
 * asks about, and before the guess {seen, shapes}: the tensors that may be seen, and whether of the others even
 * the shape is hidden. Of another state, such as one under a dragging hand, only the inputs are seen.
 */
export function veiled(model, asking) {
  if (!asking) return model;
  const known = asking.link === model.link;
  if (known && !asking.seen) return model;
  const seen = known ? new Set(asking.seen) : inputs(model.steps);
  const shapes = !known || asking.shapes;
  const hide = (tensor) => (seen.has(tensor.name) ? bare(tensor, shapes) : hidden(tensor, shapes));
  const tensors = Object.fromEntries(Object.entries(model.tensors).map(([name, tensor]) => [name, hide(tensor)]));
  const steps = model.steps.map((step) => covered(step, tensors[step.writes]?.hidden));
  const panels = Object.fromEntries(Object.entries(model.panels ?? {}).map(([group, all]) => [group, all.map((panel) => plain(panel, tensors))]));
  return { ...model, tensors, steps, panels, facts: [], notes: [], veiled: true };
}

/** What the steps begin with: the rule of pages/kit/question.py. */
export function inputs(steps) {
  const made = new Set(steps.map((step) => step.writes));
  return new Set(steps.filter((step) => !step.aside).flatMap((step) => step.reads).filter((name) => !made.has(name)));
}

/** A tensor that is seen; the padding around it would tell how many windows there are. */
function bare(tensor, shapes) {
  if (!shapes) return tensor;
  const own = Object.create(tensor);
  own.pad = tensor.shape.map(() => [0, 0]);
  return own;
}

/** A tensor that is not seen: its cells without values, or one cell for a shape that is not told either. */
function hidden(tensor, shapes) {
  const { name, dtype, every, origin } = tensor;
  const kept = shapes ? { shape: [], axes: [] } : { shape: tensor.shape, axes: tensor.axes, every, origin };
  const blank = new Tensor(name, { ...kept, dtype });
  blank.drawn = tensor.drawn;
  blank.hidden = shapes ? "shape" : "values";
  blank.decoded = new Float32Array(blank.stored.reduce((product, size) => product * size, 1)).fill(NaN);
  return blank;
}

/** A step without its links and its arithmetic; without its formula where that gives the shape away. */
function covered(step, how) {
  const telling = how === "shape" && /[[→=]/.test(step.settings ?? "");
  return { ...step, map: null, readout: "", formula: how === "shape" ? ["?"] : how ? [] : step.formula, settings: telling ? "" : step.settings };
}

/** A panel without what it would take from hidden tensors. */
function plain(panel, tensors) {
  const covers = (name) => Boolean(name && tensors[name]?.hidden);
  const names = panel.tensors ?? [panel.tensor];
  const own = { ...panel, crossed: covers(panel.crossed) ? "" : panel.crossed };
  if (names.every((name) => !covers(name))) return { ...own, over: covers(panel.over) ? "" : panel.over };
  const title = /\d/.test(panel.title ?? "") ? "" : panel.title; // numbers in a title may be the answer
  const still = names.some((name) => tensors[name]?.hidden === "shape") ? { picks: "", chooses: "", paints: "", types: "" } : {};
  return { ...own, ...still, title, over: "", mark: null, line: /\d/.test(panel.line ?? "") ? "" : panel.line };
}
