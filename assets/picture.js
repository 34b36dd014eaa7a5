// The stage as it is on the screen, as a PNG at twice its size: canvases are drawn anew for it, text is
// written where the browser put it. A title above and the link below, in small print.
import { scaled } from "./canvas.js";

const SCALE = 2;
const MARGIN = 24; // CSS pixels
const HEAD = 44; // for the title
const FOOT = 34; // for the link
const MOST = 12_000; // pixels along a side that browsers can draw
const shown = new Map();

/** A stage says that it shows a lab's main picture; returns what takes that back. */
export function offer(lab, stage) {
  shown.set(lab, stage);
  return () => shown.get(lab) === stage && shown.delete(lab);
}

/** The PNG of a lab's stage as a Blob; null while it shows nothing. */
export async function pictureOf(lab, { title, address }) {
  const stage = shown.get(lab);
  if (!stage?.model || !stage.root.clientWidth) return null;
  const canvas = document.createElement("canvas");
  scaled(SCALE, () => {
    stage.draw();
    const below = stage.root.querySelector(".below"); // it sticks to the window's foot, over what is behind it
    if (below) below.style.position = "static";
    compose(canvas, stage.root, title, address);
    if (below) below.style.position = "";
  });
  stage.draw();
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function compose(canvas, root, title, address) {
  const room = root.getBoundingClientRect();
  const [width, height] = [room.width + 2 * MARGIN, room.height + 2 * MARGIN + HEAD + FOOT];
  const ratio = Math.min(SCALE, MOST / width, MOST / height);
  [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  const context = canvas.getContext("2d");
  const style = getComputedStyle(root);
  const ground = style.getPropertyValue("--st-background-color").trim() || "#ffffff";
  context.scale(ratio, ratio);
  context.fillStyle = ground;
  context.fillRect(0, 0, width, height);
  line(context, title, `600 24px ${style.fontFamily}`, style.color, MARGIN + 24, width);
  line(context, address, `13px ${style.fontFamily}`, style.color, height - MARGIN, width);
  context.translate(MARGIN - room.left, MARGIN + HEAD - room.top);
  walk(context, root);
}

function line(context, text, font, colour, y, width) {
  Object.assign(context, { font, fillStyle: colour, textBaseline: "alphabetic", textAlign: "left" });
  context.fillText(text, MARGIN, y, width - 2 * MARGIN);
}

/** An element with what is in it: its ground, its canvases, its text; what scrolls is cut off as on the screen. */
function walk(context, element) {
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  if (style.display === "none" || style.visibility === "hidden" || style.clipPath !== "none" || !box.width) return;
  context.save();
  if (style.overflow !== "visible") clip(context, box);
  ground(context, style, box);
  if (element.tagName === "CANVAS") context.drawImage(element, box.left, box.top, box.width, box.height);
  else if (element.tagName === "SELECT") write(context, style, element.selectedOptions[0]?.text ?? "", box.left + 7, box);
  else for (const child of element.childNodes) child.nodeType === 3 ? text(context, style, child) : child.nodeType === 1 && walk(context, child);
  context.restore();
}

function clip(context, box) {
  context.beginPath();
  context.rect(box.left, box.top, box.width, box.height);
  context.clip();
}

function ground(context, style, box) {
  if (/^rgba\(.*, 0\)$|^transparent$/.test(style.backgroundColor)) return;
  context.fillStyle = style.backgroundColor;
  context.beginPath();
  context.roundRect(box.left, box.top, box.width, box.height, Math.min(12, parseFloat(style.borderRadius) || 0));
  context.fill();
}

/** A text, line by line: where the browser broke it, a word begins further down. */
function text(context, style, node) {
  const range = document.createRange();
  for (const { index, 0: word } of node.data.matchAll(/\S+/g)) {
    range.setStart(node, index);
    range.setEnd(node, index + word.length);
    const box = range.getBoundingClientRect();
    if (box.width) write(context, style, word, box.left, box);
  }
}

function write(context, style, word, x, box) {
  context.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  Object.assign(context, { fillStyle: style.color, textBaseline: "middle", textAlign: "left" });
  context.fillText(word, x, box.top + box.height / 2);
}
