export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "rail";
  let units = {}, tz = "UTC", d = {};
  const item = (q) => { const cls = q.level ? `l${q.level}` : "unknown"; return `<div class="it ${cls}"><div class="num">${q.n}</div><div class="tx"><div class="t clip" data-v="${esc(JSON.stringify(q.title))}"></div><div class="s clip" data-v="${esc(JSON.stringify(q.sub))}"></div></div>
    <div class="lv">${q.svg}<div class="ag">${q.word ? esc(q.word) : q.t == null ? "" : `<i data-t="${q.t}"></i>`}</div></div></div>`; };
  const river = (r, w) => {
    const W = 874, H = 150, [lo, hi] = r.range, y = (v) => H - (v - lo) / (hi - lo) * H, x = (t) => (t - r.from) / (r.to - r.from) * W;
    const path = r.series.map((run) => "M" + run.map(([t, v]) => `${x(t).toFixed(1)} ${y(v).toFixed(1)}`).join("L")).join("");
    const last = r.series.at(-1)?.at(-1);
    const lines = r.thresholds.filter((q) => q.value >= lo && q.value <= hi);
    return `<div class="riv"><div class="r1"><span class="n clip">${esc(r.name)}</span><span class="rise">${esc(r.trend)}</span><span class="v${r.state === "unknown" ? " unknown" : r.level ? ` l${r.level}` : ""}">${esc(r.value)} <span>${esc(r.unit)}</span></span></div>
      <svg viewBox="0 0 1104 200" class="hy">${lines.map((q) => `<line x1="0" x2="${W}" y1="${y(q.value)}" y2="${y(q.value)}" class="th v${q.level}"/><text x="1104" y="${y(q.value) + 15}" text-anchor="end">${esc(q.title)}</text>`).join("")}
      <line x1="0" x2="${W}" y1="${H}" y2="${H}" class="ax"/><path d="${path}" class="ln"/>${last ? `<circle cx="${x(last[0])}" cy="${y(last[1])}" r="11" class="pt"/>` : ""}
      <text x="0" y="196">${clock(r.from, tz)}</text><text x="${W}" y="196" text-anchor="end">${clock(r.to, tz)}</text></svg></div>`;
  };
  const facts = (rows) => `<div class="facts">${rows.map((f) => `<div><b class="${f.level ? `l${f.level}` : ""}">${esc(f.value)}</b><span>${esc(f.label)}</span></div>`).join("")}</div>`;
  const shares = (rows) => `<div class="shares">${rows.map((f) => `<div><span class="clip">${esc(f.label)}</span><b>${esc(f.value)}</b><em>${esc(f.note)}</em></div>`).join("")}</div>`;
  const draw = (data, w) => {
    d = data; units = w.age ?? {}; tz = d.timezone;
    root.innerHTML = `${d.facts?.length ? facts(d.facts) : ""}<h2>${esc(d.title)} <span>${esc(d.head)}</span></h2>
      <div class="list">${(d.items ?? []).length ? d.items.map(item).join("") : `<p class="calm">${esc(d.calm)}</p>`}</div>
      ${d.shares?.length ? `<h2 class="second">${esc(d.shares_title)}</h2>${shares(d.shares)}` : ""}${d.river ? river(d.river, w) : ""}`;
    tick(root, Date.now() / 1000, units, tz); fit();
  };
  const fit = () => {
    whole(root);
    // The name of the river stays whole; the trend gives way (look.md 5, order of loss).
    const name = root.querySelector(".r1 .n");
    if (name && name.scrollWidth > name.clientWidth + 1) root.querySelector(".rise").hidden = true;
  };
  bind(model, draw)(); measured(model, root, fit); every(model, 10, () => { tick(root, Date.now() / 1000, units, tz); fit(); }); // an age may have grown wider
  return root;
}
