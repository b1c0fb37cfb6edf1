// The time of one of two maps. The second one's note also keeps both maps at the same place: what moves one moves both.
const figureNamed = (name) => { for (const doc of window.Bokeh?.documents ?? []) { const f = doc.get_model_by_name?.(name); if (f) return f; } return null; };
export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "wrap";
  root.innerHTML = `<span class="pn"></span>`;
  let pair = null, timer = null, copying = false;
  const ends = (f) => [f.x_range.start, f.x_range.end, f.y_range.start, f.y_range.end];
  const copy = (from, to) => {
    const [x0, x1, y0, y1] = ends(from);
    if (copying || ![x0, x1, y0, y1].every(Number.isFinite)) return;
    const near = ends(to).every((v, i) => Math.abs(v - [x0, x1, y0, y1][i]) < 1e-6);
    if (near) return;
    copying = true; to.x_range.setv({start: x0, end: x1}); to.y_range.setv({start: y0, end: y1}); copying = false;
  };
  const forth = () => copy(pair[0], pair[1]), back = () => copy(pair[1], pair[0]);
  const part = () => {
    clearTimeout(timer);
    if (pair) for (const [f, work] of [[pair[0], forth], [pair[1], back]]) for (const r of [f.x_range, f.y_range]) r.change.disconnect(work);
    pair = null;
  };
  const join = (names) => {
    const found = names.map(figureNamed);
    if (found.every((f) => f && frameOf(f)[0] > 1)) {
      pair = found; forth();
      for (const [f, work] of [[pair[0], forth], [pair[1], back]]) for (const r of [f.x_range, f.y_range]) r.change.connect(work);
    } else timer = setTimeout(() => join(names), 80);
  };
  let linked = "";
  bind(model, (d) => {
    root.firstChild.textContent = d.text ?? ""; root.hidden = !d.text; root.classList.toggle("second", !!d.link?.length);
    const now = (d.link ?? []).join();
    if (now !== linked) { linked = now; part(); if (d.link?.length) join(d.link); }
  })();
  model.on("remove", part);
  return root;
}
