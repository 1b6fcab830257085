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

// Keep numbers with their percent signs, `±` and `p =` on one line, and print minus signs; as in `page.py`.
function tidy(text) {
  return text
    .replace(/(\d) ?%/g, "$1\u00a0%")
    .replace(/ ± (?=\d)/g, "\u00a0±\u00a0")
    .replace(/\bp ([=<]) (?=\d)/g, "p\u00a0$1\u00a0")
    .replace(/(^|[\s(])-(?=\d)/g, "$1\u2212");
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

// Links from the first mention of each term to its definition.
function linked(text) {
  const terms = [...document.querySelectorAll(".terms dt")].map((term) => ({ id: term.id, words: term.textContent }));
  const pattern = terms.map(({ words }) => words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace("\\ ", " ")).sort((a, b) => b.length - a.length);
  const found = new RegExp(`(?<![\\w-])(${pattern.join("|")})(?![\\w-])`, "gi");
  const parts = [], seen = new Set();
  let from = 0;
  for (const match of text.replaceAll("\u00a0", " ").matchAll(found)) {
    const term = terms.find(({ words }) => words.toLowerCase() === match[0].toLowerCase());
    if (seen.has(term.id)) {
      continue;
    }
    seen.add(term.id);
    parts.push(text.slice(from, match.index),
      element("a", { href: `#${term.id}`, class: "term" }, text.slice(match.index, match.index + match[0].length)));
    from = match.index + match[0].length;
  }
  return [...parts, text.slice(from)];
}

function linkWithin(place) {
  for (const node of [...place.childNodes]) {
    if (node.nodeType === Node.TEXT_NODE) {
      node.replaceWith(...linked(node.textContent));
    }
  }
}

function copyButton(text) {
  const button = element("button", { type: "button", class: "copy" }, "Copy");
  button.addEventListener("click", async () => {
    button.textContent = await copyText(text) ? "Copied" : "Not copied";
  });
  for (const departure of ["pointerleave", "blur"]) {
    button.addEventListener(departure, () => { button.textContent = "Copy"; });
  }
  return button;
}

// Browsers that refuse the clipboard to a page from a file copy what is selected.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = element("textarea", { class: "unseen" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

// Bokeh takes text between such delimiters for formulas; a character without width keeps them apart.
function plainLabel(text, most = 44) {
  const short = text.length > most ? `${text.slice(0, most - 1)}\u2026` : text;
  return short.replaceAll("$$", "$\u200b$").replaceAll("\\", "\\\u200b").replaceAll("\n", " ");
}
