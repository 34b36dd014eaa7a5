// Two canvases on top of each other: the picture below, what a hover draws above it.
import { el } from "./dom.js";

let forced = 0; // while a picture is saved

/** Device pixels for a CSS pixel. */
export const density = () => forced || window.devicePixelRatio || 1;

/** Do something while canvases are drawn with so many pixels for a CSS pixel. */
export function scaled(ratio, then) {
  forced = ratio;
  try {
    then();
  } finally {
    forced = 0;
  }
}

export class Layers {
  constructor(label) {
    this.base = el("canvas", "base", { "aria-hidden": "true" });
    this.top = el("canvas", "top", { tabindex: "0", role: "application", "aria-label": label, "aria-roledescription": "tensor" });
    this.box = el("div", "layers", {}, this.base, this.top);
    this.marked = false;
  }

  /** Set the size in CSS pixels; true when the canvases were emptied by it. */
  resize(width, height) {
    const ratio = density();
    const key = `${width}×${height}@${ratio}`;
    if (key === this.size) return false;
    this.size = key;
    [this.width, this.height, this.ratio] = [width, height, ratio];
    this.box.style.width = `${width}px`;
    this.box.style.height = `${height}px`;
    for (const canvas of [this.base, this.top]) {
      canvas.width = Math.max(1, Math.round(width * ratio));
      canvas.height = Math.max(1, Math.round(height * ratio));
    }
    this.marked = false;
    return true;
  }

  /** The picture's context, scaled so that one unit is one CSS pixel. */
  picture() {
    return this.context(this.base);
  }

  /** The cleared upper context. */
  overlay() {
    const context = this.context(this.top);
    if (this.marked) context.clearRect(0, 0, this.width, this.height);
    this.marked = true;
    return context;
  }

  context(canvas) {
    const context = canvas.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    return context;
  }
}
