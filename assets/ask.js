// One request to /api/labs/<lab>, wherever the app is mounted (docs/api.md).

const PATIENCE = 60_000; // ms until a request counts as lost
const base = new URL("..", import.meta.url);

/** [status, body, seconds to wait]; status 0 when there was no answer. */
export async function ask(lab, query) {
  const address = new URL(`api/labs/${lab.split("/").map(encodeURIComponent).join("/")}${query ? `?${query}` : ""}`, base);
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await fetch(address, { headers: { "X-Tensorscope-Client": client() }, signal });
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
