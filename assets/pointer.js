// Mouse, touch and keyboard on one view: where the cursor is, and what is done there.
import { Edits } from "./edits.js";

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** Listen on a view's canvas; `stage` has cursorAt(view, index, start), clear() and the cursor. */
export function listen(stage, view) {
  const edits = new Edits(stage, view);
  const { canvas } = view;
  const at = (event) => view.hit(event.offsetX, event.offsetY);

  canvas.addEventListener("pointermove", (event) => {
    const start = performance.now();
    const index = at(event);
    if (!index) return;
    stage.cursorAt(view, index, start);
    if (edits.painting && event.buttons) edits.paint(index);
  });
  canvas.addEventListener("pointerdown", (event) => {
    const start = performance.now();
    const index = at(event);
    if (!index || event.button) return;
    stage.cursorAt(view, index, start);
    if (stage.guess?.toggle(view, index) || edits.kind !== "paint") return;
    canvas.setPointerCapture(event.pointerId);
    edits.act(index, true);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => edits.release());
  canvas.addEventListener("click", (event) => {
    const index = edits.kind === "pick" && at(event);
    if (index) edits.act(index);
  });
  canvas.addEventListener("dblclick", (event) => {
    const index = at(event);
    if (index) edits.open(index);
  });
  canvas.addEventListener("keydown", (event) => pressed(stage, view, edits, event));
  canvas.addEventListener("focus", () => {
    if (!canvas.matches(":focus-visible")) return;
    if (stage.cursor?.view === view) stage.tell(true); // it stands here already: say where
    else stage.cursorAt(view, view.middle(), performance.now());
  });
  canvas.addEventListener("blur", () => edits.release());
  return edits;
}

function pressed(stage, view, edits, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !view.view) return;
  const start = performance.now();
  const here = stage.cursor?.view === view ? stage.cursor.index : view.middle();
  if (event.key in ARROWS) move(stage, view, view.move(here, ...ARROWS[event.key]), start);
  else if (event.key === "Home") move(stage, view, view.move(here, 0, 0, "start"), start);
  else if (event.key === "End") move(stage, view, view.move(here, 0, 0, "end"), start);
  else if (event.key === "Escape" && stage.cursor?.own) stage.clear(); // the next Escape is the page's
  else if ((event.key === "Enter" || event.key === " ") && stage.guess?.toggle(view, here)) edits.release();
  else if (event.key === "Enter" || event.key === " ") act(edits, here);
  else if (event.key === "F2" || /^[-.\d]$/.test(event.key)) {
    if (!edits.open(here, event.key === "F2" ? undefined : event.key)) return;
  } else return;
  event.preventDefault();
}

function act(edits, index) {
  if (edits.kind === "type") edits.open(index);
  else edits.act(index);
}

function move(stage, view, index, start) {
  stage.cursorAt(view, index, start);
  const scroll = view.element.parentElement;
  const { x, y, width, height } = view.boxOf(index);
  const margin = 8;
  if (x < scroll.scrollLeft) scroll.scrollLeft = x - margin;
  if (y < scroll.scrollTop) scroll.scrollTop = y - margin;
  if (x + width > scroll.scrollLeft + scroll.clientWidth) scroll.scrollLeft = x + width - scroll.clientWidth + margin;
  if (y + height > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = y + height - scroll.clientHeight + margin;
}
