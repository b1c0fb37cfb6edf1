export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "inset";
  const pct = (v) => `${(100 * v).toFixed(2)}%`;
  const draw = (d) => {
    if (!d.picture) return;
    root.style.aspectRatio = d.ratio;
    root.innerHTML = `<img alt="" src="${esc(d.picture)}"><i class="here" style="left:${pct(d.box.x)};top:${pct(d.box.y)};width:${pct(d.box.w)};height:${pct(d.box.h)}"></i>
      ${d.names.map((n) => `<span style="top:${pct(n.y)}">${esc(n.text)}</span>`).join("")}`;
  };
  bind(model, draw)();
  return root;
}
