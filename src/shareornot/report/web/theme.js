// Light and dark: the style sheet defines the colours, and the figures take them from there.

const OKABE_ITO = {
  light: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#6b4fa0", "#444444"],
  dark: ["#4aa8e0", "#ff8c42", "#2fc59a", "#e29ac2", "#e6c34a", "#9bd4f5", "#a994e0", "#d0d0d0"],
};
const OTHERS = { light: "#9aa3a8", dark: "#6f7a80" };
// Viridis at equal steps; between them colours are mixed.
const VIRIDIS = ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"];

function themeNow() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen) {
    return chosen;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function colourOf(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

// From -1, under-rated, over 0 to 1, over-rated.
function diverging(share) {
  const ends = themeNow() === "dark" ? ["#e0b93a", "#4a5356", "#c58be0"] : ["#8a6d00", "#d5d8d6", "#7b2d96"];
  const at = Math.min(Math.max(share, -1), 1);
  return mixed(ends[1], at < 0 ? ends[0] : ends[2], Math.sqrt(Math.abs(at)));
}

function mixed(one, other, share) {
  const channel = (colour, from) => parseInt(colour.slice(from, from + 2), 16);
  const values = [1, 3, 5].map((from) => Math.round(channel(one, from) * (1 - share) + channel(other, from) * share));
  return `#${values.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

function viridis(share) {
  // the darkest end is lost on a dark page, the lightest on a light one
  const [low, high] = themeNow() === "dark" ? [0.12, 1] : [0, 0.93];
  const at = (low + (high - low) * Math.min(Math.max(share, 0), 1)) * (VIRIDIS.length - 1);
  const below = Math.min(Math.floor(at), VIRIDIS.length - 2), part = at - below;
  return mixed(VIRIDIS[below], VIRIDIS[below + 1], part);
}

function paintFigure(figure) {
  for (const part of [...figure.below, ...figure.left, ...figure.center]) {
    if (part.type === "Grid") {
      part.grid_line_color = colourOf("grid");
      continue;
    }
    part.setv({
      axis_line_color: colourOf("line"), major_tick_line_color: colourOf("line"), minor_tick_line_color: null,
      major_label_text_color: colourOf("soft"), major_label_text_font_size: "12px",
      major_label_text_font: FONT,
    });
  }
}

const FONT = "system-ui, sans-serif";

function listenToTheme(repaint) {
  byId("theme").addEventListener("click", () => {
    document.documentElement.dataset.theme = themeNow() === "dark" ? "light" : "dark";
    repaint();
    nameTheme();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    repaint();
    nameTheme();
  });
  nameTheme();
}

function nameTheme() {
  byId("theme").textContent = themeNow() === "dark" ? "Light" : "Dark";
  byId("theme").setAttribute("aria-label", `Change to ${themeNow() === "dark" ? "light" : "dark"} colours`);
}
