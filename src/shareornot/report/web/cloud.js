// The cloud of scores against standalone accuracies, or of rank against rank, coloured by a feature.

const NUM_BARS = 60;
const cloud = { chapter: null, places: null, shown: [], chosen: -1 };

// What is drawn of each score, computed once a chapter.
function setCloudChapter(chapter) {
  const points = chapter.points;
  cloud.chapter = chapter;
  cloud.supernet = points.counts.flatMap((count, supernet) => new Array(count).fill(supernet));
  cloud.proxy = columnValues(points.proxies);
  const standalone = columnValues(chapter.standalone);
  cloud.standalone = points.architecture.map((row) => standalone[row]);
  cloud.proxyRank = columnValues(points.proxy_ranks).map((share) => share * 100);
  cloud.standaloneRank = columnValues(points.standalone_ranks).map((share) => share * 100);
  cloud.residual = cloud.proxyRank.map((rank, at) => rank - cloud.standaloneRank[at]);
  cloud.chosen = -1;
}

// Colourings: of all scores, with the words of a legend. Categories keep their colour whatever is shown.
function colouring(name) {
  const { architecture, supernets } = cloud.chapter.points;
  if (name === "supernet") {
    return categories(cloud.supernet, supernets, "super-net");
  }
  if (name === "residual") {
    return signedNumbers(cloud.residual, "rank by score minus true rank, points");
  }
  const feature = cloud.chapter.features[Number(name.slice("feature-".length))];
  const values = columnValues(feature);
  const ofPoints = architecture.map((row) => values[row]);
  switch (feature.kind) {
    case "words": return categories(ofPoints, feature.levels, feature.label);
    case "truth": return categories(ofPoints.map((has) => (has === null ? null : 1 - has)), ["yes", "no"], feature.label);
    default: return numbers(ofPoints, feature.label);
  }
}

function categories(codes, words, label) {
  const palette = OKABE_ITO[themeNow()], rest = OTHERS[themeNow()];
  const counts = words.map(() => 0);
  codes.forEach((code) => { if (code !== null) { counts[code]++; } });
  const ranked = words.map((_, code) => code).filter((code) => words[code] !== "" && counts[code]);
  if (ranked.length > palette.length) {
    ranked.sort((a, b) => counts[b] - counts[a]);
  }
  const colours = new Map(ranked.slice(0, palette.length).map((code, number) => [code, palette[number]]));
  const group = codes.map((code) => colours.get(code) ?? rest);
  const entries = [...colours].map(([code, colour]) => ({ colour, text: words[code], count: counts[code] }));
  const others = codes.length - entries.reduce((sum, entry) => sum + entry.count, 0);
  if (others) {
    entries.push({ colour: rest, text: ranked.length > palette.length ? "others" : "does not apply", count: others });
  }
  return { label, colours: group, entries, ramp: null };
}

function numbers(values, label) {
  const known = [...new Set(values.filter((value) => value !== null))].sort((a, b) => a - b);
  const low = known[0], high = known[known.length - 1], rest = OTHERS[themeNow()];
  const share = (value) => (high > low ? (value - low) / (high - low) : 0.5);
  const colours = new Map(known.map((value) => [value, viridis(share(value))]));
  const few = known.length <= 8;
  const missing = values.filter((value) => value === null).length;
  const entries = few ? known.map((value) => ({
    colour: colours.get(value), text: compact(value), count: values.filter((one) => one === value).length,
  })) : [];
  if (missing) {
    entries.push({ colour: rest, text: "does not apply", count: missing });
  }
  return {
    label, entries, colours: values.map((value) => colours.get(value) ?? rest),
    ramp: few ? null : { low: compact(low), high: compact(high) }, byValue: !few,
  };
}

