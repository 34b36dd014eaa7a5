// The arithmetic of a cell: padding as zeros, or left out as pooling does; what was cut off is not counted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { describe } from "../../assets/readout.js";
import { read } from "../../assets/tensors.js";

const floats = (values) => Buffer.from(new Float32Array(values).buffer).toString("base64");
const vector = (values) => ({ shape: [values.length], axes: ["width"], dtype: "float32", data: floats(values), every: [1] });
const step = (map) => ({ operation: "pool", reads: ["x"], writes: "y", map: { loops: { i: 3, u: 3 }, access: { y: ["i"], x: ["i + u - 1"] }, ...map } });

test("a mean leaves padding out where the map says so", () => {
  const tensors = { x: vector([4, 2, 6]), y: vector([3, 4, 4]) };
  const model = read({ tensors, steps: [step({ combine: "mean", padding: "left out" })] });
  assert.equal(model.tensors.x.leftOut, true);
  const { text, note } = describe(model, "y", [0]);
  assert.equal(text, "y[0] = (4 + 2) / 2 = 3");
  assert.match(note, /^2 cells, 1 of padding left out/);
  assert.match(describe(model, "x", [-1]).note, /left out/);
});

test("otherwise padding is a zero like any other cell", () => {
  const tensors = { x: vector([4, 2, 6]), y: vector([6, 12, 8]) };
  const model = read({ tensors, steps: [step({ combine: "sum" })] });
  assert.equal(model.tensors.x.leftOut, false);
  const { text, note } = describe(model, "y", [0]);
  assert.equal(text, "y[0] = 0 + 4 + 2 = 6");
  assert.match(note, /^2 cells and 1 zero of padding/);
});

test("a cell is read only by cells that there are", () => {
  const map = { loops: { i: 2, u: 3 }, access: { y: ["i + u - 1"], x: ["i"] } };
  const model = read({ tensors: { x: vector([1, 1]), y: vector([2, 2]) }, steps: [{ ...step({}), map }] });
  assert.match(describe(model, "x", [0]).note, /read by 2 cells of y/);
});
