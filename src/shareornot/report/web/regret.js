// Regret against time on two logarithmic axes, with bands and the budgets of the comparisons.

const SEARCHES = ["guided", "random", "evolution", "local", "baseline"];
const LEAST_POINTS = 1e-3;
const regret = { curves: null, unit: "seconds", at: -1 };

function drawRegret(chapter) {
  regret.curves = chapter.curves;
  regret.unit = chapter.time_unit;
  regret.at = -1;
  const lows = [], highs = [], times = [];
  for (const name of SEARCHES) {
    const curve = chapter.curves[name];
    const points = (values) => values.map((value) => (value === null ? NaN : Math.max(value * 100, LEAST_POINTS / 10)));
    const drawn = curve
      ? { x: curve.time_s, mean: points(curve.mean), low: points(curve.low), high: points(curve.high) }
      : { x: [], mean: [], low: [], high: [] };
    fill(`curve-${name}`, drawn);
    // the band of two runs would hide everything else
    model(`band-${name}`).visible = Boolean(curve) && curve.num_runs > 2 && name !== "baseline"; // it is paired with the guided search
    if (curve) {
      lows.push(...curve.mean.filter((value) => value > 0).map((value) => value * 100));
      highs.push(...drawn.mean.filter((value) => !Number.isNaN(value)));
      times.push(curve.time_s[0], curve.time_s.at(-1));
    }
  }
  const figure = model("regret");
  const low = Math.max(least(lows, 1) / 2, LEAST_POINTS), high = most(highs, 1) * 1.4;
  const budgets = chapter.budgets.map((budget) => budget.time_s);
  figure.y_range.setv({ start: low, end: high });
  figure.x_range.setv({ start: Math.min(least(times, 1), ...budgets), end: Math.max(most(times, 10), ...budgets) * 1.05 });
  const wide = byId("figure-regret").clientWidth || 800, high_ = byId("figure-regret").clientHeight || 400;
  for (const [axis, grid, range, room] of [
    [figure.below[0], figure.center[0], figure.x_range, (wide - 80) / 42],
    [figure.left[0], figure.center[1], figure.y_range, (high_ - 60) / 26],
  ]) {
    const ticks = logTicks(range.start, range.end, room);
    grid.ticker.ticks = ticks;
    axis.ticker.ticks = ticks;
    axis.major_label_overrides = new Map(ticks.map((tick) => [tick, powerText(tick)]));
  }
  byId("regret-x").textContent = regret.unit === "trainings"
    ? "time in average trainings, super-net included" : "time of all trainings (s), super-net included";
  byId("regret-y").textContent = "test regret (points)";
  fill("budgets", { x: budgets });
  fill("budget-labels", {
    x: budgets, y: budgets.map((_, at) => high * (low / high) ** (0.01 + 0.045 * at)),
    text: chapter.budgets.map((budget) => `TOP-${budget.num_trained}`),
  });
  fill("pointer", { x: [] });
  nameSearches();
}

// Powers of ten, with twice and five times each where there is room for these labels.
function logTicks(low, high, room) {
  for (const steps of [[1, 2, 5], [1, 3], [1]]) {
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      ticks.push(...steps.map((step) => Number((step * 10 ** power).toPrecision(3))));
    }
    const shown = ticks.filter((tick) => tick >= low && tick <= high);
    if (shown.length <= room || steps.length === 1) {
      return shown;
    }
  }
  return [];
}

function powerText(tick) {
  const power = Math.round(Math.log10(tick));
  if (tick < 100_000 || tick !== 10 ** power) {
    return tick.toLocaleString("en", { maximumFractionDigits: 6 });
  }
  return `10${[...String(power)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("")}`;
}

function least(values, otherwise) {
  return values.length ? values.reduce((a, b) => Math.min(a, b)) : otherwise;
}

function most(values, otherwise) {
  return values.length ? values.reduce((a, b) => Math.max(a, b)) : otherwise;
}

function nameSearches() {
  const entries = SEARCHES.filter((name) => regret.curves[name]).map((name) => {
    const swatch = element("span", { class: `swatch line ${name}`, "aria-hidden": "true" });
    const runs = counted(regret.curves[name].num_runs, "run");
    return element("li", {}, swatch, `${regret.curves[name].label} `, element("span", { class: "soft" }, runs));
  });
  replaceChildren("regret-legend", element("ul", { class: "legend" }, ...entries));
  byId("regret-readout").textContent = "";
}

function paintRegret() {
  for (const name of SEARCHES) {
    model(`line-${name}`).glyph.line_color = colourOf(name);
    model(`band-${name}`).glyph.fill_color = colourOf(name);
  }
  model("budgets-lines").glyph.line_color = colourOf("soft");
  model("budget-texts").glyph.text_color = colourOf("soft");
  model("pointer-line").glyph.line_color = colourOf("line");
}

// Where each search is at a time: the last point of its curve that is not later.
function readRegret(time) {
  fill("pointer", { x: [time] });
  const readings = SEARCHES.filter((name) => regret.curves[name]).map((name) => {
    const { label: words, time_s: times, mean } = regret.curves[name];
    const after = times.findIndex((one) => one > time);
    const at = after < 0 ? times.length - 1 : after - 1;
    return `${words} ${at < 0 ? "has trained nothing" : rounded(mean[at] * 100, 2)}`;
  });
  const when = regret.unit === "trainings" ? counted(Math.round(time), "training") : `${compact(Number(time.toPrecision(3)))} s`;
  byId("regret-readout").textContent = `After ${when}: ${readings.join("; ")} points.`;
}

function listenToRegret() {
  const place = byId("regret-figure");
  byId("figure-regret").addEventListener("pointermove", (event) => {
    const view = figureView("regret");
    const box = view.canvas_view.el.getBoundingClientRect();
    readRegret(view.frame.x_scale.invert(event.clientX - box.left));
  });
  place.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) {
      return;
    }
    event.preventDefault();
    const { start, end } = model("regret").x_range;
    regret.at = Math.min(Math.max(regret.at + step, 0), 40);
    readRegret(start * (end / start) ** (regret.at / 40));
  });
}