// From under-rated over nothing to over-rated: both sides reach equally far, and zero has the colour of neither.
function signedNumbers(values, label) {
  const far = Math.max(...values.map(Math.abs), 1e-9);
  const colours = values.map((value) => diverging(value / far));
  return {
    label, entries: [], colours, byValue: true,
    ramp: { low: `${compact(-Math.round(far))} under-rated`, middle: "0", high: `over-rated +${compact(Math.round(far))}`, colour: (share) => diverging(2 * share - 1) },
  };
}

function drawLegend(made) {
  const entries = made.entries.map(({ colour, text, count }) => {
    const swatch = element("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = colour;
    return element("li", {}, swatch, `${text} `, element("span", { class: "soft" }, count.toLocaleString("en")));
  });
  const parts = [];
  if (made.ramp) {
    const bar = element("span", { class: "ramp", "aria-hidden": "true" });
    bar.style.background = `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map(made.ramp.colour ?? viridis).join(", ")})`;
    const middle = made.ramp.middle ? element("span", { class: "middle" }, made.ramp.middle) : null;
    bar.append(...(middle ? [middle] : []));
    parts.push(element("p", { class: "legend" }, made.ramp.low, bar, made.ramp.high));
  }
  replaceChildren("cloud-legend", ...parts, element("ul", { class: "legend" }, ...entries));
}

function cloudAxes() {
  const { points } = cloud.chapter;
  if (byId("cloud-axes").value === "ranks") {
    return {
      x: cloud.standaloneRank, y: cloud.proxyRank,
      xLabel: "rank by standalone accuracy (% of the pool beaten)", yLabel: "rank by score (% beaten)",
    };
  }
  const percent = points.proxies_are_fractions;
  return {
    x: cloud.standalone.map((value) => value * 100), y: percent ? cloud.proxy.map((value) => value * 100) : cloud.proxy,
    xLabel: "standalone validation accuracy (%), mean over runs",
    yLabel: percent ? "score: accuracy (%), shared weights" : "score",
  };
}

function drawCloud() {
  const made = colouring(byId("cloud-colour").value);
  const axes = cloudAxes();
  const only = byId("cloud-supernet").value;
  cloud.shown = axes.x.map((_, at) => at).filter((at) => only === "all" || cloud.supernet[at] === Number(only));
  cloud.axes = axes;
  const pick = (values) => cloud.shown.map((at) => values[at]);
  const colours = pick(made.colours), x = pick(axes.x), y = pick(axes.y);
  const many = cloud.shown.length > 3000;
  model("dots").glyph.setv({ size: many ? 4 : 6, fill_alpha: many ? 0.45 : 0.6 });
  fill("points", { x, y, colour: colours });
  byId("cloud-x").textContent = axes.xLabel;
  byId("cloud-y").textContent = axes.yLabel;
  cloud.frame = [wholeRange(x, !cloud.everything), wholeRange(y, false)];
  showFrame();
  const ranks = byId("cloud-axes").value === "ranks";
  fill("diagonal", { x0: ranks ? [0] : [], y0: ranks ? [0] : [], x1: ranks ? [100] : [], y1: ranks ? [100] : [] });
  const bars = made.byValue ? colours.map(() => OTHERS[themeNow()]) : colours;
  drawBars("along-x", x, bars, cloud.frame[0], false, model("above").y_range);
  drawBars("along-y", y, bars, cloud.frame[1], true, model("beside").x_range);
  drawLegend(made);
  drawRing();
  tellOutside(x);
}

// From the lowest to the highest, with a margin. Few failed trainings far below would squeeze all others together.
function wholeRange(values, withoutFewLowest) {
  const sorted = [...values].sort((a, b) => a - b);
  const low = sorted[withoutFewLowest ? Math.floor(sorted.length * 0.02) : 0], high = sorted[sorted.length - 1];
  const margin = (high - low || Math.abs(high) || 1) * 0.04;
  return [low - margin, high + margin];
}

function showFrame() {
  const figure = model("cloud");
  figure.x_range.setv({ start: cloud.frame[0][0], end: cloud.frame[0][1] });
  figure.y_range.setv({ start: cloud.frame[1][0], end: cloud.frame[1][1] });
}

function tellOutside(x) {
  const num = x.filter((value) => value < cloud.frame[0][0]).length;
  byId("cloud-outside").textContent = num ? `${counted(num, "score")} ${num === 1 ? "lies" : "lie"} to the left of this view.` : "";
  byId("cloud-everything").hidden = !num && !cloud.everything;
  byId("cloud-everything").textContent = cloud.everything ? "Closer" : "Show all";
}

// A histogram, its bars stacked by colour.
function drawBars(name, values, colours, [low, high], sideways, range) {
  const counts = new Map();
  const step = (high - low) / NUM_BARS;
  values.forEach((value, at) => {
    const bar = Math.floor((value - low) / step);
    if (bar >= 0 && bar < NUM_BARS) {
      const own = counts.get(colours[at]) ?? counts.set(colours[at], new Array(NUM_BARS).fill(0)).get(colours[at]);
      own[bar]++;
    }
  });
  const base = new Array(NUM_BARS).fill(0);
  const data = { left: [], right: [], bottom: [], top: [], colour: [] };
  for (const [colour, own] of counts) {
    own.forEach((count, bar) => {
      if (!count) {
        return;
      }
      const [from, to] = [low + bar * step, low + (bar + 1) * step];
      const [start, end] = [base[bar], base[bar] + count];
      data.left.push(sideways ? start : from);
      data.right.push(sideways ? end : to);
      data.bottom.push(sideways ? from : start);
      data.top.push(sideways ? to : end);
      data.colour.push(colour);
      base[bar] = end;
    });
  }
  fill(name, data);
  range.setv({ start: 0, end: Math.max(...base, 1) * 1.02 });
}

// Choosing a point: by pointing, by touching, or with the keys.

function chooseScore(at, aloud) {
  cloud.chosen = at;
  drawRing();
  showScore(at);
  if (aloud) {
    byId("cloud-live").textContent = tellScore(at);
  }
}

function drawRing() {
  const at = cloud.chosen;
  const shown = at >= 0 && cloud.shown.includes(at);
  fill("chosen", shown ? { x: [cloud.axes.x[at]], y: [cloud.axes.y[at]] } : { x: [], y: [] });
}

function scoreFacts(at) {
  const { points } = cloud.chapter;
  const percent = points.proxies_are_fractions;
  return [
    ["Super-net", points.supernets[cloud.supernet[at]]],
    ["Standalone", `${rounded(cloud.standalone[at] * 100, 2)} %`],
    ["Score", percent ? `${rounded(cloud.proxy[at] * 100, 2)} %` : compact(cloud.proxy[at])],
    ["Rank, true", `${rounded(cloud.standaloneRank[at], 0)} % beaten`],
    ["Rank, score", `${rounded(cloud.proxyRank[at], 0)} % beaten (${rounded(cloud.residual[at], 0)} points)`],
  ];
}

function featureText(feature, row) {
  const value = feature.values[row];
  if (value === null) {
    return null;
  }
  switch (feature.kind) {
    case "words": return feature.levels[value] || null;
    case "truth": return value ? "yes" : "no";
    default: return compact(feature.offset + feature.scale * value);
  }
}

function tellScore(at) {
  const row = cloud.chapter.points.architecture[at];
  const graph = graphOf(row);
  const facts = scoreFacts(at).map(([name, value]) => `${name} ${value}`).join(", ");
  return `${architectureName(row).slice(0, 120)}. ${facts}. ${graph ? describeGraph(graph) : ""}`;
}

function graphOf(row) {
  const packed = cloud.chapter.graphs?.[row];
  return packed ? unpackGraph(packed, cloud.chapter.words) : null;
}

function architectureName(row) {
  return cloud.chapter.names ? cloud.chapter.names[row] : cellText(graphOf(row));
}

// What `Cell.parse` reads, of a cell of NASBench-101.
function cellText(graph) {
  const size = graph.vertices.length;
  const bits = new Array(size * size).fill(0);
  graph.edges.forEach(({ from, to }) => { bits[from * size + to] = 1; });
  const words = graph.vertices.map((word) => (word.startsWith("conv") ? `${word}-bn-relu` : word));
  return `${bits.join("")};${words.join(",")}`;
}

function showScore(at) {
  const row = cloud.chapter.points.architecture[at];
  const graph = graphOf(row);
  const facts = scoreFacts(at).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
  const features = cloud.chapter.features
    .map((feature) => [feature.label, featureText(feature, row)])
    .filter(([, text]) => text !== null)
    .flatMap(([label, text]) => [element("dt", {}, label), element("dd", {}, text)]);
  const name = architectureName(row);
  replaceChildren(
    "architecture-panel",
    ...(graph ? [drawGraph(graph), cellLegend(graph)] : []),
    element("p", { class: "name" }, name.length > 400 ? `${name.slice(0, 400)}…` : name),
    copyButton(name),
    element("dl", { class: "facts" }, ...facts),
    element("details", {}, element("summary", {}, "Structure"), element("dl", { class: "facts" }, ...features)),
  );
}

function nearestScore(event) {
  const view = figureView("cloud");
  const box = view.canvas_view.el.getBoundingClientRect();
  const { x_scale: xScale, y_scale: yScale } = view.frame;
  const [px, py] = [event.clientX - box.left, event.clientY - box.top];
  let best = -1, least = 24 ** 2;
  for (const at of cloud.shown) {
    const [dx, dy] = [xScale.compute(cloud.axes.x[at]) - px, yScale.compute(cloud.axes.y[at]) - py];
    const distance = dx * dx + dy * dy;
    if (distance < least) {
      [best, least] = [at, distance];
    }
  }
  return best;
}

function listenToCloud() {
  const place = byId("cloud-figure");
  let waiting = null;
  const point = (event) => {
    const at = nearestScore(event);
    if (at >= 0 && at !== cloud.chosen) {
      chooseScore(at, false);
    }
  };
  byId("figure-cloud").addEventListener("pointermove", (event) => {
    waiting ??= requestAnimationFrame(() => { waiting = null; point(cloud.lastMove); });
    cloud.lastMove = event;
  });
  byId("figure-cloud").addEventListener("pointerdown", point);
  byId("figure-cloud").addEventListener("dblclick", showFrame);
  place.addEventListener("focus", () => {
    if (place.matches(":focus-visible")) {
      chooseScore(cloud.chosen >= 0 ? cloud.chosen : byHeight("y").at(-1), true);
    }
  });
  place.addEventListener("keydown", (event) => {
    const next = afterKey(event.key);
    if (next !== null) {
      event.preventDefault();
      chooseScore(next, true);
    }
  });
  for (const id of ["cloud-colour", "cloud-axes", "cloud-supernet"]) {
    byId(id).addEventListener("change", drawCloud);
  }
  byId("cloud-everything").addEventListener("click", () => {
    cloud.everything = !cloud.everything;
    drawCloud();
  });
}

function byHeight(axis) {
  return [...cloud.shown].sort((a, b) => cloud.axes[axis][a] - cloud.axes[axis][b] || a - b);
}

// Left and right walk along x, up and down along y.
function afterKey(key) {
  const steps = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowDown: ["y", -1], ArrowUp: ["y", 1],
    PageDown: ["y", -0.1], PageUp: ["y", 0.1], Home: ["y", -Infinity], End: ["y", Infinity] };
  if (!(key in steps) || !cloud.shown.length) {
    return null;
  }
  const [axis, step] = steps[key];
  const order = byHeight(axis);
  const from = order.indexOf(cloud.chosen);
  const by = Number.isInteger(step) || !Number.isFinite(step) ? step : Math.round(step * order.length);
  return order[Math.min(Math.max((from < 0 ? order.length - 1 : from) + by, 0), order.length - 1)];
}
