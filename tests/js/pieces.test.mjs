// A piece of a larger tensor: people see every cell by its place in the whole.
import assert from "node:assert/strict";
import { test } from "node:test";

import { picked } from "../../assets/edits.js";
import { replaced } from "../../assets/number.js";
import { describe } from "../../assets/readout.js";
import { read } from "../../assets/tensors.js";

const text = (values) => Buffer.from(new Float32Array(values).buffer).toString("base64");
const axes = ["row", "column"];
const model = read({
  tensors: {
    x: { shape: [2, 2], axes, dtype: "float32", data: text([1, 2, 3, 4]), origin: [10, -3] },
    w: { shape: [1, 1], axes, dtype: "float32", data: text([5]) },
    y: { shape: [2, 2], axes, dtype: "float32", data: text([5, 10, 15, 20]), origin: [7, 8] },
  },
  steps: [
    {
      operation: "scale",
      reads: ["x", "w"],
      writes: "y",
      map: { loops: { i: 2, j: 2 }, access: { y: ["i", "j"], x: ["i", "j"], w: ["0", "0"] } },
    },
  ],
});

test("the read-out names a cell by its place in the whole", () => {
  assert.match(describe(model, "x", [1, 0]).text, /^x\[11, -3\] = 3$/);
  assert.match(describe(model, "y", [1, 1]).text, /^y\[8, 9\] = 4·5 = 20$/);
  assert.match(describe(model, "w", [0, 0]).text, /^w\[0, 0\] = 5$/);
});

test("a click chooses the place in the whole", () => {
  assert.equal(picked({ row: 0, column: 1 }, model.tensors.x.whole([1, 1])), "11x-2");
});

test("a slider of one entry writes the whole list", () => {
  assert.equal(replaced("0,1,2", 1, "1.5"), "0,1.5,2");
  assert.equal(replaced("0,-inf", 0, "2,5"), "2.5,-inf"); // a decimal comma does not make an entry
});
