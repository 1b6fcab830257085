// Tables of the page's data: a caption, titles that sort, rows of text; a value may carry a tone.

function renderTable(table) {
  const body = element("tbody");
  const order = table.rows.map((_, number) => number);
  const fillBody = () => body.replaceChildren(...order.map((number) => tableRow(table, number)));
  const titles = table.columns.map((column, position) => {
    const button = element("button", { type: "button", class: "sort", title: "Sort" }, column.title || "\u00a0");
    const title = element("th", { scope: "col", class: column.numeric ? "number" : "" }, button);
    button.addEventListener("click", () => {
      const ascending = title.getAttribute("aria-sort") === "ascending";
      titles.forEach((one) => one.removeAttribute("aria-sort"));
      title.setAttribute("aria-sort", ascending ? "descending" : "ascending");
      order.sort((a, b) => inOrder(table.keys[a][position], table.keys[b][position], ascending ? -1 : 1) || a - b);
      fillBody();
    });
    return title;
  });
  fillBody();
  const made = element("table", {}, element("caption", {}, table.title),
    element("thead", {}, element("tr", {}, ...titles)), body);
  const wide = element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": table.title }, made);
  return element("div", { class: "table" }, wide, element("p", { class: "note" }, ...linked(tidy(table.notes.join(" ")))));
}

function tableRow(table, number) {
  return element(
    "tr", { class: table.chosen?.[number] ? "chosen" : "" },
    ...table.rows[number].map((text, column) => {
      const tone = table.tones?.[number]?.[column] ?? "";
      const attributes = { class: `${table.columns[column].numeric ? "number" : ""} ${tone}`.trim() };
      const shown = table.make?.[column]?.(number, text) ?? text;
      return column ? element("td", attributes, shown) : element("th", { scope: "row", ...attributes }, shown);
    }),
  );
}

// Empty values come last, whichever way the others are sorted.
function inOrder(one, other, sign) {
  if (one === null || other === null || one === "" || other === "") {
    return Number(one === null || one === "") - Number(other === null || other === "");
  }
  const numbers = typeof one === "number" && typeof other === "number";
  return sign * (numbers ? one - other : String(one).localeCompare(String(other), "en", { numeric: true }));
}

function renderTables(id, tables) {
  replaceChildren(id, ...tables.filter((table) => table !== null).map(renderTable));
}

// Architectures to train: each with a button that copies its text.
function withCopies(table) {
  const architecture = table.columns.findIndex((column) => column.title === "architecture");
  return { ...table, make: { [architecture]: (number, text) =>
    element("span", { class: "copied" }, element("code", {}, text.length > 90 ? `${text.slice(0, 89)}\u2026` : text), copyButton(text)) } };
}

// Super-nets: each with its loss as a line, where it is known.
function withLosses(table, losses) {
  if (table === null || !Object.keys(losses).length) {
    return table;
  }
  const names = table.rows.map((row) => row[0]);
  const last = (name) => losses[name]?.at(-1) ?? null;
  return {
    ...table,
    columns: [...table.columns, { title: "training loss", numeric: true }],
    rows: table.rows.map((row) => [...row, last(row[0]) === null ? "\u2013" : rounded(last(row[0]), 3)]),
    keys: table.keys.map((keys, number) => [...keys, last(names[number])]),
    make: { [table.columns.length]: (number, text) => (losses[names[number]]
      ? element("span", { class: "loss" }, lossLine(losses[names[number]]), ` ${text}`) : text) },
    notes: [...table.notes, "Training loss: mean cross-entropy in each epoch, and its last value."],
  };
}

function lossLine(values) {
  const known = values.filter((value) => value !== null);
  const low = Math.min(...known), high = Math.max(...known), span = high - low || 1;
  const points = values.map((value, at) => (value === null ? null
    : `${(at / Math.max(values.length - 1, 1) * 116 + 2).toFixed(1)},${(26 - (value - low) / span * 22).toFixed(1)}`));
  const line = svg("svg", { viewBox: "0 0 120 28", class: "spark", role: "img" });
  line.append(svg("title", {}, `Loss from ${rounded(values.find((value) => value !== null), 3)} to ${rounded(known.at(-1), 3)}`),
    svg("polyline", { points: points.filter((point) => point !== null).join(" ") }));
  return line;
}
