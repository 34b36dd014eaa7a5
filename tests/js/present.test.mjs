// assets/present.js: which key does what where, and where a step leads.
import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.sessionStorage = { getItem: () => "tab", setItem() {} };
const { action, placeAfter } = await import("../../assets/present.js");
const does = (focus) => (key) => action(key, focus);

test("with the focus nowhere every key of a presenter does its work", () => {
  const keys = ["PageDown", "PageUp", "ArrowRight", "ArrowLeft", "Home", "n", "P", "c", "f", "?", "Escape", "x", "Enter"];
  assert.deepEqual(keys.map(does({})), ["next", "previous", "next", "previous", "first", "next", "previous", "controls", "full", "hint", "leave", "", ""]);
});

test("who types is left alone, and so is an open list", () => {
  for (const focus of [{ writes: true, moves: true }, { opens: true, moves: true }]) {
    assert.deepEqual(["PageDown", "n", "Home", "ArrowRight", "Escape"].map(does(focus)), ["", "", "", "", ""]);
  }
});

test("the stage and sliders keep their arrows; a clicker steps unless the slider is in keyboard hands", () => {
  assert.deepEqual(["ArrowRight", "Home", "PageDown", "n"].map(does({ moves: true })), ["", "", "next", "next"]);
  assert.deepEqual(["ArrowRight", "PageDown", "n"].map(does({ moves: true, slides: true })), ["", "", "next"]);
  assert.deepEqual(["n", "PageDown", "Escape"].map(does({ lists: true, moves: true })), ["", "", "leave"]);
});

test("steps stop at both ends, and the start is a place where no first preset shows it", () => {
  const apart = [{ values: { kernel: "3" } }, { values: {} }];
  assert.deepEqual([["next", -1], ["next", 1], ["previous", 0], ["previous", -1], ["first", 1]].map(([step, last]) => placeAfter(step, last, apart)), [0, 1, -1, -1, -1]);
  const same = [{ values: {} }, { values: { kernel: "3" } }];
  assert.deepEqual([["previous", 1], ["previous", 0], ["first", 1]].map(([step, last]) => placeAfter(step, last, same)), [0, 0, 0]);
});
