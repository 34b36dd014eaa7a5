// assets/live.js: one request at a time, newest next; older answers of the page do not flicker.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

globalThis.sessionStorage = { getItem: () => "tab", setItem() {} };
const { live } = await import("../../assets/live.js");

let asked; // requests under way: {query, answer}
let number = 0;
const plain = ({ "#": turn, ...values }) => values;
const payload = (kernel, extra = {}) => ({ tensors: {}, link: `kernel=${kernel}`, values: { kernel: String(kernel) }, ...extra });
const settle = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  asked = [];
  globalThis.fetch = (address, { headers }) =>
    new Promise((resolve, reject) => {
      assert.equal(headers["X-Tensorscope-Client"], "tab");
      const answer = (body, status = 200, after = null) => resolve({ status, json: async () => body, headers: { get: () => after } });
      asked.push({ query: address.search.slice(1), answer, reject });
    });
});

/** A Live on a new lab with what it showed, in order, as kernel or error text. */
function begin() {
  const one = live(`lab-${(number += 1)}`);
  const seen = [];
  one.subscribe(({ payload: shown, error, notice, source }) => seen.push(notice || (error ? `error ${error.message}` : `${source} ${shown.values.kernel}`)));
  one.reset("kernel=4");
  one.page(payload(4), "kernel=4");
  return [one, seen];
}

test("one request is under way, the newest state goes next, none queue", async () => {
  const [one, seen] = begin();
  for (const kernel of ["5", "6", "7", "8"]) one.propose({ kernel });
  assert.deepEqual(asked.map((each) => each.query), ["kernel=5"]);
  asked[0].answer(payload(5));
  await settle();
  assert.deepEqual(asked.map((each) => each.query), ["kernel=5", "kernel=8"]);
  asked[1].answer(payload(8));
  await settle();
  assert.equal(asked.length, 2);
  assert.deepEqual(seen, ["page 4", "live 5", "live 8"]);
});

test("what differs is added to the link of the page", () => {
  const [one] = begin();
  one.propose({ stride: "2" });
  assert.equal(asked[0].query, "kernel=4&stride=2");
});

test("a released state is sent once, and older answers of the page are held back", async () => {
  const [one, seen] = begin();
  const told = [];
  one.commit({ kernel: "5" }, (name, values) => told.push([name, plain(values)]));
  one.commit({ kernel: "6" }, (name, values) => told.push([name, plain(values)]));
  asked[0].answer(payload(5));
  await settle();
  asked[1].answer(payload(6));
  await settle();
  one.page(payload(5), "kernel=5");
  assert.equal(seen.at(-1), "live 6");
  one.page(payload(6), "kernel=6");
  assert.deepEqual(seen, ["page 4", "live 5", "live 6", "page 6"]);
  assert.deepEqual(told, [["change", { kernel: "5" }], ["change", { kernel: "6" }]]);
  one.page(payload(4), "kernel=4"); // nothing is pending: Reset was pressed
  assert.equal(seen.at(-1), "page 4");
});

test("what the page did not hear is told again, and in the end the page is believed", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let time = 0;
  const now = mock.method(performance, "now", () => time);
  const [one, seen] = begin();
  const told = [];
  one.commit({ kernel: "5" }, (name, values) => told.push(values));
  one.page(payload(4), "kernel=4"); // the server came back and knows nothing of it
  for (const tries of [2, 3, 3]) {
    time += 4001;
    mock.timers.tick(4001);
    assert.equal(told.length, tries);
    one.page(payload(4), "kernel=4");
  }
  assert.equal(seen.at(-1), "page 4");
  now.mock.restore();
  mock.timers.reset();
});

test("what got lost on its way is told again, though the page spoke only once and at once", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let time = performance.now();
  const now = mock.method(performance, "now", () => time);
  const [one] = begin();
  const told = [];
  one.commit({ kernel: "5" }, (name, values) => told.push(values));
  asked[0].answer(payload(5));
  one.told();
  one.heard(payload(4), ""); // another widget's run
  assert.equal(told.length, 1);
  time += 1501;
  mock.timers.tick(1501);
  assert.deepEqual(told.map(plain), [{ kernel: "5" }, { kernel: "5" }]);
  one.heard(payload(5), told[1]["#"]);
  time += 5000;
  mock.timers.tick(5000);
  assert.equal(told.length, 2);
  now.mock.restore();
  mock.timers.reset();
});

test("a page that answers, or refuses, is not told again", async () => {
  for (const answer of [payload(5), payload(4, { error: { message: "no" } })]) {
    const [one] = begin();
    const told = [];
    one.commit({ kernel: "5" }, (name, values) => told.push(values));
    one.page(answer, answer.link);
    assert.equal(one.unheard, null);
    one.told();
    assert.equal(told.length, 1);
  }
});

test("a page that heard a release and went elsewhere is believed: Undo was pressed", async () => {
  const [one, seen] = begin();
  const told = [];
  one.commit({ kernel: "5" }, (name, values) => told.push(values));
  asked[0].answer(payload(5));
  await settle();
  one.page(payload(4), "kernel=4", "another.99");
  assert.equal(seen.at(-1), "live 5");
  one.heard(payload(4), told[0]["#"]);
  one.page(payload(4), "kernel=4", told[0]["#"]);
  assert.deepEqual([seen.at(-1), one.unheard, told.length], ["page 4", null, 1]);
});

test("the page is told in order, once the picture stands or has taken too long", async () => {
  const [one, seen] = begin();
  const told = [];
  one.propose({ kernel: "5" });
  one.commit({ kernel: "5" }, (name, values) => told.push(values.kernel));
  one.commit({ stride: "2" }, (name, values) => told.push(values.stride));
  assert.deepEqual(told, []);
  asked[0].answer(payload(5));
  await settle();
  assert.deepEqual([seen.at(-1), told], ["live 5", []]);
  await new Promise((resolve) => setTimeout(resolve, 350));
  assert.deepEqual(told, ["5", "2"]);
  asked[1].answer(payload(5));
  await settle();
  assert.deepEqual(told, ["5", "2"]);
});

test("an answer to a drag that the page has overtaken is dropped", async () => {
  const [one, seen] = begin();
  one.commit({ kernel: "5" }, () => {});
  one.page(payload(5), "kernel=5");
  asked[0].answer(payload(5, { values: { kernel: "late" } }));
  await settle();
  assert.deepEqual(seen, ["page 4", "page 5"]);
  one.propose({ kernel: "5" });
  assert.equal(asked.length, 2);
});

test("errors keep the payload; a busy server is asked again with the newest state", async () => {
  const [one, seen] = begin();
  one.propose({ kernel: "x" });
  asked[0].answer({ error: { message: "no number" } }, 400);
  await settle();
  assert.equal(seen.at(-1), "error no number");
  assert.equal(one.shown.payload.link, "kernel=4");
  one.propose({ kernel: "5" });
  asked[1].answer({ error: { kind: "Busy" } }, 503, "0.1");
  await settle();
  one.propose({ kernel: "6" });
  await new Promise((resolve) => setTimeout(resolve, 180));
  assert.equal(asked[2].query, "kernel=6");
  asked[2].reject(new TypeError("network"));
  await settle();
  assert.match(seen.at(-1), /connection is lost/);
  one.page(payload(4), "kernel=4");
});
