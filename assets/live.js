// The direct way from a moving control to the picture, past Streamlit's rerun.
//
// One object per lab, shared by the stage and all controls of a page. While something moves, the
// values are asked of /api/labs/<lab>: one request is under way at a time, the newest state goes
// next, none queue up. On release the page gets the values too, and its older answers, which may
// still be on their way, do not replace a newer picture.

import { ask } from "./ask.js";
import { POLL, Waiting } from "./wait.js";

const PATIENCE = 1500; // ms after which a page that says something else has not heard what was released
const MOST_TRIES = 3;
const STILL = 400; // ms without a movement before the page may load what is slow
const MOST_DELAY = 300; // ms that a picture may hold the page back
const HOLD = 4000; // ms for which a page's answer to something older is held back
const TURN = "#"; // the name under which a release tells its number: no parameter is called so
const OURS = Math.random().toString(36).slice(2, 10); // this window: numbers of others say nothing here
const labs = new Map();
let turns = 0; // releases so far, of all labs

/** The one Live of a lab. */
export function live(lab) {
  if (!labs.has(lab)) labs.set(lab, new Live(lab));
  return labs.get(lab);
}

/** What was released is told before anything else that is clicked, such as Undo. */
globalThis.document?.addEventListener("click", () => labs.forEach((one) => one.told()), true);

/** Show a state while it is still being chosen. */
export const propose = (lab, values) => live(lab).propose(values);

/** Choose a state: show it, and tell Streamlit. */
export const commit = (lab, values, setTriggerValue) => live(lab).commit(values, setTriggerValue);

/** A control looks again in a second: a page that was overtaken, by Undo say, may end where it was and tell nothing. */
export function lookAgain(control, data = control.data) {
  clearTimeout(control.later);
  control.later = setTimeout(() => control.update({ data, setTriggerValue: control.trigger }), 1000);
}

class Live {
  constructor(lab) {
    this.lab = lab;
    this.listeners = new Set();
    this.untold = []; // what the page is told when the picture is painted
    this.waiting = new Waiting(this);
    this.trains = false; // whether a new state is a training run: it begins on release, not under the hand
    this.reset("");
  }

  /** Begin anew: a stage was put on the page. */
  reset(link) {
    this.link = link; // the state the page is in
    this.moving = {}; // chosen at this moment, not released
    this.sent = {}; // released; the page has not answered yet
    this.last = 0; // the number of the newest release
    this.sentUntil = this.movingUntil = 0;
    this.movedAt = performance.now();
    this.unheard = null; // {values, trigger, at, tries}: released, and no page has shown it so far
    this.held = this.shown = null;
    this.wanted = this.flying = this.sentQuery = this.sentLink = null;
    this.answered = null; // {query, payload}: the last one that came back
    this.turn = (this.turn ?? 0) + 1; // answers to requests of an earlier turn are old
  }

  /** Hear of every change of what is shown: {payload, error, notice, progress, source}. */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  show(next) {
    this.shown = { ...this.shown, error: null, notice: "", progress: null, ...next };
    for (const listener of this.listeners) listener(this.shown);
  }

  /** Whether nothing moved for a while. */
  get still() {
    return performance.now() - this.movedAt > STILL;
  }

  propose(values) {
    this.movedAt = performance.now();
    Object.assign(this.moving, values);
    this.movingUntil = performance.now() + HOLD;
    if (!this.trains) this.want(this.query());
  }

  /** Another picture of the page moved to a state: ask for the same one, of what is shown here. */
  follow(values) {
    const query = new URLSearchParams(this.link);
    for (const [name, text] of Object.entries(values)) query.set(name, text);
    this.link = query.toString();
    this.want(this.query());
  }

