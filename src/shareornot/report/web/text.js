// Text and numbers for people. Text of a user reaches the document through textContent alone.

function byId(id) {
  return document.getElementById(id);
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

function replaceChildren(id, ...children) {
  byId(id).replaceChildren(...children);
}

// A number and its percent sign stay together.
function tidy(text) {
  return text.replace(/(\d) %/g, "$1\u00a0%");
}

function counted(number, thing) {
  return `${number.toLocaleString("en")} ${thing}${number === 1 ? "" : "s"}`;
}

function rounded(value, digits) {
  const text = value.toFixed(digits);
  return /^-0\.?0*$/.test(text) ? text.slice(1) : text.replace("-", "\u2212");
}

function compact(value) {
  if (value === null || !Number.isFinite(value)) {
    return "none";
  }
  return Number.isInteger(value) ? value.toLocaleString("en") : String(Number(value.toPrecision(4)));
}

// Bokeh takes text between such delimiters for formulas; a character without width keeps them apart.
function plainLabel(text, most = 44) {
  const short = text.length > most ? `${text.slice(0, most - 1)}\u2026` : text;
  return short.replaceAll("$$", "$\u200b$").replaceAll("\\", "\\\u200b").replaceAll("\n", " ");
}
