// Remembers how far a page was scrolled in this tab, for each state of it (`of`), and scrolls back there.
// A Streamlit component that draws nothing. Streamlit scrolls to the top whenever a page is opened.
import { keep } from "./dom.js";

const instances = new WeakMap();
const PATIENCE = 3000; // ms in which the page may still grow to the place it was left at
const REST = 200; // ms without scrolling after which a place is remembered
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
    const { signal } = this.left;
    window.addEventListener("click", () => this.remember(), { capture: true, signal }); // a link leads away
    this.main.addEventListener("scroll", () => this.later(), { passive: true, signal });
  }

  left = new AbortController();
  path = window.location.pathname;

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

  /** Once scrolling rests: on its way to another page, Streamlit scrolls this one to the top. */
  later() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.remember(), REST);
  }

  remember() {
    const here = window.location.pathname === this.path;
    if (here && !this.wanted) sessionStorage.setItem(this.key, String(Math.round(this.main.scrollTop)));
  }

  end() {
    this.settle();
    clearTimeout(this.resting);
    this.left.abort();
  }
}
