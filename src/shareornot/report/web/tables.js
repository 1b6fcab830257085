// Tables of the page's data: a caption, headings, rows of text; a cell may carry a tone, a row may be the chosen one.

function renderTable(table) {
  const head = element("tr", {}, ...table.columns.map((column) =>
    element("th", { scope: "col", class: column.numeric ? "number" : "" }, column.title)));
  const body = table.rows.map((row, number) => element(
    "tr", { class: table.chosen?.[number] ? "chosen" : "" },
    ...row.map((text, column) => {
      const tone = table.tones?.[number]?.[column] ?? "";
      const attributes = { class: `${table.columns[column].numeric ? "number" : ""} ${tone}`.trim() };
      return column ? element("td", attributes, text) : element("th", { scope: "row", ...attributes }, text);
    }),
  ));
  const made = element("table", {}, element("caption", {}, table.title), element("thead", {}, head),
    element("tbody", {}, ...body));
  const wide = element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": table.title }, made);
  return element("div", { class: "table" }, wide, element("p", { class: "note" }, tidy(table.notes.join(" "))));
}

function renderTables(id, tables) {
  replaceChildren(id, ...tables.filter((table) => table !== null).map(renderTable));
}
