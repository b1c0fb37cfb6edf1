export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "ft";
  let at = 0, told = [];
  const draw = (d, w) => {
    const cell = (f) => `<i class="fd ${f.state}" title="" aria-label="${esc(f.label)}"></i>`;
    const now = JSON.stringify(d.ticker ?? []);
    if (now !== JSON.stringify(told)) { told = JSON.parse(now); at = 0; }
    root.innerHTML = `<span class="sum"><b>${number(d.up, d.language)}/${number(d.total, d.language)}</b> ${esc(w.receiving)}</span><span class="strip" style="--n:${Math.ceil((d.feeds ?? []).length / ((d.feeds ?? []).length > 24 ? 2 : 1))}" role="img" aria-label="${esc(d.words)}">${(d.feeds ?? []).map(cell).join("")}</span>
      ${told.length ? `<span class="tk clip"></span>` : `<i class="grow"></i>`}${d.worst ? `<span class="worst">${icon("link_off")}<span class="clip">${esc(d.worst)}</span></span>` : ""}${d.ends ? `<span class="src clip">${esc(d.ends)}</span>` : ""}<span class="up">${esc(w.updated)} ${d.updated ? clock(d.updated, d.timezone, true) : "–"}</span>`;
    say(false);
  };
  // One line at a time, changed in place: nothing runs across a wall (look.md 3.8). What fits in no wording is passed over.
  const say = (on) => {
    const line = root.querySelector(".tk");
    if (!line) return;
    for (let i = 0; i < told.length; i++) {
      if (on) at = (at + 1) % told.length;
      const fits = told[at].some((text) => { line.textContent = text; return line.scrollWidth <= line.clientWidth + 1; });
      if (fits) { if (on) { line.classList.remove("new"); void line.offsetWidth; line.classList.add("new"); } return; }
      if (!on) at = (at + 1) % told.length;
    }
    line.textContent = "";
  };
  bind(model, draw)(); measured(model, root, () => say(false)); every(model, 12, () => say(true));
  return root;
}
