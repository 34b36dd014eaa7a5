// assets/links.js finds the same cells as engine/links.py on random maps.
// Run: PYTHON=.venv/bin/python node --test tests/js/   (make_links.py is run for fresh cases)
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { IndexMap, Region, affine, placeOf, solutions } from "../../assets/links.js";

const maker = fileURLToPath(new URL("make_links.py", import.meta.url));
const cases = JSON.parse(execFileSync(process.env.PYTHON ?? "python3", [maker], { maxBuffer: 1e9 }));
const sorted = (cells) => [...new Set(cells.map((cell) => cell.join()))].sort();

test("linked cells agree with Python, after one hop and after two", () => {
  let met = 0;
  for (const { map, cell, first, second } of cases) {
    const found = new IndexMap(map);
    const one = found.linked("y", Region.cell(cell), "x");
    assert.deepEqual(sorted(one.cells()), sorted(first), JSON.stringify(map));
    assert.equal(one.size, first.length);
    const two = found.linked("x", one, "w");
    assert.deepEqual(sorted(two.cells()), sorted(second), JSON.stringify(map));
    met += first.length > 0;
  }
  assert.ok(met > cases.length / 2, `only ${met} of ${cases.length} maps link anything`);
});

test("solutions are the loops that meet a cell, and their number is exact", () => {
  const full = cases.filter(({ map }) => !Object.values(map.loops).includes(0)); // an empty loop meets nothing
  for (const { map, cell, first } of full) {
    const { found, total } = solutions(new IndexMap(map), "y", cell, 1e6);
    assert.equal(found.length, total);
    assert.deepEqual(sorted(found.map((chosen) => placeOf(new IndexMap(map), "x", chosen))), sorted(first));
    assert.equal(solutions(new IndexMap(map), "y", cell, 3).total, total);
  }
});

test("an index that is not affine is refused", () => {
  assert.deepEqual(affine("2*i - 1 + u"), { factors: [["i", 2], ["u", 1]], constant: -1 });
  for (const text of ["i*j", "i u", "i + ", "2**i", "i / 2"]) assert.throws(() => affine(text), /not an affine index/);
});
