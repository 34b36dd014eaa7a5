// What Streamlit's page lacks for the keyboard: a way past the controls to the picture, and a stop for
// Tab at whatever scrolls. A Streamlit component; it draws nothing but its link, once that has the focus.
import { el, keep } from "./dom.js";

const SCROLLS = '[class*="st-key-scrolls"], [data-testid="stMarkdownContainer"]:has(> table), [data-testid="stCode"] pre'; // high or wide
const MAIN = '.stage[data-group="stage"]';
const instances = new WeakMap();

export default function page(component) {
  const [instance, cleanup] = keep(instances, component.parentElement, () => new Page(component.parentElement));
  instance.look();
  return cleanup;
}

class Page {
  constructor(parent) {
    this.link = el("button", "skip", { type: "button", hidden: true }, "Skip to the picture");
    this.link.addEventListener("click", () => picture()?.focus());
    parent.append(this.link);
    this.watching = new MutationObserver(() => this.soon());
    this.watching.observe(document.querySelector(".stMain") ?? document.body, { childList: true, subtree: true });
    this.leaving = new AbortController();
    window.addEventListener("resize", () => this.soon(), { signal: this.leaving.signal });
  }

  end() {
    this.watching.disconnect();
    this.leaving.abort();
    cancelAnimationFrame(this.later);
    this.link.remove();
  }

  /** Once a frame, however much the page gets in it, and when its layout is due anyway. */
  soon() {
    cancelAnimationFrame(this.later);
    this.later = requestAnimationFrame(() => this.look());
  }

  look() {
    this.link.hidden = !stageHost();
    const controls = document.querySelector(".st-key-controls");
    controls?.setAttribute("role", "region");
    controls?.setAttribute("aria-label", "Controls");
    for (const node of document.querySelectorAll(SCROLLS)) reachable(node);
  }
}

/** A table or a program that scrolls is a stop for Tab, and only while it does. */
function reachable(node) {
  const scrolls = node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 1;
  if (scrolls === node.hasAttribute("tabindex")) return;
  for (const [name, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", `${node.localName === "pre" ? "Code" : "Table"} that scrolls`]]) {
    if (scrolls) node.setAttribute(name, value);
    else node.removeAttribute(name);
  }
}

/** What holds the main stage: a component of Streamlit stands in a shadow root. */
function stageHost() {
  const hosts = document.querySelectorAll('[data-testid="stBidiComponentIsolated"]');
  return [...hosts].find((node) => node.shadowRoot?.querySelector(MAIN));
}

/** The first tensor of the main stage. */
function picture() {
  return stageHost()?.shadowRoot.querySelector(`${MAIN} canvas.top`);
}
