// The strip of shapes: every tensor with its shape, every arrow an operation with its formula.
import { el } from "./dom.js";

/** Rebuild the strip inside `node` from a payload: one line that scrolls sideways, and the facts. */
export function drawStrip(node, model) {
  const chain = el("ol", "chain", { "aria-label": "Shapes, step by step", tabindex: "0" });
  const steps = model.steps.filter((step) => !step.aside);
  let standing = null; // the tensor the chain has arrived at
  for (const step of steps) {
    const first = step.reads.includes(standing) ? standing : step.reads[0];
    const item = el("li", "hop");
    if (first !== standing) {
      if (standing !== null) item.classList.add("anew"); // does not follow from the step before
      if (first !== undefined) item.append(shapeOf(model, first));
    }
    const beside = step.reads.filter((read) => read !== first);
    item.append(arrow(model, step, beside), shapeOf(model, step.writes));
    chain.append(item);
    standing = step.writes;
  }
  if (!steps.length) for (const name of Object.keys(model.tensors)) chain.append(el("li", "hop", {}, shapeOf(model, name)));
  const scrolled = node.querySelector(".chain")?.scrollLeft ?? 0;
  node.replaceChildren(chain, facts(model.facts ?? []));
  chain.scrollLeft = scrolled;
}

function shapeOf(model, name) {
  const tensor = model.tensors[name];
  const piece = (size, axis) => `${tensor.origin[axis]}:${tensor.origin[axis] + size}`; // rows 3 to 18: 3:19
  const sizes = tensor?.origin.length ? tensor.shape.map(piece) : tensor?.shape;
  const shape = !tensor ? "" : tensor.hidden === "shape" ? " [?]" : ` [${sizes.join(", ")}]`;
  const axes = tensor && !tensor.hidden ? `${tensor.about ? `${tensor.about}: ` : ""}${tensor.axes.join(" × ") || "one number"} · ${tensor.dtype}` : null;
  return el("span", "shape", { title: axes }, el("b", "", {}, name), shape);
}

function arrow(model, step, beside) {
  const body = el("span", "arrow", {}, el("span", "operation", {}, "→ ", step.operation));
  const shapes = beside.map((name) => `${name} [${model.tensors[name]?.hidden === "shape" ? "?" : (model.tensors[name]?.shape.join(", ") ?? "")}]`);
  if (shapes.length) body.append(el("span", "beside", {}, `with ${shapes.join(", ")}`));
  if (step.settings) body.append(el("span", "settings", {}, step.settings));
  for (const line of step.formula ?? []) body.append(el("span", "formula", {}, line));
  return body;
}

function facts(pairs) {
  const list = el("dl", "facts");
  for (const [label, value] of pairs) list.append(el("div", "fact", {}, el("dt", "", {}, label), el("dd", "", {}, String(value))));
  return list;
}

/** `CPU · TensorFlow 2.21.0 · 3.1 ms` */
export function engineLine({ device = "", framework = "", milliseconds } = {}) {
  const version = /^\d/.test(framework) ? `TensorFlow ${framework}` : framework;
  const time = typeof milliseconds === "number" ? `${Number(milliseconds.toPrecision(milliseconds < 10 ? 2 : 3))} ms` : "";
  return [device, version, time].filter(Boolean).join(" · ");
}
