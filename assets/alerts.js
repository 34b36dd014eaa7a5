// What went wrong and what to do about it; warnings that are true but no errors.
import { el } from "./dom.js";

export const ENDED = ["Stopped", "TooMuchMemory", "TookTooLong", "WorkerDied", "TechniqueFailed"]; // of a training run

/** Redraw the alerts in `node`. `remedy` is called with {name: text} when its button is pressed, `again` to begin a run anew. */
export function drawAlerts(node, { error, notice, notes = [], loading }, remedy, again = null) {
  const key = JSON.stringify([error, notice, notes, loading]);
  if (node.dataset.key === key) return; // a live region must not repeat itself
  node.dataset.key = key;
  const found = [];
  if (error && again && ENDED.includes(error.kind)) found.push(ended(error, again));
  else if (error) found.push(errorBox(error, remedy));
  if (notice) found.push(el("p", "notice", { role: "status" }, notice));
  if (loading) found.push(el("p", "notice busy", { role: "status" }, el("span", "spinner", { "aria-hidden": "true" }), "TensorFlow is loading …"));
  for (const note of notes) found.push(el("p", "note", {}, note));
  node.replaceChildren(...found);
}

/** A training run that did not finish: why, and the way to begin it anew. */
function ended({ kind, message }, again) {
  const button = el("button", "again", { type: "button" }, kind === "Stopped" ? "Train again" : "Try again");
  button.addEventListener("click", again);
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return el("div", kind === "Stopped" ? "notice ended" : "error ended", { role: kind === "Stopped" ? "status" : "alert" }, el("p", "", {}, text), button);
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
