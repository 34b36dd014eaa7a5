// Remembers how far a page was scrolled in this tab, for each state of it (`of`), and scrolls back there.
// A Streamlit component that draws nothing. Streamlit scrolls to the top whenever a page is opened.
import { keep } from "./dom.js";

const instances = new WeakMap();
const PATIENCE = 3000; // ms in which the page may still grow to the place it was left at
const DOING = ["wheel", "touchstart", "keydown", "pointerdown"]; // who acts is not pulled back

export default function scroll(component) {
  const [instance, cleanup] = keep(instances, component.parentElement, () => new Scroll(component));
  instance.of = component.data.of;
  return cleanup;
}

class Scroll {
  constructor({ data }) {
    this.of = data.of;
    this.main = document.querySelector('[data-testid="stMain"]') ?? document.documentElement;
    this.stop = () => this.settle();
    for (const name of DOING) window.addEventListener(name, this.stop, true);
    this.until = performance.now() + PATIENCE;
    this.restore(Number(sessionStorage.getItem(this.key)) || 0);
    this.main.addEventListener("scroll", () => this.remember(), { passive: true, signal: this.left.signal });
  }

  left = new AbortController();

  get key() {
    return `tensorscope:scroll:${this.of}`;
  }

  /** Scroll to a place as soon as the page is long enough for it, and hold it there until somebody acts. */
  restore(wanted) {
    this.wanted = wanted;
    const { scrollTop, scrollHeight, clientHeight } = this.main;
    if (!wanted || performance.now() > this.until) return this.settle();
    if (scrollTop !== wanted && scrollHeight - clientHeight >= wanted) this.main.scrollTop = wanted;
    return requestAnimationFrame(() => this.wanted && this.restore(wanted));
  }

  settle() {
    this.wanted = 0;
    for (const name of DOING) window.removeEventListener(name, this.stop, true);
  }

  remember() {
    if (!this.wanted && document.querySelector(".st-key-scroll")) sessionStorage.setItem(this.key, String(this.main.scrollTop));
  }

  end() {
    this.settle();
    this.left.abort();
  }
}