  commit(values, setTriggerValue) {
    for (const name of Object.keys(values)) delete this.moving[name];
    Object.assign(this.sent, values);
    this.sentUntil = performance.now() + HOLD;
    this.sentLink = null;
    this.sentQuery = this.query();
    if (this.trains) this.leave(); // the older run ends; asking on would wish for it again
    this.want(this.sentQuery);
    this.unheard = { values: { ...this.unheard?.values, ...values }, trigger: setTriggerValue, at: performance.now(), tries: 1 };
    this.last = turns += 1;
    const told = this.numbered(values);
    this.tell(() => setTriggerValue("change", told));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.release(), HOLD);
  }

  /** Tell the page once the picture is painted: drawing all of the page would delay it. */
  tell(then) {
    this.untold.push(then);
    if (this.busy) setTimeout(() => this.told(), MOST_DELAY);
    else this.told();
  }

  told() {
    for (const then of this.untold.splice(0)) then();
  }

  /** The value of a control that was released but not answered yet; undefined if there is none. */
  unanswered(name) {
    const { values } = performance.now() < this.sentUntil ? { values: this.sent } : (this.unheard ?? {});
    return values?.[name];
  }

  /** The newest value of a control that the page has not shown yet; undefined if there is none. */
  newest(name) {
    return this.moving[name] ?? this.unanswered(name);
  }

  /** What the page is told of the newest release. */
  numbered(values) {
    return { ...values, [TURN]: `${OURS}.${this.last}` };
  }

  /** Whether the page has heard the newest release: it says the number of the last one that it heard. */
  knows(heard) {
    const [window, turn] = (heard ?? "").split(".");
    return window === OURS && Number(turn) >= this.last && this.last > 0;
  }

  /** What the page says: its payload, the link of the state it is in, and the last release it heard. */
  page(payload, link, heard) {
    this.link = link ?? payload?.link ?? this.link;
    const now = performance.now();
    const waiting = Object.keys(this.sent).length > 0 && now < this.sentUntil;
    if (!payload?.error && waiting && !this.knows(heard) && !this.answers(payload)) return void (this.held = payload);
    if (payload?.error || (waiting && payload)) this.unheard = null;
    this.sent = {};
    this.held = null;
    if (Object.keys(this.moving).length && now < this.movingUntil) return;
    this.moving = {};
    this.wanted = this.answered = this.flying = null;
    this.turn += 1;
    if (payload) this.show(split(payload, "page"));
  }

  /** A page spoke: what was released while the server was away, or got lost there, is released again. */
  heard(payload, number) {
    clearTimeout(this.later);
    if (this.knows(number)) this.unheard = null; // it may have gone elsewhere since: Undo was pressed
    const { unheard } = this;
    if (!unheard) return;
    const early = PATIENCE - (performance.now() - unheard.at);
    if (early > 0) return void (this.later = setTimeout(() => this.heard(payload, number), early));
    const known = Object.entries(unheard.values).every(([name, text]) => same(payload.values?.[name], text));
    if (known || payload.error || unheard.tries >= MOST_TRIES) return void (this.unheard = null);
    unheard.tries += 1;
    unheard.at = performance.now();
    this.link = payload.link ?? this.link;
    Object.assign(this.sent, unheard.values);
    this.sentUntil = performance.now() + HOLD;
    this.sentQuery = this.query();
    this.want(this.sentQuery);
    unheard.trigger("change", this.numbered(unheard.values));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.release(), HOLD);
  }

  /** Whether a payload of the page is the answer to everything released so far. */
  answers(payload) {
    if (this.sentLink !== null && payload?.link === this.sentLink) return true;
    return Object.entries(this.sent).every(([name, text]) => same(payload?.values?.[name], text));
  }

  /** The page took too long: tell it again, and in the end believe what it said last. */
  release() {
    const { held } = this;
    if (held) this.heard(held);
    if (this.unheard && held) return;
    this.sent = {};
    if (held) this.page(held, this.link);
  }

  query() {
    const query = new URLSearchParams(this.link);
    for (const [name, text] of Object.entries({ ...this.sent, ...this.moving })) query.set(name, text);
    return query.toString();
  }

  want(query) {
    this.wanted = query === this.flying ? null : query;
    if (!this.busy) this.pump();
  }

  async pump() {
    this.busy = true;
    while (this.flight || this.wanted !== null) {
      if (!this.flight && this.known()) continue;
      if (!this.flight) this.fly();
      const { query, turn, answer } = this.flight;
      const received = await answer;
      this.flight = this.flying = null;
      const pause = turn === this.turn ? this.received(query, ...received) : 0;
      if (!pause) continue;
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (turn === this.turn) this.wanted ??= query;
    }
    this.busy = false;
    this.told();
  }

  /** Whether what is wanted is on the screen already. */
  known() {
    if (this.wanted !== this.answered?.query) return false;
    this.settled(this.wanted, this.answered.payload);
    this.wanted = null;
    return true;
  }

  /** Ask for the newest state. */
  fly() {
    const query = this.wanted;
    this.wanted = null;
    this.flying = query;
    this.flight = { query, turn: this.turn, answer: ask(this.lab, query) };
  }

  /** An answer. Returns the milliseconds to wait before asking again, 0 if there is no need. */
  received(query, status, answer, after) {
    if (status === 200) {
      this.retries = 0;
      this.answered = { query, payload: answer };
      this.settled(query, answer);
      if (this.wanted !== null && !this.known()) this.fly(); // under way while this one is drawn
      this.show(split(answer, "live"));
      return 0;
    }
    if (status === 202) {
      this.waiting.under(query, answer);
      return this.waiting.active ? 0 : POLL; // the page's own state is asked for already
    }
    this.retries = (this.retries ?? 0) + 1;
    if (status === 0) {
      this.show({ error: null, notice: "The connection is lost; trying again …" });
      return Math.min(5000, 500 * this.retries);
    }
    const temporary = status === 503 && (answer.error?.kind === "Busy" || this.retries < 4);
    if (status === 429) return 100; // faster than we may: the newest state goes a moment later
    if (temporary) return Math.max(100, after * 1000);
    this.retries = 0;
    this.answered = { query, payload: null };
    this.show(split({ ...answer, error: answer.error ?? { message: `The server answered ${status}.` } }, "live"));
    return 0;
  }

  /** The released state was computed: from its link the page's own answer is known. */
  settled(query, payload) {
    if (query !== this.sentQuery || !payload) return;
    this.sentLink = payload.link;
    if (payload.link === this.link) this.sent = {}; // nothing changed; the page will not answer
  }

  /** Ask for the page's state until it is computed, and then tell the page. */
  wait(link, done) {
    return this.waiting.wait(link, done);
  }

  /** Stop the run under way, as far as this tab is concerned: the last picture stays. */
  async stop() {
    this.wanted = null;
    this.turn += 1; // what is under way is not shown any more
    await this.waiting.stop(this.flight?.answer);
    this.show({});
  }

  /** Wait no more for the page's state; nothing is told. */
  leave() {
    this.waiting.leave();
  }
}

/** A payload as what is shown: an error alone leaves the last good picture. */
export function split(payload, source) {
  const { error = null } = payload;
  return payload.tensors ? { payload, error, source } : { error, source };
}

/** Whether two texts say the same value: `8x8` is `8`, `0.50` is `0.5`. */
function same(one, other) {
  const plain = (text) => {
    const parts = String(text ?? "").split(/[x×,]/).map((part) => (part.trim() && !Number.isNaN(Number(part)) ? Number(part) : part.trim()));
    return parts.length === 2 && parts[0] === parts[1] ? String(parts[0]) : parts.join();
  };
  return plain(one) === plain(other);
}
