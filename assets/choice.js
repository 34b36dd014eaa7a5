// One of a few options: buttons side by side, a list when they are many, a switch for on and off.
// A Streamlit component. The browser's own radio, select and checkbox do the work, so keyboard and
// screen reader know them; the picture follows at once, the page is told when it is painted.
import { el, keep, newId, say } from "./dom.js";
import { commit, live, lookAgain } from "./live.js";

const instances = new WeakMap();

export default function choice(component) {
  const [instance, cleanup] = keep(instances, component.parentElement, () => new ChoiceControl(component.parentElement));
  instance.update(component);
  return cleanup;
}

class ChoiceControl {
  constructor(parent) {
    this.root = el("div", "control choice");
    parent.append(this.root);
  }

  end() {
    clearTimeout(this.later);
    this.root.remove();
  }

  update({ data, setTriggerValue }) {
    const { kind, label, help, options } = data;
    const made = JSON.stringify([kind, label, help, options]);
    Object.assign(this, { data, trigger: setTriggerValue });
    if (made !== this.made) this.build();
    this.made = made;
    const pending = live(data.lab).unanswered(data.name);
    clearTimeout(this.later);
    if (pending !== undefined && pending !== data.value) {
      lookAgain(this);
    } else this.set(data.value);
  }

  build() {
    const { kind, help } = this.data;
    this.help = el("p", "help spoken", { id: newId("help") });
    say(this.help, help ?? "");
    this.root.title = help ?? "";
    const described = help ? this.help.id : null;
    const parts = { segments: () => this.segments(described), list: () => this.list(described), switch: () => this.switch(described) };
    this.root.replaceChildren(...parts[kind](), this.help);
  }

  segments(described) {
    const id = newId("choice");
    const buttons = this.options.map(([value, words]) => {
      const radio = el("input", "", { type: "radio", name: id, value });
      radio.addEventListener("change", () => this.choose(value));
      return el("label", "segment", {}, radio, el("span", "", {}, words));
    });
    this.inputs = buttons.map((button) => button.firstElementChild);
    this.set = (text) => this.inputs.forEach((radio) => (radio.checked = radio.value === text));
    const label = el("span", "label", { id: `${id}-label` }, this.data.label);
    return [this.heading(label), el("div", "segments", { role: "radiogroup", "aria-labelledby": label.id, "aria-describedby": described }, ...buttons)];
  }

  list(described) {
    const id = newId("choice");
    const field = el("select", "list", { id, "aria-describedby": described }, ...this.options.map(([value, words]) => el("option", "", { value }, words)));
    field.addEventListener("change", () => this.choose(field.value));
    this.set = (text) => (field.value = text);
    return [this.heading(el("label", "label", { for: id }, this.data.label)), field];
  }

  switch(described) {
    const box = el("input", "", { type: "checkbox", role: "switch", "aria-label": this.data.label, "aria-describedby": described });
    box.addEventListener("change", () => this.choose(box.checked ? "on" : "off"));
    this.set = (text) => (box.checked = text === "on");
    return [this.heading(el("label", "switch", {}, box, el("span", "label", {}, this.data.label)))];
  }

  get options() {
    return JSON.parse(this.data.options);
  }

  /** The help is always there for a screen reader; the button shows it to everybody. */
  heading(label) {
    if (!this.data.help) return el("div", "heading", {}, label);
    const node = el("button", "quiet explain", { type: "button", "aria-label": `Help for ${this.data.label}`, "aria-expanded": "false" }, "?");
    node.addEventListener("click", () => node.setAttribute("aria-expanded", String(!this.help.classList.toggle("spoken"))));
    return el("div", "heading", {}, label, node);
  }

  choose(text) {
    commit(this.data.lab, { [this.data.name]: text }, this.trigger);
    lookAgain(this);
  }
}
