// A payload (docs/api.md) as the stage uses it: tensors with values, steps with index maps.
import { IndexMap } from "./links.js";

/** Parse a payload's JSON object once; values are decoded when first needed. */
export function read(payload) {
  const tensors = {};
  for (const [name, plain] of Object.entries(payload.tensors ?? {})) tensors[name] = new Tensor(name, plain);
  const steps = (payload.steps ?? []).map((step) => ({ ...step, map: step.map ? new IndexMap(step.map) : null }));
  for (const tensor of Object.values(tensors)) tensor.leftOut = leftOut(steps, tensor.name);
  return { ...payload, tensors, steps };
}

/** Whether every step that reads a tensor leaves its padding out, so that it is no zero. */
function leftOut(steps, name) {
  const readers = steps.filter((step) => step.reads.includes(name) && step.map?.terms[name]);
  return readers.length > 0 && readers.every((step) => step.map.leavesOut);
}

export class Tensor {
  constructor(name, { shape, axes, dtype, about = "", data, every = [], pad = [], box = null, origin = [] }) {
    Object.assign(this, { name, shape, axes, dtype, about, origin });
    this.every = shape.map((_, axis) => every[axis] ?? 1);
    this.pad = shape.map((_, axis) => pad[axis] ?? [0, 0]);
    this.stored = shape.map((size, axis) => Math.ceil(size / this.every[axis])); // cells kept per axis
    this.strides = strides(this.stored);
    this.text = data;
    this.box = box; // outside it all is 0 and was not sent
    this.drawn = data !== undefined;
  }

  get values() {
    this.decoded ??= this.box ? this.spread(decode(this.text)) : decode(this.text);
    return this.decoded;
  }

  /** The values of the box among zeros, row by row. */
  spread(values) {
    const all = new Float32Array(this.stored.reduce((product, size) => product * size, 1));
    const [first, last] = this.box.at(-1);
    const row = last - first;
    const copy = (axis, place, from) => {
      if (axis === this.box.length - 1) {
        all.set(values.subarray(from, from + row), place + first);
        return from + row;
      }
      const [start, stop] = this.box[axis];
      for (let at = start; at < stop; at += 1) from = copy(axis + 1, place + at * this.strides[axis], from);
      return from;
    };
    copy(0, 0, 0);
    return all;
  }

  get sampled() {
    return this.every.some((step) => step > 1);
  }

  /** The place in `values` of a full index; -1 outside the tensor, -2 if sampling left it out. */
  place(index) {
    let place = 0;
    for (let axis = 0; axis < this.shape.length; axis += 1) {
      const at = index[axis];
      if (!(at >= 0 && at < this.shape[axis])) return -1;
      if (at % this.every[axis]) return -2;
      place += (at / this.every[axis]) * this.strides[axis];
    }
    return place;
  }

  /** A full index as people see it: its place in the whole that this tensor is a piece of. */
  whole(index) {
    return index.map((at, axis) => (Number.isInteger(at) ? at + (this.origin[axis] ?? 0) : at));
  }

  /** The value at a full index: 0 outside (padding), undefined where sampling left it out. */
  at(index) {
    const place = this.place(index);
    if (place === -1) return 0;
    return place < 0 ? undefined : this.values[place];
  }

  /** The position of a full index in the tensor written out row by row. */
  flat(index) {
    return index.reduce((place, at, axis) => place * this.shape[axis] + at, 0);
  }

  /** Smallest and largest finite value, and the largest absolute one. */
  get range() {
    this.measured ??= measure(this.values);
    return this.measured;
  }
}

function strides(shape) {
  const found = new Array(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis -= 1) found[axis] = found[axis + 1] * shape[axis + 1];
  return found;
}

function decode(text) {
  if (!text) return new Float32Array(0);
  if (Uint8Array.fromBase64) return new Float32Array(Uint8Array.fromBase64(text).buffer);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let place = 0; place < binary.length; place += 1) bytes[place] = binary.charCodeAt(place);
  return new Float32Array(bytes.buffer);
}

function measure(values) {
  let [low, high, whole] = [Infinity, -Infinity, true];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
    if (whole && !Number.isInteger(value)) whole = false;
  }
  if (low > high) [low, high] = [0, 0];
  return { low, high, largest: Math.max(Math.abs(low), Math.abs(high)), whole };
}

/** How `mask` lies on `tensor`: index of tensor → value of mask, by axis names, else from the right. */
export function broadcast(mask, tensor) {
  const named = mask.axes.map((axis, place) => (mask.shape[place] === 1 ? -1 : tensor.axes.indexOf(axis)));
  const byName = named.every((axis, place) => mask.shape[place] === 1 || (axis >= 0 && tensor.shape[axis] === mask.shape[place]));
  const shift = tensor.shape.length - mask.shape.length;
  const from = byName ? named : mask.shape.map((size, place) => (size === 1 ? -1 : place + shift));
  return (index) => mask.at(from.map((axis) => (axis < 0 ? 0 : index[axis] ?? 0)));
}
