// One request to /api/labs/<lab>, wherever the app is mounted (docs/api.md).

const PATIENCE = 60_000; // ms until a request counts as lost
const base = new URL("..", import.meta.url);

/** [status, body, seconds to wait]; status 0 when there was no answer. */
export const ask = (lab, query) => send(lab, query, "GET");

/** This tab waits no more for a training run. */
export const giveUp = (lab, query) => send(`${lab}/stop`, query, "POST");

async function send(lab, query, method) {
  const address = new URL(`api/labs/${lab.split("/").map(encodeURIComponent).join("/")}${query ? `?${query}` : ""}`, base);
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await fetch(address, { method, headers: { "X-Tensorscope-Client": client() }, signal });
    const body = await response.json().catch(() => ({}));
    return [response.status, body, Number(response.headers.get("Retry-After")) || 0];
  } catch {
    return [0, {}, 0];
  }
}

/** A random name of this tab, so that the server can be fair to all of them. */
function client() {
  try {
    const name = "tensorscope-client";
    const known = sessionStorage.getItem(name) ?? crypto.randomUUID?.() ?? String(Math.random()).slice(2);
    sessionStorage.setItem(name, known);
    return known;
  } catch {
    return "no-storage";
  }
}
