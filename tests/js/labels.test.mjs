// Names of rows and columns come from outside: they are cut to their room and stay text.
import assert from "node:assert/strict";
import { test } from "node:test";

import { cut, labelRoom, namedPlace } from "../../assets/labels.js";

const tensor = { axes: ["head", "query", "key"], shape: [2, 2, 3] };
const labels = { query: ["the", "cat"], key: ["a", "b", "<b>bold</b>"] };
const tenth = (text) => [...text].length * 10; // ten pixels a letter

test("a long name is cut with dots, by letters and not by halves of one", () => {
  assert.equal(cut("mat", 30, tenth), "mat");
  assert.equal(cut("matter", 40, tenth), "mat…");
  assert.equal(cut("😀😀😀😀", 30, tenth), "😀😀…");
  assert.equal(cut("mat", 5, tenth), "");
});

test("a cell is called by the names of its places, as they were typed", () => {
  assert.equal(namedPlace({ labels }, tensor, [1, 0, 2]), "query “the”, key “<b>bold</b>”");
  assert.equal(namedPlace({ labels }, tensor, [1, 5, 0]), "key “a”");
  assert.equal(namedPlace({}, tensor, [1, 0, 2]), "");
});

test("names take room beside the grid, and never very much", () => {
  assert.equal(labelRoom({}, tensor, 1), 0);
  assert.equal(labelRoom({ labels }, tensor, 0), 0);
  assert.ok(labelRoom({ labels: { query: ["x".repeat(500)] } }, tensor, 1) < 100);
});
