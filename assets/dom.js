// Making elements. Text always goes in as text, never as markup.

/** An element with a class, attributes (null leaves one out) and children (nodes or text). */
export function el(tag, className = "", attributes = {}, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== ""));
  return node;
}

/** Set text only when it changed, so that screen readers and layout are left alone. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

let ids = 0;

/** A new id, for labels inside one shadow root. */
export function newId(prefix) {
  ids += 1;
  return `${prefix}-${ids}`;
}

/**
 * One instance per shadow root: `create()` the first time, the same one afterwards.
 *
 * Streamlit calls the returned cleanup when the component goes, but also for a call that was
 * overtaken while the module still loaded; so the instance ends only if it has left the page.
 */
export function keep(instances, parent, create) {
  let instance = instances.get(parent);
  if (!instance) {
    instance = create();
    instances.set(parent, instance);
  }
  const cleanup = () =>
    setTimeout(() => {
      if ((parent.host ?? parent).isConnected || instances.get(parent) !== instance) return;
      instances.delete(parent);
      instance.end();
    }, 0);
  return [instance, cleanup];
}
