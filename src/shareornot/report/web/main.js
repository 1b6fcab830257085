// Which chapter is shown, and what belongs to it.

let views = null;
let shownChapter = null;

function model(name) {
  return Bokeh.documents[0].get_model_by_name(name);
}

function figureView(name) {
  return views.find_one(model(name));
}

async function start() {
  const [packed, documents, items, sizes] =
    ["data-chapters", "data-documents", "data-places", "data-sizes"].map(embedded);
  Bokeh.logger?.set_level?.("warn");
  [views] = await Bokeh.embed.embed_items(documents, items);
  makeRoom(sizes);
  listenToTheme(paint);
  listenToCloud();
  listenToRegret();
  listenToChoice(packed);
  listenToPrinting();
  offerPictures();
  leaveTabsToThePage();
  document.querySelectorAll(".linked, .verdict > p:not(.word), #verdict .details li").forEach(linkWithin);
  await Promise.all([showChapter(packed, chapterOfAddress(packed.length)), listDownloads()]);
  document.documentElement.dataset.ready = "yes";
}

function chapterOfAddress(count) {
  const number = Number(/^#chapter-(\d+)$/.exec(location.hash)?.[1] ?? 1) - 1;
  return number >= 0 && number < count ? number : 0;
}

async function showChapter(packed, number) {
  const chapter = await decodeChapter(packed[number]);
  shownChapter = chapter;
  byId("chapter-choice").value = String(number);
  document.querySelectorAll("button[data-chapter]").forEach((button) =>
    button.setAttribute("aria-pressed", String(button.dataset.chapter === String(number))));
  showWords(chapter);
  offerColours(chapter);
  setCloudChapter(chapter);
  replaceChildren("architecture-panel", element("p", { class: "hint" }, byId("architecture-panel").dataset.hint));
  const { tables } = chapter;
  renderTables("ranking-tables", [tables.ranking]);
  renderTables("best-tables", [tables.best && withCopies(tables.best)]);
  renderTables("differences-tables", [tables.differences]);
  renderTables("audit-tables", [tables.effects, tables.groups, tables.costs]);
  renderTables("supernets-tables", [withLosses(tables.supernets, chapter.losses)]);
  renderTables("ceiling-tables", [tables.ceiling, tables.baselines]);
  byId("ceiling-none").hidden = chapter.tables.ceiling !== null;
  byId("audit-some").hidden = !chapter.effects.length;
  byId("audit-none").hidden = Boolean(chapter.effects.length);
  replaceChildren("audit-sentences", ...chapter.sentences.map((text) => element("li", {}, ...linked(tidy(text)))));
  listChapterDownloads(chapter);
  paint();
}

function showWords(chapter) {
  const { points } = chapter;
  document.querySelectorAll("[data-chapter-title]").forEach((place) => { place.textContent = chapter.title; });
  byId("chapter-about").textContent = chapter.about;
  const questions = { helped: "Did sharing weights help?", trust: "Can the scores be trusted?" };
  replaceChildren("chapter-answers", ...Object.entries(questions).map(([name, question]) => {
    const [answer, word, sentence] = chapter.verdict[name];
    return element("div", { class: `verdict ${answer.replaceAll(" ", "-")}` },
      element("h3", {}, question), element("p", { class: "word" }, word), element("p", {}, ...linked(tidy(sentence))));
  }));
  replaceChildren("chapter-details", ...chapter.verdict.details.map((text) => element("li", {}, ...linked(tidy(text)))));
  replaceChildren("chapter-notes", ...chapter.notes.map((text) => element("li", {}, tidy(text))));
  replaceChildren("chapter-numbers", ...chapter.numbers.map(({ label, value, note }) => element("div", {},
    element("dt", {}, label), element("dd", { class: "value" }, value), element("dd", { class: "soft" }, note))));
  const drawn = points.architecture.length;
  const share = drawn < points.num_scores ? `${drawn.toLocaleString("en")} of ` : "";
  byId("cloud-count").textContent =
    `${share}${counted(points.num_scores, "score")} by ${counted(points.supernets.length, "super-net")}.`;
}

// Bokeh makes its canvases tab stops; the figures around them are those of the page, and show the focus.
function leaveTabsToThePage(place = document.body) {
  for (const one of place.querySelectorAll("*")) {
    if (one.shadowRoot) {
      one.shadowRoot.querySelectorAll("[tabindex]").forEach((stop) => stop.setAttribute("tabindex", "-1"));
      leaveTabsToThePage(one.shadowRoot);
    }
  }
}

function offerColours(chapter) {
  const options = [["supernet", "super-net"], ["residual", "over- and under-rating (rank residual)"],
    ...chapter.features.map((feature, number) => [`feature-${number}`, feature.label])];
  const before = byId("cloud-colour").selectedOptions[0]?.textContent;
  replaceChildren("cloud-colour", ...options.map(([value, text]) => element("option", { value }, text)));
  // a reader who has chosen a colour keeps it from chapter to chapter
  const kept = byId("cloud-colour").dataset.touched ? options.find(([, text]) => text === before) : null;
  byId("cloud-colour").value = kept ? kept[0] : chapter.colour;
  const supernets = chapter.points.supernets.map((name, number) => [String(number), name]);
  const all = supernets.length > 1 ? [["all", "all together"]] : [];
  replaceChildren("cloud-supernet", ...[...all, ...supernets].map(([value, text]) => element("option", { value }, text)));
}

function paint() {
  ["cloud", "above", "beside", "regret", "effects"].forEach((name) => paintFigure(model(name)));
  for (const name of ["above", "beside"]) {
    [...model(name).below, ...model(name).left, ...model(name).center].forEach((part) => { part.visible = false; });
  }
  paintRegret();
  paintEffects();
  drawCloud();
  drawRegret(shownChapter);
  drawEffects(shownChapter.effects);
}

function listenToChoice(packed) {
  const choose = (number) => {
    history.replaceState(null, "", `#chapter-${number + 1}`);
    return showChapter(packed, number);
  };
  byId("chapter-choice").addEventListener("change", (event) => choose(Number(event.target.value)));
  byId("cloud-colour").addEventListener("change", (event) => { event.target.dataset.touched = "yes"; });
  document.querySelectorAll("button[data-chapter]").forEach((button) => button.addEventListener("click", async () => {
    await choose(Number(button.dataset.chapter));
    byId("chapter").scrollIntoView({ block: "start" });
  }));
}

// Paper has no script: each figure leaves a copy of its canvas, which the style sheet fits to the sheet.
function listenToPrinting() {
  window.addEventListener("beforeprint", () => {
    document.documentElement.dataset.printed = themeNow();
    for (const name of ["cloud", "above", "beside", "regret", "effects"]) {
      const drawn = figureView(name).export("auto", false).canvas;
      const copy = element("canvas", { class: "printed", width: drawn.width, height: drawn.height, "aria-hidden": "true" });
      copy.getContext("2d").drawImage(drawn, 0, 0);
      byId(`figure-${name}`).append(copy);
    }
  });
  window.addEventListener("afterprint", () => document.querySelectorAll("canvas.printed").forEach((copy) => copy.remove()));
}

start().catch((error) => {
  const words = `The figures could not be drawn: ${error.message}. A browser from 2023 or later is needed.`;
  byId("failure").textContent = words;
  byId("failure").hidden = false;
  console.error(error);
});
