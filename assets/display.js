// Light, dark, high contrast or as the system says: what one chooses here holds in this browser.
// A Streamlit component. Streamlit reads its theme from the browser's storage, under the path a page was
// loaded by, so another brightness loads the page anew; contrast is ours (page.css, colours.js) and does not.
import { el, keep, newId } from "./dom.js";

const instances = new WeakMap();
const CHOSEN = "tensorscope-display";
const WORDS = { System: "System", Light: "Light", Dark: "Dark", Contrast: "High contrast" };
const more = matchMedia("(prefers-contrast: more)");

export default function display(component) {
  const [instance, cleanup] = keep(instances, component.parentElement, () => new Display(component));
  return cleanup;
}

/** What was chosen in this browser; "System" where it keeps nothing. */
function chosen() {
  try {
    const found = localStorage.getItem(CHOSEN);
    return found in WORDS ? found : "System";
  } catch {
    return "System";
  }
}

/** High contrast where it was chosen or the system asks for it. */
function contrast() {
  const { dataset } = document.documentElement;
  if (chosen() === "Contrast" || more.matches) dataset.contrast = "more";
  else delete dataset.contrast;
}

contrast();
more.addEventListener("change", contrast);
addEventListener("storage", contrast);

const theme = (choice) => JSON.stringify(choice === "Contrast" ? "System" : choice);
const keyOf = (path) => `stActiveTheme-${path}-v2`;
const loadedBy = () => new URL(performance.getEntriesByType("navigation")[0]?.name ?? location.href).pathname;

/** Have Streamlit show the brightness chosen, on every page; whether this page shows another one. */
function store(choice, paths) {
  const now = localStorage.getItem(keyOf(loadedBy())) ?? theme("System");
  for (const path of [...paths, loadedBy()]) localStorage.setItem(keyOf(path), theme(choice));
  return now !== theme(choice);
}

class Display {
  constructor({ data, parentElement }) {
    const id = newId("display");
    this.paths = JSON.parse(data.paths);
    this.field = el("select", "list", { id }, ...Object.entries(WORDS).map(([value, words]) => el("option", "", { value }, words)));
    this.field.value = chosen();
    this.field.addEventListener("change", () => this.choose(this.field.value));
    this.root = el("div", "control display", {}, el("label", "spoken", { for: id }, "Display: colours and contrast"), this.field);
    parentElement.append(this.root);
  }

  end() {
    this.root.remove();
  }

  choose(choice) {
    try {
      localStorage.setItem(CHOSEN, choice);
      if (store(choice, this.paths)) location.reload();
    } catch {
      this.field.value = "System"; // a browser that keeps nothing follows the system
    }
    contrast();
  }
}
