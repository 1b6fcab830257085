// A cell as a drawing: vertices in layers from left to right, long edges led around the vertices that they pass.

const LAYER_WIDTH = 84, ROW_HEIGHT = 46, NODE_WIDTH = 54, NODE_HEIGHT = 28;

const OPERATION_KINDS = [
  [/^(in(put)?|out(put)?)$/i, "port"],
  [/pool/i, "pool"],
  [/skip|identity/i, "skip"],
  [/^(none|zero(ize)?)$/i, "none"],
  [/3x3/i, "conv3"],
  [/1x1/i, "conv1"],
];
const KIND_WORDS = {
  conv3: "3×3 convolution", conv1: "1×1 convolution", pool: "pooling", skip: "skip connection", none: "nothing",
};
const KIND_LABELS = { conv3: "3×3", conv1: "1×1", pool: "pool", skip: "skip", none: "none" };

function operationKind(word) {
  return OPERATION_KINDS.find(([pattern]) => pattern.test(word))?.[1] ?? "other";
}

function operationLabel(word) {
  const text = KIND_LABELS[operationKind(word)] ?? word.replace(/^input$/i, "in").replace(/^output$/i, "out");
  return text.length > 8 ? `${text.slice(0, 7)}…` : text;
}

function operationWords(word) {
  return KIND_WORDS[operationKind(word)] ?? word;
}

// A graph of the page's data: vertices by number of their word, edges as from, to, word + 1 or 0 in a row.
function unpackGraph([vertices, flat], words) {
  const edges = [];
  for (let at = 0; at < flat.length; at += 3) {
    edges.push({ from: flat[at], to: flat[at + 1], word: flat[at + 2] ? words[flat[at + 2] - 1] : "" });
  }
  return { vertices: vertices.map((word) => words[word]), edges };
}

function describeGraph(graph) {
  const counts = new Map();
  for (const word of [...graph.vertices.slice(1, -1), ...graph.edges.map((edge) => edge.word)]) {
    if (word && !/^node \d+$/.test(word)) {
      counts.set(operationWords(word), (counts.get(operationWords(word)) ?? 0) + 1);
    }
  }
  const operations = [...counts].map(([words, count]) => `${count} times ${words}`).join(", ") || "no operation";
  return `${graph.vertices.length} vertices, ${graph.edges.length} edges: ${operations}`;
}

function layersOf(graph) {
  const layer = graph.vertices.map(() => 0);
  for (const edge of [...graph.edges].sort((a, b) => a.from - b.from)) {
    layer[edge.to] = Math.max(layer[edge.to], layer[edge.from] + 1);
  }
  layer[layer.length - 1] = Math.max(...layer);
  return layer;
}

// Places in each layer: vertices, and a way through for each edge that passes it. Few sweeps bring neighbours close.
function arrange(graph) {
  const layer = layersOf(graph);
  const places = graph.vertices.map((_, vertex) => ({ layer: layer[vertex], vertex, beside: [] }));
  const ways = graph.edges.map((edge) => {
    const way = [places[edge.from]];
    for (let passed = layer[edge.from] + 1; passed < layer[edge.to]; passed++) {
      const place = { layer: passed, vertex: -1, beside: [] };
      places.push(place);
      way.push(place);
    }
    way.push(places[edge.to]);
    way.slice(1).forEach((place, number) => {
      place.beside.push(way[number]);
      way[number].beside.push(place);
    });
    return way;
  });
  const layers = [];
  for (const place of places) {
    (layers[place.layer] ??= []).push(place);
  }
  layers.forEach((one) => spread(one));
  for (let sweep = 0; sweep < 8; sweep++) {
    for (const one of sweep % 2 ? layers : [...layers].reverse()) {
      const wish = new Map(one.map((p) => [p, p.beside.reduce((sum, other) => sum + other.row, 0) / p.beside.length]));
      one.sort((a, b) => (wish.get(a) || 0) - (wish.get(b) || 0));
      spread(one);
    }
  }
  return { places, ways, numLayers: layers.length, numRows: Math.max(...layers.map((one) => one.length)) };
}

function spread(layer) {
  layer.forEach((place, number) => { place.row = number - (layer.length - 1) / 2; });
}

