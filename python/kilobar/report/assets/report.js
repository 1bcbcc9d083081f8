// Draws the charts and changes the theme. Colours are CSS variables inside the SVG, so a change of theme draws nothing.
const root = document.documentElement;
const button = document.getElementById("theme");
const themes = ["auto", "light", "dark"];

function show(theme) {
  root.style.colorScheme = theme === "auto" ? "" : theme;
  button.textContent = `Theme: ${theme}`;
  button.dataset.theme = theme;
}

// A page opened from a file may be denied storage; the theme is then forgotten, nothing else.
function remembered(theme) {
  try {
    if (theme) localStorage.setItem("kilobar-theme", theme);
    return localStorage.getItem("kilobar-theme");
  } catch {
    return theme;
  }
}

button.hidden = false;
const first = remembered();
show(themes.includes(first) ? first : "auto");
button.addEventListener("click", () => {
  const next = themes[(themes.indexOf(button.dataset.theme) + 1) % themes.length];
  remembered(next);
  show(next);
});

const { rows, specs } = JSON.parse(document.getElementById("data").textContent);
for (const [key, spec] of Object.entries(specs)) {
  const element = document.getElementById(`chart-${key}`);
  spec.datasets = { timeline: rows };
  if (element.clientWidth < 480) spec.config.legend.columns = 2;
  window
    .vegaEmbed(element, spec, { renderer: "svg", actions: false, tooltip: { theme: "kilobar" } })
    .catch((error) => { element.textContent = `This chart could not be drawn: ${error.message}`; });
}

addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((item) => { item.open = true; }));
