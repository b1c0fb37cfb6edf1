export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "ft";
  const draw = (d, w) => {
    const cell = (f) => `<i class="fd ${f.state}" title="" aria-label="${esc(f.label)}"></i>`;
    root.innerHTML = `<span class="sum"><b>${number(d.up, d.language)}/${number(d.total, d.language)}</b> ${esc(w.receiving)}</span><span class="strip" role="img" aria-label="${esc(d.words)}">${(d.feeds ?? []).map(cell).join("")}</span>
      <i class="grow"></i>${d.worst ? `<span class="worst">${icon("link_off")}<span class="clip">${esc(d.worst)}</span></span>` : ""}<span>${esc(w.updated)} ${d.updated ? clock(d.updated, d.timezone, true) : "–"}</span>`;
  };
  bind(model, draw)();
  return root;
}