function svg(tag, attributes = {}, text = null) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  if (text !== null) {
    made.textContent = text;
  }
  return made;
}

function drawGraph(graph) {
  const { places, ways, numLayers, numRows } = arrange(graph);
  const onEdges = graph.edges.some((edge) => edge.word);
  const step = onEdges ? LAYER_WIDTH * 1.5 : LAYER_WIDTH;
  const row = onEdges ? ROW_HEIGHT * 1.4 : ROW_HEIGHT;
  const width = (numLayers - 1) * step + NODE_WIDTH + 12, height = Math.max(numRows, 2) * row + 12;
  const x = (place) => 6 + NODE_WIDTH / 2 + place.layer * step;
  const y = (place) => height / 2 + place.row * row;
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "cell", role: "img" });
  drawing.append(svg("title", {}, describeGraph(graph)));
  const labels = [];
  graph.edges.forEach((edge, number) => {
    const kind = edge.word ? operationKind(edge.word) : "plain";
    const way = ways[number];
    drawing.append(svg("path", { d: curve(way, x, y), class: `edge ${kind}` }));
    const end = way[way.length - 1], tip = x(end) - NODE_WIDTH / 2;
    drawing.append(svg("path", { d: `M${tip},${y(end)}l-7,-4v8z`, class: `arrow ${kind}` }));
    if (edge.word) {
      const [a, b] = [way[Math.floor((way.length - 1) / 2)], way[Math.floor((way.length - 1) / 2) + 1]];
      labels.push([(x(a) + x(b)) / 2, (y(a) + y(b)) / 2, edge.word]);
    }
  });
  for (const place of places.filter(({ vertex }) => vertex >= 0)) {
    drawNode(drawing, x(place), y(place), graph.vertices[place.vertex], onEdges);
  }
  for (const [at, height_, word] of labels) {
    drawLabel(drawing, at, height_, word);
  }
  drawing.style.maxWidth = `${width * 1.25}px`;
  return drawing;
}

function drawNode(drawing, x, y, word, onEdges) {
  const kind = onEdges && operationKind(word) === "other" ? "joint" : operationKind(word);
  const label = kind === "joint" ? word.replace(/^node /, "") : operationLabel(word);
  drawing.append(
    svg("rect", {
      x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2, width: NODE_WIDTH, height: NODE_HEIGHT,
      rx: kind === "port" || kind === "joint" ? 14 : 5, class: `node ${kind}`,
    }),
    svg("text", { x, y: y + 4.5, class: `word ${kind}` }, label),
  );
}

function drawLabel(drawing, x, y, word) {
  const kind = operationKind(word);
  drawing.append(
    svg("rect", { x: x - 21, y: y - 11, width: 42, height: 22, rx: 4, class: `node ${kind}` }),
    svg("text", { x, y: y + 4.5, class: `word ${kind}` }, operationLabel(word)),
  );
}

// Level through every place that it passes, and smooth in between.
function curve(way, x, y) {
  const half = NODE_WIDTH / 2;
  let from = [x(way[0]) + half, y(way[0])];
  let path = `M${from}`;
  way.slice(1).forEach((place, number) => {
    const last = number === way.length - 2;
    const entry = [x(place) - (last ? half + 5 : half * 0.5), y(place)];
    const bend = (entry[0] - from[0]) / 2;
    path += `C${from[0] + bend},${from[1]} ${entry[0] - bend},${entry[1]} ${entry}`;
    from = last ? entry : [x(place) + half * 0.5, y(place)];
    path += last ? "" : `L${from}`;
  });
  return path;
}

// Which colour is which operation, in words.
function cellLegend(graph) {
  const words = [...graph.vertices, ...graph.edges.map((edge) => edge.word)];
  const kinds = [...new Set(words.map((word) => (word ? operationKind(word) : "port")))];
  const shown = kinds.filter((kind) => kind in KIND_WORDS);
  return element("ul", { class: "legend" }, ...shown.map((kind) =>
    element("li", {}, element("span", { class: `swatch ${kind}`, "aria-hidden": "true" }), KIND_WORDS[kind])));
}
