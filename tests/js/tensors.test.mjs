// assets/tensors.js: a tensor sent as the box of its non-zero cells is whole again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Tensor } from "../../assets/tensors.js";

const text = (values) => Buffer.from(new Float32Array(values).buffer).toString("base64");

test("a box lies where it was among zeros", () => {
  const tensor = new Tensor("g", { shape: [2, 3, 4], axes: ["a", "b", "c"], data: text([1, 2, 3, 4]), box: [[1, 2], [0, 2], [2, 4]] });
  assert.equal(tensor.values.length, 24);
  assert.deepEqual([tensor.at([1, 0, 2]), tensor.at([1, 0, 3]), tensor.at([1, 1, 2]), tensor.at([1, 1, 3])], [1, 2, 3, 4]);
  assert.equal(tensor.values.reduce((sum, value) => sum + value), 10);
});

test("a box of a sampled tensor counts what is kept", () => {
  const tensor = new Tensor("g", { shape: [9], axes: ["a"], every: [2], data: text([7]), box: [[4, 5]] });
  assert.deepEqual([tensor.at([8]), tensor.at([6]), tensor.at([7])], [7, 0, undefined]);
});

test("nothing but zeros is drawn too, and what was not sent is not", () => {
  const zeros = new Tensor("g", { shape: [40, 40], axes: ["a", "b"], data: "", box: [[0, 0], [0, 0]] });
  assert.ok(zeros.drawn);
  assert.equal(zeros.values.length, 1600);
  assert.ok(!new Tensor("g", { shape: [2], axes: ["a"] }).drawn);
  assert.ok(new Tensor("g", { shape: [0], axes: ["a"], data: "" }).drawn);
});
