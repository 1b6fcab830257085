// Files that the page holds itself, made when a reader requests them.

function offerFile(name, text) {
  const type = name.endsWith(".json") ? "application/json" : "text/csv";
  const link = element("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function fileButton(name, make) {
  const button = element("button", { type: "button", class: "file" }, name);
  button.addEventListener("click", async () => offerFile(name, await make()));
  return element("li", {}, button);
}

function listDownloads() {
  const packed = embedded("data-downloads");
  const held = decodeChapter(packed);
  return held.then((filesByName) => replaceChildren("downloads-page",
    ...Object.entries(filesByName).map(([name, text]) => fileButton(name, () => text))));
}

function listChapterDownloads(chapter) {
  const stem = chapter.title.replace(/[^A-Za-z0-9]+/g, "-");
  const links = chapter.files.map((address) =>
    element("li", {}, element("a", { href: address, download: "" }, address.split("/").at(-1))));
  replaceChildren("downloads-chapter",
    fileButton(`scores-${stem}.csv`, scoresAsCsv), fileButton(`regret-${stem}.csv`, regretAsCsv), ...links);
}

function csvLine(values) {
  return values.map((value) => {
    const text = String(value ?? "");
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }).join(",");
}

function scoresAsCsv() {
  const { points, features } = cloud.chapter;
  const head = ["supernet", "architecture", "score", "standalone", ...features.map((feature) => feature.name)];
  const lines = points.architecture.map((row, at) => csvLine([
    points.supernets[cloud.supernet[at]], architectureName(row), cloud.proxy[at].toPrecision(6),
    cloud.standalone[at].toFixed(5), ...features.map((feature) => featureText(feature, row)),
  ]));
  return [csvLine(head), ...lines, ""].join("\n");
}

function regretAsCsv() {
  const lines = Object.entries(regret.curves).flatMap(([name, curve]) => curve.time_s.map((time, at) =>
    csvLine([name, time, curve.mean[at], curve.low[at], curve.high[at]])));
  return [`search,time_${regret.unit === "seconds" ? "s" : "trainings"},mean,low,high`, ...lines, ""].join("\n");
}

// A figure as a picture, in the colours of the page, at twice its size on the screen.
function offerPictures() {
  document.querySelectorAll("button.png").forEach((button) => button.addEventListener("click", () => {
    const name = button.dataset.figure;
    const drawn = figureView(name).export("auto", false).canvas;
    const scale = drawn.width / byId(`figure-${name}`).clientWidth, margin = 24 * scale;
    const picture = element("canvas", { width: drawn.width, height: drawn.height + 2 * margin });
    const context = picture.getContext("2d");
    context.fillStyle = colourOf("panel");
    context.fillRect(0, 0, picture.width, picture.height);
    context.drawImage(drawn, 0, margin);
    context.fillStyle = colourOf("ink");
    context.font = `${13 * scale}px ${FONT}`;
    context.fillText(byId(`${name}-y`)?.textContent ?? "", 6 * scale, 16 * scale);
    context.textAlign = "center";
    context.fillText(byId(`${name}-x`).textContent, picture.width / 2, picture.height - 8 * scale);
    const stem = shownChapter.title.replace(/[^A-Za-z0-9]+/g, "-");
    element("a", { href: picture.toDataURL("image/png"), download: `${name}-${stem}.png` }).click();
  }));
}
