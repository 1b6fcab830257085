// Columns of the figures. Bokeh trips over arrays that change their length while a range or a glyph changes too, so
// each source has room for the largest chapter from the beginning, and what is not needed is filled with nothing.

const BARS_OF_COLOURS = 10;
let room = null;

function roomOf(name) {
  switch (name) {
    case "points": return room.points;
    case "along-x": case "along-y": return NUM_BARS * BARS_OF_COLOURS;
    case "budgets": case "budget-labels": return room.budgets;
    case "effects-data": return room.effects;
    default: return name.startsWith("curve-") ? room.times : 1;
  }
}

function fill(name, columns) {
  const size = roomOf(name);
  model(name).data = Object.fromEntries(Object.entries(columns).map(([key, values]) => {
    const nothing = ["text", "name", "colour"].includes(key) ? "" : NaN;
    return [key, [...values, ...new Array(size - values.length).fill(nothing)]];
  }));
}

// All sources, empty, before the figures receive anything else.
function makeRoom(sizes) {
  room = sizes;
  for (const source of Bokeh.documents[0].all_models) {
    if (source.type === "ColumnDataSource") {
      fill(source.name, Object.fromEntries(Object.keys(source.data).map((key) => [key, []])));
    }
  }
}
