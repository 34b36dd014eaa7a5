// Index maps: which cells of one tensor meet which cells of another. A port of engine/links.py,
// held against it by tests/js/links.test.mjs; see there for what a link means.

const TERM = /\s*([+-]?)\s*(?:(\d+)\s*\*\s*)?([A-Za-z_]\w*|\d+)\s*/y;

/** `"2*i - 1 + u"` as {factors: [["i", 2], ["u", 1]], constant: -1}. */
export function affine(text) {
  const factors = new Map();
  let constant = 0;
  TERM.lastIndex = 0;
  for (let place = 0; place < text.length; place = TERM.lastIndex) {
    const match = TERM.exec(text);
    if (!match || (place && !match[1])) throw new Error(`not an affine index: ${text}`);
    const factor = Number(match[2] ?? 1) * (match[1] === "-" ? -1 : 1);
    if (/^\d/.test(match[3])) constant += factor * Number(match[3]);
    else factors.set(match[3], (factors.get(match[3]) ?? 0) + factor);
  }
  return { factors: [...factors], constant };
}

/** Some axes and the coordinates they take together; one axis is kept as plain numbers. */
export class Factor {
  constructor(axes) {
    this.axes = axes;
    this.found = axes.length === 1 ? new Set() : new Map();
  }
  add(cell) {
    if (this.axes.length === 1) this.found.add(cell[0]);
    else this.found.set(cell.join(), cell.slice());
  }
  has(cell) {
    return this.found.has(this.axes.length === 1 ? cell[0] : cell.join());
  }
  get size() {
    return this.found.size;
  }
  cells() {
    return this.axes.length === 1 ? Array.from(this.found, (at) => [at]) : [...this.found.values()];
  }
}

/** A set of cells as a product of factors. */
export class Region {
  constructor(factors) {
    this.factors = factors;
  }
  static cell(index) {
    return Region.product(index.map((at) => [at]));
  }
  /** The cells whose coordinate on each axis is one of those listed for it. */
  static product(choices) {
    return new Region(
      choices.map((choice, axis) => {
        const factor = new Factor([axis]);
        for (const at of choice) factor.found.add(at);
        return factor;
      }),
    );
  }
  get size() {
    return this.factors.reduce((size, factor) => size * factor.size, 1);
  }
  /** Every cell, written out. */
  cells() {
    let partial = [[]];
    for (const factor of this.factors) {
      const extend = (base, cell) => {
        const next = base.slice();
        factor.axes.forEach((axis, at) => (next[axis] = cell[at]));
        return next;
      };
      const cells = factor.cells();
      partial = partial.flatMap((base) => cells.map((cell) => extend(base, cell)));
    }
    return partial;
  }
}

export class IndexMap {
  constructor({ loops, access, combine = "sum", exact = true, padding = "zeros" }) {
    const values = (domain) => (typeof domain === "number" ? Array.from({ length: domain }, (_, i) => i) : domain);
    this.loops = Object.fromEntries(Object.entries(loops).map(([name, domain]) => [name, values(domain)]));
    this.terms = Object.fromEntries(Object.entries(access).map(([name, axes]) => [name, axes.map(affine)]));
    this.combine = combine;
    this.exact = exact;
    this.leavesOut = padding === "left out"; // cells outside a tensor; else they are zeros
    this.plans = new Map();
  }

  /** The cells of `target` that meet `region` of `source`; out-of-range ones are padding. */
  linked(source, region, target) {
    const key = `${source}|${target}|${region.factors.map((factor) => factor.axes.join()).join("|")}`;
    if (!this.plans.has(key)) this.plans.set(key, this.plan(source, region.factors, target));
    const groups = this.plans.get(key);
    return new Region(groups.map((group) => solve(group, region.factors)));
  }

  loopsOf(tensor, axes) {
    return new Set(axes.flatMap((axis) => this.terms[tensor][axis].factors.map(([loop]) => loop)));
  }

