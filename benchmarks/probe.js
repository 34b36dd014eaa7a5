// Runs in every measured page, before the page's own scripts. A picture's time is that of the first
// frame whose start finds it in the page, in every kind of page alike: tensorscope:painted is marked
// at the start of the frame, and what others show is looked at there.
window.bench = (() => {
  const watched = { name: null, default: "", on: false };
  const drawn = []; // [what is shown, ms, source]

  /** The first element that fits, in the page or in a component's shadow root. */
  function find(selector) {
    const outside = document.querySelector(selector);
    if (outside) return outside;
    for (const host of document.querySelectorAll("[data-testid^=stBidiComponent]")) {
      const inside = host.shadowRoot?.querySelector(selector);
      if (inside) return inside;
    }
    return null;
  }

  /** Whether an element is there and has room. */
  const seen = (selector) => find(selector)?.getClientRects().length > 0;

  /** What a page other than ours shows: the echoed line, or the title of a Plotly figure. */
  const shown = () => (document.querySelector("[data-testid=stText], .gtitle")?.textContent ?? "").split(" ").slice(1).join(" ");

  function look() {
    const now = shown();
    if (now && now !== drawn.at(-1)?.[0]) drawn.push([now, performance.now(), "page"]);
    requestAnimationFrame(look);
  }

  /** Begin to note what is drawn; `name` is our parameter, null on other pages. */
  function watch(name, text) {
    drawn.length = 0;
    const running = watched.on;
    Object.assign(watched, { name, default: text, on: true });
    if (running) return;
    if (name === null) return look();
    new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type: "mark" });
  }

  function note(mark) {
    if (mark.name !== "tensorscope:painted" || mark.detail.group === "gradients") return;
    const value = new URLSearchParams(mark.detail.link).get(watched.name) ?? watched.default;
    drawn.push([value, mark.startTime, mark.detail.source]);
  }

  const same = (one, other) => one === other || (one !== "" && Number(one) === Number(other));
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const running = () => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "running";

  /** How many Plotly charts are drawn. */
  const charts = () => document.querySelectorAll(".js-plotly-plot .main-svg:first-of-type").length;

  async function until(ready, patience = 20000) {
    const end = performance.now() + patience;
    for (let found; ; await frame()) {
      if ((found = ready())) return found;
      if (performance.now() > end) throw new Error("nothing was drawn: " + JSON.stringify(drawn.slice(-5)));
    }
  }

  /** Move a control: a browser's range, or the thumb of Dash's slider by one with a key. */
  function move(control, value) {
    if (control.role === "slider") {
      control.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
      return;
    }
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(control, value);
    control.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  }

  const press = (control) => control.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, composed: true }));

  function release(control) {
    if (control.role === "slider") return;
    control.dispatchEvent(new Event("change", { bubbles: true, composed: true }));
    control.dispatchEvent(new PointerEvent("pointerup", { bubbles: true, composed: true }));
  }

  /** Do something; ms until its picture was painted, and until the whole page had followed (`ours`). */
  async function timed(act, value, ours) {
    await until(() => !running());
    drawn.length = 0;
    const began = performance.now();
    act();
    const [, painted] = await until(() => drawn.find((one) => same(one[0], value)));
    if (ours) await until(() => drawn.find((one) => same(one[0], value) && one[2] === "page"));
    await until(() => !running());
    return { painted: painted - began, settled: performance.now() - began };
  }

  /** One number set as a click on its range sets it. */
  function change(selector, value, ours) {
    const control = find(selector);
    const act = () => (press(control), move(control, value), release(control));
    return timed(act, value, ours);
  }

  /** A choice or a switch clicked. */
  const click = (selector, value, ours) => timed(() => find(selector).click(), value, ours);

  /** A drag: one value every `every` ms. What was drawn until `after` ms later, and when the last was. */
  async function drag(selector, values, every, after) {
    const control = find(selector);
    await until(() => !running());
    drawn.length = 0;
    press(control);
    const began = performance.now();
    for (const [place, value] of values.entries()) {
      await new Promise((resolve) => setTimeout(resolve, began + place * every - performance.now()));
      move(control, value);
    }
    const ended = performance.now();
    const last = values.at(-1);
    await new Promise((resolve) => setTimeout(resolve, after));
    const inTime = new Set(drawn.filter(([value]) => values.some((one) => same(one, value))).map(([value]) => String(Number(value))));
    release(control);
    const [, at] = await until(() => drawn.find((one) => same(one[0], last)), 60000);
    return { drawn: inTime.size, late: at - ended };
  }

  return { find, seen, watch, change, click, drag, until, running, charts };
})();
