// What went wrong and what to do about it; warnings that are true but no errors.
import { el } from "./dom.js";

/** Redraw the alerts in `node`. `remedy` is called with {name: text} when its button is pressed. */
export function drawAlerts(node, { error, notice, notes = [], warming }, remedy) {
  const key = JSON.stringify([error, notice, notes, warming]);
  if (node.dataset.key === key) return; // a live region must not repeat itself
  node.dataset.key = key;
  const found = [];
  if (error) found.push(errorBox(error, remedy));
  if (notice) found.push(el("p", "notice", { role: "status" }, notice));
  if (warming) found.push(el("p", "notice warming", { role: "status" }, el("span", "spinner", { "aria-hidden": "true" }), "TensorFlow is loading …"));
  for (const note of notes) found.push(el("p", "note", {}, note));
  node.replaceChildren(...found);
}

function errorBox(error, remedy) {
  const box = el("div", "error", { role: "alert" });
  if (error.received === undefined) {
    box.append(el("p", "what", {}, error.message ?? "This could not be computed."));
  } else {
    const large = error.kind === "TooExpensive";
    box.append(el("p", "what", {}, ...(large ? ["This is too large to compute here."] : [el("b", "", {}, error.parameter), " was not accepted."])));
    const list = el("dl");
    for (const [label, text] of [["received", error.received], ["expected", error.expected], ["fix", error.fix]]) {
      list.append(el("div", "", {}, el("dt", "", {}, label), el("dd", "", {}, text)));
    }
    box.append(list);
  }
  const values = Object.entries(error.remedy ?? {});
  if (values.length) box.append(button(values, remedy));
  return box;
}

function button(values, remedy) {
  const words = values.map(([name, text]) => `${name.replaceAll("_", " ")} to ${text === "" ? "automatic" : text}`);
  const node = el("button", "remedy", { type: "button" }, `Set ${words.join(" and ")}`);
  node.addEventListener("click", () => remedy(Object.fromEntries(values)));
  return node;
}