  /** Loops that constrain each other, with the region's factors and target axes they touch. */
  plan(source, factors, target) {
    const fromSource = factors.map((factor) => this.loopsOf(source, factor.axes));
    const fromTarget = this.terms[target].map((_, axis) => this.loopsOf(target, [axis]));
    let groups = [];
    for (const names of [...fromSource, ...fromTarget].filter((set) => set.size)) {
      const apart = groups.filter((group) => ![...names].some((name) => group.has(name)));
      const touching = groups.filter((group) => !apart.includes(group));
      groups = [...apart, new Set([...names, ...touching.flatMap((group) => [...group])])];
    }
    const places = (sets, test) => sets.flatMap((set, place) => (test(set) ? [place] : []));
    const plans = groups.map((group) => {
      const touches = (set) => [...set].some((name) => group.has(name));
      return this.compile(source, factors, places(fromSource, touches), target, places(fromTarget, touches), [...group]);
    });
    const constant = places(fromSource, (set) => !set.size);
    const fixed = places(fromTarget, (set) => !set.size);
    if (constant.length || fixed.length) plans.push(this.compile(source, factors, constant, target, fixed, []));
    return plans;
  }

  /** The group with its loops as arrays; each wanted factor is tested as soon as it is decided. */
  compile(source, factors, wanted, target, axes, loops) {
    const flat = (terms) => {
      const own = new Map(terms.factors);
      return { constant: terms.constant, factors: loops.map((loop) => own.get(loop) ?? 0) };
    };
    const tests = wanted.map((place) => {
      const terms = factors[place].axes.map((axis) => flat(this.terms[source][axis]));
      const level = Math.max(-1, ...terms.flatMap((term) => term.factors.map((by, at) => (by ? at : -1))));
      return { place, terms, level };
    });
    return { values: loops.map((loop) => this.loops[loop]), tests, axes, writes: axes.map((axis) => flat(this.terms[target][axis])) };
  }
}

const at = ({ constant, factors }, chosen, upTo) => {
  let sum = constant;
  for (let loop = 0; loop < upTo; loop += 1) sum += factors[loop] * chosen[loop];
  return sum;
};

function solve({ values, tests, axes, writes }, factors) {
  const found = new Factor(axes);
  const chosen = new Array(values.length).fill(0);
  const byLevel = Array.from({ length: values.length + 1 }, (_, level) => tests.filter((test) => test.level === level - 1));
  const inside = ({ place, terms }, level) =>
    terms.length === 1
      ? factors[place].found.has(at(terms[0], chosen, level))
      : factors[place].has(terms.map((term) => at(term, chosen, level)));
  const passes = (level) => byLevel[level].every((test) => inside(test, level));
  const walk = (level) => {
    if (!passes(level)) return;
    if (level === values.length) return found.add(writes.map((term) => at(term, chosen, level)));
    for (const value of values[level]) {
      chosen[level] = value;
      walk(level + 1);
    }
  };
  walk(0);
  return found;
}

/**
 * Every choice of the loops at which the map touches `index` of `tensor`, at most `most` of them,
 * as {found: [{loop: value}], total}; total is exact even where the list is cut short.
 */
export function solutions(map, tensor, index, most) {
  const terms = map.terms[tensor];
  const own = [...new Set(terms.flatMap((term) => term.factors.map(([loop]) => loop)))];
  const free = Object.keys(map.loops).filter((loop) => !own.includes(loop));
  const order = [...own, ...free];
  const last = terms.map((term) => Math.max(-1, ...term.factors.map(([loop]) => order.indexOf(loop))));
  const chosen = {};
  const found = [];
  let hits = 0;
  const place = (term) => term.factors.reduce((sum, [loop, by]) => sum + by * chosen[loop], term.constant);
  const walk = (level) => {
    if (terms.some((term, axis) => last[axis] === level - 1 && place(term) !== index[axis])) return;
    if (level === own.length) hits += 1;
    if (level >= own.length && found.length >= most) return;
    if (level === order.length) return void found.push({ ...chosen });
    for (const value of map.loops[order[level]]) {
      chosen[order[level]] = value;
      walk(level + 1);
      if (level >= own.length && found.length >= most) return;
    }
  };
  walk(0);
  return { found, total: free.reduce((count, loop) => count * map.loops[loop].length, hits) };
}

/** Where a map reads or writes a tensor for one choice of its loops. */
export function placeOf(map, tensor, chosen) {
  return map.terms[tensor].map((term) => term.factors.reduce((sum, [loop, by]) => sum + by * chosen[loop], term.constant));
}
