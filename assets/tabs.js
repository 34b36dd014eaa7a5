// Tabs: the strip alone; what the open tab holds is Streamlit's, in the container below.
// A Streamlit component. Streamlit's own tabs forget a click that comes while the page still answers
// the one before; here the newest click stands until the page has followed it.
import { el, keep } from "./dom.js";

const instances = new WeakMap();
const PATIENCE = 1000; // ms that a page may still speak of an earlier click

export default function tabs(component) {
  const [instance, cleanup] = keep(instances, component.parentElement, () => new Tabs(component.parentElement));
  instance.update(component);
  return cleanup;
}

class Tabs {
  constructor(parent) {
    this.root = el("div", "control tabs", { role: "tablist", "aria-label": "About this lab" });
    this.root.addEventListener("keydown", (event) => this.key(event));
    parent.append(this.root);
  }

  end() {
    clearTimeout(this.later);
    this.root.remove();
  }

  update({ data, setStateValue }) {
    this.tell = setStateValue;
    if (data.names !== this.names) this.build(data);
    clearTimeout(this.later);
    if (data.open === this.wanted) this.wanted = undefined;
    if (this.wanted === undefined) this.select(data.open);
    else this.later = setTimeout(() => this.select(data.open), PATIENCE);
    const panel = document.querySelector(`.st-key-${CSS.escape(data.panel)}`);
    panel?.setAttribute("role", "tabpanel");
    panel?.setAttribute("aria-label", data.open);
    panel?.setAttribute("tabindex", "0"); // what it holds may have nothing else to reach by keyboard
  }

  build({ names }) {
    this.names = names;
    this.buttons = JSON.parse(names).map((name) => {
      const button = el("button", "tab", { type: "button", role: "tab" }, name);
      button.addEventListener("click", () => this.open(name));
      return button;
    });
    this.root.replaceChildren(...this.buttons);
  }

  select(name) {
    for (const button of this.buttons) {
      const chosen = button.textContent === name;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      if (chosen) this.show(button);
    }
  }

  /** On a narrow page the strip scrolls, and the page with it stays where it is. */
  show(button) {
    const { offsetLeft, offsetWidth } = button;
    const { scrollLeft, clientWidth } = this.root;
    if (offsetLeft < scrollLeft) this.root.scrollLeft = offsetLeft;
    else if (offsetLeft + offsetWidth > scrollLeft + clientWidth) this.root.scrollLeft = offsetLeft + offsetWidth - clientWidth;
  }

  open(name) {
    this.wanted = name;
    clearTimeout(this.later);
    this.select(name);
    this.tell("open", name);
  }

  key(event) {
    const at = this.buttons.indexOf(event.target);
    const last = this.buttons.length - 1;
    const to = { ArrowRight: at < last ? at + 1 : 0, ArrowLeft: at > 0 ? at - 1 : last, Home: 0, End: last }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    this.buttons[to].focus();
    this.open(this.buttons[to].textContent);
  }
}
