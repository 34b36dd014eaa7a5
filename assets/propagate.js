// From one cell to everything it meets: back through what made it, on through what it feeds.
import { Region } from "./links.js";

const MOST_REGIONS = 24; // of one tensor; many branches would repeat themselves

/**
 * The regions of every tensor that are linked with `region` of `tensor`, by tensor name.
 *
 * Steps are in order, so walking only to earlier (or later) steps ends. Values read beside the
 * tensor by a later step, such as its kernel, are linked too, but not followed further. A tensor that is
 * neither shown nor leads on is left out: a dense layer's weights can be very many cells.
 */
export function propagate(steps, tensor, region, shown = () => true) {
  const lit = new Map();
  const add = (name, found) => {
    const regions = lit.get(name) ?? [];
    if (found.size === 0 || regions.length >= MOST_REGIONS) return false;
    lit.set(name, [...regions, found]);
    return true;
  };
  upstream(steps, tensor, region, steps.length, add, shown);
  downstream(steps, tensor, region, -1, add, shown);
  return lit;
}

const has = (step, name) => step.map && name in step.map.terms;

function upstream(steps, tensor, region, before, add, shown) {
  for (let place = before - 1; place >= 0; place -= 1) {
    const step = steps[place];
    if (step.writes !== tensor || !has(step, tensor)) continue;
    for (const read of step.reads) {
      if (read === tensor || !has(step, read)) continue;
      if (!shown(read) && !steps.slice(0, place).some((earlier) => earlier.writes === read)) continue;
      const found = step.map.linked(tensor, region, read);
      if (add(read, found)) upstream(steps, read, found, place, add, shown);
    }
  }
}

function downstream(steps, tensor, region, after, add, shown) {
  for (let place = after + 1; place < steps.length; place += 1) {
    const step = steps[place];
    if (!step.reads.includes(tensor) || step.writes === tensor || !has(step, tensor)) continue;
    for (const beside of step.reads) {
      if (beside !== tensor && has(step, beside) && shown(beside)) add(beside, step.map.linked(tensor, region, beside));
    }
    if (!has(step, step.writes)) continue;
    if (!shown(step.writes) && !steps.slice(place + 1).some((later) => later.reads.includes(step.writes))) continue;
    const found = step.map.linked(tensor, region, step.writes);
    if (add(step.writes, found)) downstream(steps, step.writes, found, place, add, shown);
  }
}

/** The region a cursor stands for: one cell, or a pixel with all of its channels. */
export function cursorRegion(index, wholeAxis, size) {
  if (wholeAxis < 0) return Region.cell(index);
  const all = Array.from({ length: size }, (_, at) => at);
  return Region.product(index.map((at, axis) => (axis === wholeAxis ? all : [at])));
}
