// The numbers of a chapter: JSON, compressed with gzip, in base64. Columns are whole numbers with a scale.

async function decodeChapter(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function embedded(id) {
  return JSON.parse(byId(id).textContent);
}

// null stays null: a feature that does not apply.
function columnValues(column) {
  return column.values.map((value) => (value === null ? null : column.offset + column.scale * value));
}
