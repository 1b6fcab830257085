// The audit's effects: a row for each structure, over-rated to the right.

const ROW_PX = 27;

function drawEffects(effects) {
  const figure = model("effects");
  byId("figure-effects").style.height = `${effects.length * ROW_PX + 40}px`;
  const used = new Map();
  const names = effects.map((effect) => {
    const label = plainLabel(effect.words, narrow() ? 20 : 36);
    const count = (used.get(label) ?? 0) + 1;
    used.set(label, count);
    return label + "\u200b".repeat(count - 1); // rows must differ, whatever they are called
  });
  figure.y_range.factors = [...names].reverse();
  const ends = effects.flatMap((effect) => [effect.low, effect.high, effect.equal]);
  const [low, high] = [Math.min(0, least(ends, -1)), Math.max(0, most(ends, 1))];
  figure.x_range.setv({ start: low - (high - low) * 0.05, end: high + (high - low) * 0.05 });
  const pick = (key) => effects.map((effect) => effect[key]);
  fill("effects-data", {
    name: names, d: pick("d"), low: pick("low"), high: pick("high"), equal: pick("equal"),
    colour: effects.map((effect) => colourOf({ "over-rated": "over", "under-rated": "under" }[effect.rating] ?? "soft")),
  });
  fill("zero", { x: [0] });
}

function narrow() {
  return window.innerWidth < 600;
}

function paintEffects() {
  model("equal").glyph.fill_color = colourOf("panel");
  model("zero-line").glyph.line_color = colourOf("line");
  model("ring").glyph.line_color = colourOf("ink");
  model("diagonal-line").glyph.line_color = colourOf("line");
}
