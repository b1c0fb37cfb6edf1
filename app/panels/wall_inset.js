export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "inset";
  const draw = (d) => {
    root.hidden = !d.picture;
    if (!d.picture) return;
    root.style.aspectRatio = d.ratio;
    root.innerHTML = `<img alt="" src="${esc(d.picture)}"><span class="hush">${esc(d.words)}</span>`;
  };
  bind(model, draw)();
  return root;
}
