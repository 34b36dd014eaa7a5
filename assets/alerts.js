// What went wrong and what to do about it; warnings that are true but no errors.
import { el } from "./dom.js";

/** Redraw the alerts in `node`. `remedy` is called with {name: text} when its button is pressed. */
export function drawAlerts(node, { error, notice, progress, notes = [], loading }, remedy) {
  const key = JSON.stringify([error, notice, progress, notes, loading]);
  if (node.dataset.key === key) return; // a live region must not repeat itself
  node.dataset.key = key;
  const found = [];
  if (error) found.push(errorBox(error, remedy));
  if (notice) found.push(el("p", "notice", { role: "status" }, notice));
  if (progress) found.push(underWay(progress));
  else if (loading) found.push(el("p", "notice busy", { role: "status" }, el("span", "spinner", { "aria-hidden": "true" }), "TensorFlow is loading …"));
  for (const note of notes) found.push(el("p", "note", {}, note));
  node.replaceChildren(...found);
}

/** What takes long: a sentence, and a bar once a share of it is done. */
function underWay({ text, share }) {
  const bar = share > 0 ? el("progress", "", { max: 1, value: share, "aria-label": text }) : el("span", "spinner", { "aria-hidden": "true" });
  return el("p", "notice busy", {}, bar, `${text} …`);
}

function errorBox(error, remedy) {
  const box = el("div", "error", { role: "alert" });
  if (error.received === undefined) {
    box.append(el("p", "what", {}, error.message ?? "This could not be computed."));
  } else {
    const large = error.kind === "TooExpensive";
    box.append(el("p", "what", {}, ...(large ? ["This is too large to compute here."] : [el("b", "", {}, error.parameter), " was not accepted."])));
    const list = el("dl");
    const lines = [["received", error.received], ["expected", error.expected], ["fix", error.fix]];
    if (error.framework) lines.push(["TensorFlow", error.framework]);
    for (const [label, text] of lines) {
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
