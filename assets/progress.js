// What takes long: a bar, a sentence, the time left or the place in the queue, and Stop.
import { el, say } from "./dom.js";

/** One line that stays in the page while its words change: a button must not move under a finger. */
export class ProgressLine {
  constructor(stop) {
    this.bar = el("progress", "", { max: 1 });
    this.wheel = el("span", "spinner", { "aria-hidden": "true" });
    this.said = el("span", "said");
    this.left = el("span", "left");
    this.button = el("button", "stop", { type: "button" }, "Stop");
    this.button.addEventListener("click", () => {
      this.button.disabled = true;
      stop();
    });
    this.spoken = el("span", "spoken", { role: "status" });
    this.element = el("div", "progress notice", { hidden: true }, this.wheel, this.bar, this.said, this.left, this.button, this.spoken);
  }

  /** `progress` is null when nothing takes long; `stops` says whether it can be stopped. */
  update(progress, stops) {
    this.element.hidden = !progress;
    this.button.hidden = !stops;
    if (!progress) {
      this.button.disabled = false;
      return say(this.spoken, "");
    }
    const { text, share, place } = progress;
    this.bar.hidden = !(share > 0);
    this.wheel.hidden = share > 0;
    this.bar.value = share;
    this.bar.setAttribute("aria-label", text);
    say(this.said, share > 0 ? text : `${text} …`);
    say(this.left, place > 0 ? `place ${place} in the queue` : timeLeft(progress.left));
    say(this.button, place > 0 ? "Give up" : "Stop");
    say(this.spoken, place > 0 ? `place ${place} in the queue` : `${Math.floor(share * 4) * 25} percent done`); // four times, not at every epoch
  }
}

/** Seconds as people say them; "" while nobody can tell. */
export function timeLeft(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 1.5) return "about a second left";
  if (seconds < 90) return `about ${Math.round(seconds)} s left`;
  return `about ${Math.round(seconds / 60)} min left`;
}
