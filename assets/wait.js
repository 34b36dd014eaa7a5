// Waiting for what takes long: the page's state is asked for until it is there, or left.
import { ask, giveUp } from "./ask.js";
import { split } from "./live.js";

export const POLL = 300; // ms between two questions

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** One for each Live: `live` shows what comes. */
export class Waiting {
  constructor(live) {
    this.live = live;
    this.awaited = null; // the link that is asked for
    this.asking = this.left = false;
  }

  /** Whether the page's state is being asked for. */
  get active() {
    return this.asking && this.awaited !== null;
  }

  /** Ask until the state is computed, and then tell the page. */
  async wait(link, done) {
    Object.assign(this, { awaited: link, arrived: done, left: false }); // of the newest stage and state
    if (this.asking) return;
    this.asking = true;
    while (this.live.listeners.size && this.awaited !== null) {
      const asked = this.awaited;
      this.question = ask(this.live.lab, asked);
      const [status, answer, after] = await this.question;
      if (asked !== this.awaited) continue;
      if (![0, 202, 429, 503].includes(status)) this.awaited = null;
      this.received(asked, status, answer);
      if (this.awaited !== null) await pause(status === 202 ? POLL : Math.max(POLL, after * 1000));
    }
    this.asking = false;
    if (this.live.listeners.size && !this.left) this.arrived();
  }

  received(asked, status, answer) {
    const { live } = this;
    if (status === 202) this.under(asked, answer);
    else if (status === 503 && live.trains) live.show({ notice: answer.error?.message ?? "" }); // the queue is full
    else if (this.awaited !== null) return;
    else if (status !== 200 || live.trains || live.shown?.payload?.link !== answer.link) live.show(split(answer, "live"));
  }

  /** Something is under way: how far it is, and its picture so far. */
  under(query, { progress, so_far: soFar }) {
    this.running = query;
    this.live.show({ ...(soFar ? split(soFar, "live") : {}), progress });
  }

  /** Wait no more; nothing is told. */
  leave() {
    this.awaited = null;
    this.left = true;
  }

  /** This tab gives up what is under way: after the last questions, for one behind would be a new wish. */
  async stop(question) {
    this.leave();
    await Promise.all([this.question, question]);
    await giveUp(this.live.lab, this.running ?? this.live.link);
  }
}
