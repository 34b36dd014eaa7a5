// assets/live.js and progress.js with a training run: its picture so far, Stop, and how it ends.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

globalThis.sessionStorage = { getItem: () => "tab", setItem() {} };
const { live } = await import("../../assets/live.js");
const { timeLeft } = await import("../../assets/progress.js");

let asked; // requests under way: {method, path, query, answer}
let number = 0;
const picture = (epochs) => ({ tensors: {}, link: "epochs=9", values: {}, epochs });
const under = (epochs) => ({ progress: { text: `epoch ${epochs}`, share: epochs / 9, left: 9, place: 0 }, so_far: epochs ? picture(epochs) : undefined });
const settle = () => new Promise((resolve) => setImmediate(resolve));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

beforeEach(() => {
  asked = [];
  globalThis.fetch = (address, { method }) =>
    new Promise((resolve) => {
      const answer = (body, status = 200) => resolve({ status, json: async () => body, headers: { get: () => null } });
      asked.push({ method, path: address.pathname, query: address.search.slice(1), answer });
    });
});

function begin() {
  const one = live(`run-${(number += 1)}`);
  const seen = [];
  one.subscribe(({ payload, progress, error }) => seen.push([payload?.epochs ?? null, progress?.text ?? null, error?.kind ?? null]));
  one.reset("epochs=9");
  one.trains = true;
  return [one, seen];
}

test("the picture so far is drawn with its progress, and the page is told at the end", async () => {
  const [one, seen] = begin();
  let told = 0;
  one.wait("epochs=9", () => (told += 1));
  asked[0].answer(under(0), 202);
  await pause(330);
  asked[1].answer(under(3), 202);
  await pause(330);
  assert.deepEqual([seen, told], [[[null, "epoch 0", null], [3, "epoch 3", null]], 0]);
  asked[2].answer(picture(9));
  await settle();
  assert.deepEqual([seen.at(-1), told], [[9, null, null], 1]);
});

test("nothing is trained under a moving hand, only on release", async () => {
  const [one] = begin();
  one.propose({ rate: "1" });
  one.propose({ rate: "2" });
  assert.equal(asked.length, 0);
  one.commit({ rate: "2" }, () => {});
  assert.deepEqual(asked.map((each) => each.query), ["epochs=9&rate=2"]);
  asked[0].answer(picture(9));
  await settle();
});

test("a released state is asked for, and the older run no more", async () => {
  const [one] = begin();
  one.wait("epochs=9", () => assert.fail("the page hears of the release"));
  one.commit({ rate: "2" }, () => {});
  asked[0].answer(under(3), 202);
  await pause(700);
  assert.deepEqual(asked.map((each) => each.query), ["epochs=9", "epochs=9&rate=2"]);
  asked[1].answer(picture(9));
  await settle();
});

test("Stop waits for the question under way, gives up, and asks no more", async () => {
  const [one, seen] = begin();
  one.wait("epochs=9", () => assert.fail("Stop tells the page itself"));
  asked[0].answer(under(3), 202);
  await pause(330);
  const stopped = one.stop();
  await settle();
  assert.equal(asked.length, 2);
  asked[1].answer(under(4), 202);
  await settle();
  assert.deepEqual([asked[2].method, asked[2].path.endsWith("/stop"), asked[2].query], ["POST", true, "epochs=9"]);
  asked[2].answer({ waited: true });
  await stopped;
  await pause(700);
  assert.equal(asked.length, 3);
  assert.deepEqual(seen.at(-1), [3, null, null]);
});

test("a run that ends early shows why over what it had, and is not begun again", async () => {
  const [one, seen] = begin();
  let told = 0;
  one.wait("epochs=9", () => (told += 1));
  asked[0].answer({ ...picture(5), error: { kind: "WorkerDied", message: "it died" } }, 410);
  await pause(700);
  assert.deepEqual([asked.length, told, seen.at(-1)], [1, 1, [5, null, "WorkerDied"]]);
});

test("the time left is said as people say it", () => {
  assert.deepEqual([null, 0.4, 12.4, 89, 200].map(timeLeft), ["", "about a second left", "about 12 s left", "about 89 s left", "about 3 min left"]);
});
