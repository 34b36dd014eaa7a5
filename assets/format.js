// Numbers as people read them.

/** A number in at most `digits` significant digits, never longer than it needs to be. */
export function short(value, digits = 4) {
  if (value === undefined) return "…";
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  if (value === 0) return "0";
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(Math.min(2, digits - 1)).replace("e+", "e");
  return String(Number(value.toPrecision(digits)));
}

/** How the cells of one grid write their values: as many decimals as the room and range allow. */
export function cellFormat({ largest, whole }, cell) {
  if (largest > 0 && largest < 0.01) return (value) => special(value) ?? (value === 0 ? "0" : value.toExponential(0));
  if (whole && largest < 1000) return (value) => special(value) ?? String(value === 0 ? 0 : value);
  const decimals = largest >= 100 ? 0 : largest >= 10 ? 1 : largest < 1 && cell >= 38 ? 2 : cell >= 42 && largest < 10 ? 2 : 1;
  return (value) => special(value) ?? fixed(value, decimals);
}

function special(value) {
  if (value === undefined) return "";
  return Number.isFinite(value) ? null : short(value);
}

function fixed(value, decimals) {
  if (value === 0) return "0";
  if (Math.abs(value) >= 1e4) return value.toExponential(0).replace("e+", "e");
  return value.toFixed(decimals).replace(/^-(0\.?0*)$/, "$1"); // "0.0" is nearly zero, "0" is zero
}

/** `y[0, 3, 1, 0]` */
export function cellName(name, index) {
  return index.length ? `${name}[${index.join(", ")}]` : name;
}

/** `1 cell`, `2 cells` */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}
