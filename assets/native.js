// Streamlit's own choices and switches, live: the picture follows at once, the page a moment later.
//
// They tell the page by themselves. What is added here is the direct request, so that the picture need
// not wait for the page. Only what the widgets show is read; if Streamlit draws them differently one
// day, nothing is found and the picture comes with the page.
import { live } from "./live.js";

/** Watch the widgets of a lab. `choices` is {name: {label: option}}; a switch has the labels on and off. */
export function follow(lab, choices) {
  const names = new Map(Object.keys(choices).map((name) => [`st-key-${lab}-${name}`.replace(/[^\w-]/g, "-"), name]));
  const watcher = new MutationObserver((changes) => {
    const changed = new Map();
    for (const { target } of changes) {
      const widget = target.closest("[class*='st-key-']");
      const name = widget && names.get([...widget.classList].find((each) => names.has(each)));
      const option = name && choices[name][shown(widget)];
      if (option) changed.set(name, option);
    }
    if (changed.size) live(lab).expect(Object.fromEntries(changed));
  });
  watcher.observe(document.body, { subtree: true, attributeFilter: ["aria-checked", "data-selected"] });
  return () => watcher.disconnect();
}

/** The label of what is chosen, as it is written. */
function shown(widget) {
  const chosen = widget.querySelector("[role=radio][aria-checked=true]");
  if (chosen) return chosen.textContent.trim();
  const box = widget.querySelector("[data-testid=stCheckbox]");
  return box ? (box.dataset.selected === "true" ? "on" : "off") : "";
}
