// One panel of the stage: its title, the choice of slices, and its grid or bars.
import { Bars } from "./bars.js";
import { el, newId, say } from "./dom.js";
import { SMALL, besideCount, roomBeside } from "./fit.js";
import { Grid } from "./grid.js";

const MOST_OPTIONS = 24; // a longer axis is chosen with a slider

/** What makes two panels the same one, so that it keeps its slices and its place. */
export const panelKey = (panel, model) =>
  [panel.kind, panel.tensor ?? panel.tensors.join(), panel.rows, panel.columns, panel.over, panel.beside, besideCount(panel, model), panel.line].join("|");

/** Whether everything a panel draws is in the payload. */
export function drawable(panel, model) {
  return (panel.tensors ?? [panel.tensor]).every((name) => model.tensors[name]?.drawn);
}

export class Panel {
  constructor(panel, model, redrawn) {
    this.key = panelKey(panel, model);
    this.beside = besideCount(panel, model);
    this.line = panel.line ? el("p", "line", {}, panel.line) : null; // words above a new line of panels
    this.redrawn = redrawn; // called after a slice was chosen
    this.name = el("b");
    this.tensorName = el("code", "tensor-name");
    this.size = el("span", "size");
    this.slicer = el("div", "slices");
    this.views = panel.kind === "bars" ? panel.tensors.map((name) => new Bars(panel, name)) : this.grids(panel);
    this.element = el("div", `panel ${panel.kind}`, { role: "group" }, el("h2", "", {}, this.name, " ", this.tensorName, " ", this.size), this.slicer, this.body(panel));
  }

  grids(panel) {
    if (!this.beside) return [new Grid(panel)];
    return Array.from({ length: this.beside }, (_, at) => Object.assign(new Grid(panel), { apart: true, slices: { [panel.beside]: at } }));
  }

  body(panel) {
    if (panel.kind !== "bars" && !this.beside) return el("div", "scroll", {}, this.views[0].frame);
    this.captions = this.views.map(() => el("figcaption"));
    const figures = this.views.map((view, place) => el("figure", "vector", {}, this.captions[place], el("div", "scroll", {}, view.frame ?? view.element)));
    return el("div", this.beside ? "vectors beside" : "vectors", {}, ...figures);
  }

  /** Draw with the values of a model in `width` CSS pixels. */
  draw(model, panel, theme, width, tallest) {
    Object.assign(this, { model, panel, theme, width, tallest });
    if (panel.kind === "bars") this.drawBars(model, panel, theme, width);
    else if (this.beside) this.drawBeside(model, panel, theme, width);
    else this.views[0].draw(model, panel, theme, width, tallest);
    const title = panel.title || panel.tensor || panel.tensors.join(", ");
    say(this.name, title);
    say(this.tensorName, panel.kind === "grid" && title.toLowerCase() !== panel.tensor.toLowerCase() ? panel.tensor : "");
    say(this.size, panel.kind === "grid" ? `${this.beside > 1 ? `${this.beside} of ` : ""}${this.views[0].sizes()}` : "");
    this.element.setAttribute("aria-label", title);
    this.slicer.style.maxWidth = `${Math.max(210 * theme.zoom, this.views[0].layers.width * (this.beside || 1))}px`;
    this.drawSlices();
  }

  /** One grid a place of the axis, in the same colours and cells. */
  drawBeside(model, panel, theme, width) {
    const { tensor, beside } = panel;
    const every = model.tensors[tensor].every[model.tensors[tensor].axes.indexOf(beside)];
    this.views.forEach((view, place) => {
      view.slices[beside] = place * every;
      view.draw(model, panel, theme, roomBeside(width), SMALL * theme.zoom);
      say(this.captions[place], `${beside} ${place * every}`);
    });
  }

  drawBars(model, panel, theme, width) {
    const ranges = panel.tensors.map((name) => model.tensors[name].range);
    const low = Math.min(...ranges.map((range) => range.low));
    const high = Math.max(...ranges.map((range) => range.high));
    const range = { low, high, largest: Math.max(Math.abs(low), Math.abs(high)), whole: ranges.every((one) => one.whole) };
    this.views.forEach((view, place) => {
      view.draw(model, panel, theme, width, range);
      say(this.captions[place], view.name);
    });
  }

  /** One control for each axis that is not shown and has more than one place. */
  drawSlices() {
    const view = this.views[0];
    const { fixed = [], beside, kind, at = {} } = this.panel;
    const set = [...fixed, ...(kind === "bars" ? Object.keys(at) : []), this.beside ? beside : ""];
    const axes = view.view.hidden.filter((axis) => view.tensor.shape[axis] > 1 && !set.includes(view.tensor.axes[axis]));
    const key = axes.map((axis) => `${view.tensor.axes[axis]}:${view.tensor.shape[axis]}:${view.tensor.every[axis]}`).join();
    if (key === this.sliced) return;
    this.sliced = key;
    this.slicer.replaceChildren(...axes.map((axis) => this.slice(view.tensor, axis, view.view.index[axis])));
  }

  slice(tensor, axis, at) {
    const [name, id] = [tensor.axes[axis], newId("slice")];
    const label = el("label", "", { for: id }, name);
    const places = Array.from({ length: tensor.stored[axis] }, (_, place) => place * tensor.every[axis]);
    const control = places.length <= MOST_OPTIONS ? this.select(id, places) : this.slider(id, tensor, axis);
    control.value = String(at);
    const shown = el("output", "", { for: id });
    const update = () => say(shown, control.tagName === "INPUT" ? `${control.value} of ${tensor.shape[axis]}` : `of ${tensor.shape[axis]}`);
    control.addEventListener("input", () => {
      for (const view of this.views) view.slices[name] = Number(control.value);
      update();
      this.draw(this.model, this.panel, this.theme, this.width, this.tallest);
      this.redrawn(this);
    });
    update();
    return el("span", "slice", {}, label, control, shown);
  }

  select(id, places) {
    return el("select", "", { id }, ...places.map((place) => el("option", "", { value: place }, String(place))));
  }

  slider(id, tensor, axis) {
    return el("input", "", { id, type: "range", min: 0, max: tensor.shape[axis] - 1, step: tensor.every[axis] });
  }
}
