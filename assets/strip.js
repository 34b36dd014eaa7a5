// The strip of shapes: every tensor with its shape, every arrow an operation with its formula.
import { el } from "./dom.js";

/** Rebuild the strip inside `node` from a payload. */
export function drawStrip(node, model) {
  const chains = el("div", "chains", { "aria-label": "Shapes, step by step", role: "group" });
  let list = el("ol", "chain");
  let standing = null; // the tensor the chain has arrived at
  for (const step of model.steps) {
    const first = step.reads.includes(standing) ? standing : step.reads[0];
    const item = el("li", "hop");
    if (first !== standing && standing !== null) {
      chains.append(list);
      list = el("ol", "chain"); // what does not follow from the step before starts a line of its own
    }
    if (first !== standing && first !== undefined) item.append(shapeOf(model, first));
    const beside = step.reads.filter((read) => read !== first);
    item.append(arrow(model, step, beside), shapeOf(model, step.writes));
    list.append(item);
    standing = step.writes;
  }
  if (!model.steps.length) for (const name of Object.keys(model.tensors)) list.append(el("li", "hop", {}, shapeOf(model, name)));
  chains.append(list);
  node.replaceChildren(chains, facts(model.facts ?? []));
}

function shapeOf(model, name) {
  const tensor = model.tensors[name];
  const shape = tensor ? ` [${tensor.shape.join(", ")}]` : "";
  const axes = tensor ? `${tensor.about ? `${tensor.about}: ` : ""}${tensor.axes.join(" × ") || "one number"} · ${tensor.dtype}` : null;
  return el("span", "shape", { title: axes }, el("b", "", {}, name), shape);
}

function arrow(model, step, beside) {
  const body = el("span", "arrow", {}, el("span", "operation", {}, "→ ", step.operation));
  const shapes = beside.map((name) => `${name} [${model.tensors[name]?.shape.join(", ") ?? ""}]`);
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
