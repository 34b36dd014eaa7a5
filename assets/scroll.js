// Remembers how far a page was scrolled in this tab, for each address, and scrolls back there.
// A Streamlit component that draws nothing. Streamlit scrolls to the top whenever a page is opened.
const PATIENCE = 3000; // ms in which the page may still grow to the place it was left at
const DOING = ["wheel", "touchstart", "keydown", "pointerdown"]; // who acts is not pulled back

let end = () => {};

export default function scroll({ data }) {
  const main = document.querySelector('[data-testid="stMain"]');
  if (!main || main.dataset.remembers === data.of) return undefined;
  main.dataset.remembers = data.of;
  const key = () => `tensorscope:scroll:${window.location.pathname}${window.location.search}`;
  const keep = () => sessionStorage.setItem(key(), String(main.scrollTop));
  const stop = restore(main, Number(sessionStorage.getItem(key())) || 0);
  main.addEventListener("scroll", keep, { passive: true });
  end = () => {
    stop();
    main.removeEventListener("scroll", keep);
    delete main.dataset.remembers;
  };
  return end;
}

/** Scroll to a place as soon as the page is long enough for it, and hold it there until somebody acts. */
function restore(main, wanted) {
  const until = performance.now() + PATIENCE;
  let running = wanted > 0;
  const stop = () => {
    running = false;
    for (const name of DOING) window.removeEventListener(name, stop, true);
  };
  const step = () => {
    if (!running || performance.now() > until) return stop();
    if (main.scrollTop !== wanted && main.scrollHeight - main.clientHeight >= wanted) main.scrollTop = wanted;
    return requestAnimationFrame(step);
  };
  for (const name of DOING) window.addEventListener(name, stop, true);
  step();
  return stop;
}
