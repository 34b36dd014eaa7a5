// Colours: the theme as the canvas needs it, and the scales from values to colours.
//
// Blue and orange-brown differ for every common kind of colour blindness; zero is the
// background's own white or dark grey, so the same meaning has the same colour on every page.

const LIGHT = {
  positive: ["#ffffff", "#a9c4e2", "#5a8bc4", "#1a5aa6"],
  negative: ["#ffffff", "#e5c5a6", "#cf9560", "#ac5207"],
  sequential: ["#f4f8f8", "#a6d3d0", "#4d9f9d", "#0b5a5d"],
  mask: ["#e6e9ed", "#2f7f8c"],
  linked: "#e69a00",
  cursor: "#11151a",
  mark: "#7a1fa2",
  rule: "#dde2e8", // between cells
  padding: ["#edf0f3", "#c3cad3"],
  odd: ["#f1dcf3", "#c583cb"], // NaN and infinity
  oddText: "#5d1766",
};
const DARK = {
  positive: ["#2a3038", "#2f5580", "#4787c9", "#93c4fb"],
  negative: ["#2a3038", "#6d4a2a", "#b8722e", "#fcb469"],
  sequential: ["#20282c", "#1f5557", "#3a9391", "#9be3dc"],
  mask: ["#333a43", "#4fb0be"],
  linked: "#ffb52e",
  cursor: "#ffffff",
  mark: "#d79bf0",
  rule: "#14181d",
  padding: ["#1f242b", "#3d4651"],
  odd: ["#4a2950", "#9a5aa3"],
  oddText: "#f6d5fa",
};
// High contrast: ends of the scales as far apart as they go, lines that can be seen alone.
const LIGHT_MORE = {
  positive: ["#ffffff", "#8fb3dc", "#3a6fb0", "#003a7d"],
  negative: ["#ffffff", "#dcae82", "#b56a22", "#7a3600"],
  sequential: ["#ffffff", "#7fbfbb", "#2f807e", "#003b3d"],
  mask: ["#ffffff", "#004b57"],
  linked: "#b34700",
  cursor: "#000000",
  mark: "#5b0f86",
  rule: "#5f6872",
  padding: ["#ffffff", "#4a4f57"],
  odd: ["#ffffff", "#8a1f96"],
  oddText: "#4a0050",
  text: "#000000",
  background: "#ffffff",
};
const DARK_MORE = {
  positive: ["#000000", "#2a5f9e", "#6fb0f5", "#d6e9ff"],
  negative: ["#000000", "#8a5420", "#e09a4e", "#ffe0bd"],
  sequential: ["#000000", "#1f6b6e", "#4fc0bd", "#d2fffb"],
  mask: ["#000000", "#7fe3f0"],
  linked: "#ffc24d",
  cursor: "#ffffff",
  mark: "#e5b8ff",
  rule: "#9aa4b0",
  padding: ["#000000", "#b0b8c2"],
  odd: ["#2b0030", "#ff9bff"],
  oddText: "#ffd9ff",
  text: "#ffffff",
  background: "#000000",
};
const FORCED = { text: "CanvasText", background: "Canvas", cursor: "CanvasText", linked: "Highlight", rule: "CanvasText" };
const STEPS = 256;

/** `#rgb`, `#rrggbb` or `rgb(…)` as three numbers. */
export function rgb(text) {
  const hex = /^#([0-9a-f]{6}|[0-9a-f]{3})/i.exec(text.trim())?.[1];
  if (hex) {
    const wide = hex.length === 3 ? [...hex].map((digit) => digit + digit).join("") : hex;
    return [0, 2, 4].map((at) => parseInt(wide.slice(at, at + 2), 16));
  }
  const parts = text.match(/[\d.]+/g)?.map(Number) ?? [];
  return parts.length >= 3 ? parts.slice(0, 3) : [255, 255, 255];
}

const brightness = ([r, g, b]) => (0.299 * r + 0.587 * g + 0.114 * b) / 255;

/** What a colour of the system, such as CanvasText, is now: a canvas is not told. */
function resolved(element, name) {
  const probe = document.createElement("span");
  probe.style.cssText = `color: ${name}; forced-color-adjust: none; display: none`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** The colours of the system, where it forces its own on every page. */
function forcedColours(element) {
  if (!matchMedia("(forced-colors: active)").matches) return null;
  return Object.fromEntries(Object.entries(FORCED).map(([use, name]) => [use, resolved(element, name)]));
}

/** The theme around an element. `key` changes when, and only when, it does. */
export function themeOf(element) {
  const style = getComputedStyle(element);
  const forced = forcedColours(element);
  const ground = forced?.background ?? (style.getPropertyValue("--st-background-color").trim() || "#ffffff");
  const dark = brightness(rgb(ground)) < 0.5;
  const more = forced !== null || style.getPropertyValue("--contrast").trim() === "more";
  const text = style.getPropertyValue("--st-text-color").trim() || (dark ? "#e8ebef" : "#1c232b");
  const font = style.fontFamily || "sans-serif";
  const codeFont = style.getPropertyValue("--st-code-font").trim() || "monospace";
  const plain = { ...(dark ? DARK : LIGHT), background: ground, text };
  const colours = { ...plain, ...(more && (dark ? DARK_MORE : LIGHT_MORE)), ...forced };
  return { ...colours, zoom: 1, dark, more, font, codeFont, key: [colours.background, colours.text, more, font].join("|") };
}

/** Colours between the given ones, evenly, as a table of STEPS × 3 bytes. */
function ramp(stops) {
  const colours = stops.map(rgb);
  const table = new Uint8Array(STEPS * 3);
  for (let step = 0; step < STEPS; step += 1) {
    const place = (step / (STEPS - 1)) * (colours.length - 1);
    const left = Math.min(Math.floor(place), colours.length - 2);
    for (let part = 0; part < 3; part += 1) {
      const [from, to] = [colours[left][part], colours[left + 1][part]];
      table[step * 3 + part] = Math.round(from + (to - from) * (place - left));
    }
  }
  return table;
}

const ramps = new Map();

function table(stops) {
  const key = stops.join();
  if (!ramps.has(key)) ramps.set(key, ramp(stops));
  return ramps.get(key);
}

/** A function from a finite value to a place in a table: (value, out) fills three bytes. */
export function scale(kind, range, theme) {
  const pick = (colours, share, out) => {
    const step = Math.round(Math.min(1, Math.max(0, share)) * (STEPS - 1)) * 3;
    [out[0], out[1], out[2]] = [colours[step], colours[step + 1], colours[step + 2]];
  };
  if (kind === "image") return (value, out) => out.fill(Math.round(Math.min(1, Math.max(0, value)) * 255), 0, 3);
  if (kind === "mask") {
    const [off, on] = theme.mask.map(rgb);
    return (value, out) => ([out[0], out[1], out[2]] = value ? on : off);
  }
  if (kind === "sequential") {
    const [colours, low] = [table(theme.sequential), Math.min(0, range.low)];
    const span = range.high - low || 1;
    return (value, out) => pick(colours, (value - low) / span, out);
  }
  const [up, down, most] = [table(theme.positive), table(theme.negative), range.largest || 1];
  return (value, out) => pick(value < 0 ? down : up, Math.abs(value) / most, out);
}

const linear = (part) => (part <= 10 ? part / 3294 : ((part / 255 + 0.055) / 1.055) ** 2.4);
const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);

/** Black or white, whichever reads better on a colour. */
export function inkOn(colour) {
  return luminance(colour) > 0.19 ? "#11161c" : "#ffffff";
}
