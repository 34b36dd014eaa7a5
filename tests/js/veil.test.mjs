import assert from "node:assert/strict";
import { test } from "node:test";
import { read } from "../../assets/tensors.js";
import { veiled } from "../../assets/veil.js";

const data = (...values) => Buffer.from(new Float32Array(values).buffer).toString("base64");
const map = { loops: { i: 2 }, access: { x: ["i"], y: ["i"] }, combine: "each", exact: true, padding: "zeros" };
const payload = {
  link: "a=1",
  tensors: {
    x: { shape: [2], axes: ["i"], dtype: "float32", data: data(1, 2), pad: [[1, 1]] },
    y: { shape: [2], axes: ["i"], dtype: "float32", about: "two of them", data: data(41, 42) },
  },
  steps: [{ operation: "f", reads: ["x"], writes: "y", settings: "[2] → [2]", formula: ["2 = 2"], readout: "{x}", map }],
  panels: { stage: [{ kind: "grid", tensor: "y", title: "42", picks: "unit", crossed: "", mark: [0, 1] }] },
  facts: [["cells", "2"]],
  notes: ["42 is the answer"],
};
const seen = (model) => JSON.stringify([model.tensors.y.shape, [...model.tensors.y.values], model.tensors.y.about, model.steps, model.panels, model.facts, model.notes]);

test("outside the mode, and after the guess, all is seen", () => {
  assert.equal(seen(veiled(read(payload), null)), seen(read(payload)));
  assert.equal(seen(veiled(read(payload), { link: "a=1" })), seen(read(payload)));
});

test("before the guess neither shape nor value nor what tells them is left", () => {
  const model = veiled(read(payload), { link: "a=1", seen: ["x"], shapes: true });
  assert.deepEqual(model.tensors.y.shape, []);
  assert.deepEqual([...model.tensors.x.values], [1, 2]);
  assert.deepEqual(model.tensors.x.pad, [[0, 0]]);
  assert.doesNotMatch(seen(model), /42|41|two|2 = 2|\[2\]|unit/);
});

test("where only values are asked, the shape stays", () => {
  const model = veiled(read(payload), { link: "a=1", seen: ["x"], shapes: false });
  assert.deepEqual(model.tensors.y.shape, [2]);
  assert.ok([...model.tensors.y.values].every(Number.isNaN));
  assert.equal(model.steps[0].map, null);
});

test("of another state, such as one under a dragging hand, only the inputs are seen", () => {
  for (const asking of [{ link: "a=2" }, { link: "a=2", seen: ["x", "y"], shapes: false }, { link: null }]) {
    const model = veiled(read(payload), asking);
    assert.deepEqual(model.tensors.y.shape, []);
    assert.equal(model.tensors.x.hidden, undefined);
  }
});
