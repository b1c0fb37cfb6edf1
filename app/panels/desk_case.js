const BAR_H = 40, ROW_H = 46, TOP = 14;
export function render({model, el}) {
  const root = document.createElement("section");
  root.className = "dc";
  let tz = "UTC", got = false, shown = "", drawn = null;
  const svg = (d, w) => { // the thing's own record over its source's health: which of the two fell silent
    const e = d.evidence, width = Math.max(root.clientWidth - 40, 200), span = e.end - e.start, right = e.received.length || e.values.length ? 46 : 10;
    const x = (t) => (t - e.start) / span * (width - right), y0 = TOP, parts = [], now = x(e.end);
    const hours = Array.from({length: 7}, (_, i) => e.start + span * i / 6);
    for (const t of hours.slice(0, -1)) parts.push(`<line x1="${x(t)}" x2="${x(t)}" y1="4" y2="${TOP + ROW_H + BAR_H + 8}" class="gr"/>`);
    const opened = Math.max(e.opened, e.start), last = e.times.length ? e.times[e.times.length - 1] : null;
    if (e.values.length > 1) {
      const lo = Math.min(...e.values), hi = Math.max(...e.values), at = (v) => y0 + ROW_H - 8 - (v - lo) / (hi - lo || 1) * (ROW_H - 14);
      if (opened < e.end) parts.push(`<rect x="${x(opened)}" y="${y0 - 6}" width="${Math.max(now - x(opened), 2)}" height="${ROW_H}" class="sil" rx="3"/>`);
      parts.push(`<path class="val" d="M${e.times.map((t, i) => `${x(t).toFixed(1)},${at(e.values[i]).toFixed(1)}`).join("L")}"/>`);
      const v = e.values[e.values.length - 1];
      parts.push(`<text x="${now + 6}" y="${at(v) + 4}" class="end">${esc(number(v, d.language, Math.abs(v) < 100 ? 2 : 0))}</text>`);
      parts.push(`<text x="4" y="${y0 + ROW_H + 2}" class="lab">${esc(fill(w.own, {unit: e.unit}))}</text>`);
    } else {
      const from = last == null ? opened : Math.max(last, e.start);
      if (from < e.end) parts.push(`<rect x="${x(from)}" y="${y0}" width="${Math.max(now - x(from), 2)}" height="24" class="sil" rx="3"/>`);
      if (opened > e.start && opened < e.end) parts.push(`<line x1="${x(opened)}" x2="${x(opened)}" y1="4" y2="${TOP + ROW_H + BAR_H}" class="lim"/>`);
      for (const t of e.times) parts.push(`<circle cx="${x(t).toFixed(1)}" cy="${y0 + 12}" r="4.5" class="dot"/>`);
      {
        const said = `${last == null ? w.since : w.silent} ${age(last ?? e.opened, e.end, plain(model.words).age ?? {}, tz)}`, wide = now - x(from);
        parts.push(wide > said.length * 7 + 16 ? `<text x="${x(from) + 10}" y="${y0 + 17}" class="in">${esc(said)}</text>` : `<text x="${Math.max(x(from) - 10, 4)}" y="${y0 + 17}" class="in" text-anchor="end">${esc(said)}</text>`);
      }
    }
    const most = Math.max(1, ...e.received), step = (width - right) / Math.max(e.received.length, 1), base = TOP + ROW_H + BAR_H;
    e.received.forEach((n, i) => {
      const h = n ? Math.max(2, n / most * (BAR_H - 12)) : 0;
      if (e.down[i] > 0) parts.push(`<rect x="${i * step}" y="${base - BAR_H + 12}" width="${step}" height="${BAR_H - 12}" class="down"/>`);
      if (h) parts.push(`<rect x="${i * step + 0.5}" y="${base - h}" width="${Math.max(step - 1, 1)}" height="${h}" class="rec"/>`);
    });
    if (e.received.length) parts.push(`<text x="4" y="${base - BAR_H + 8}" class="lab">${esc(fill(w.health, {source: e.source}))}</text>`);
    parts.push(`<line x1="${now}" x2="${now}" y1="2" y2="${base + 6}" class="now"/>`);
    for (const [i, t] of hours.entries()) parts.push(`<text x="${x(t)}" y="${base + 20}" class="ax" text-anchor="${i ? "middle" : "start"}">${esc(clock(t, tz))}</text>`);
    return `<svg width="${width}" height="${base + 26}" role="img" aria-label="${esc(w.evidence)}">${parts.join("")}</svg>`;
  };
  const text = (d, w) => `<div class="evh"><b>${esc(w.evidence)}</b><span>${esc(d.evidence.values.length ? w.measured : d.evidence.times.length ? w.positions : w.feed)}</span><span class="grow"></span><a href="${esc(d.href)}">${icon("open_in_new")}${esc(w.map)}</a></div>
    <div class="ev">${svg(d, w)}</div>
    <div class="lgh"><b>${esc(w.log)}</b></div><div class="scroll">${d.log.map((l) => `<div class="lo"><span>${esc(l.time)}</span><em>${esc(l.who)}</em><p>${esc(l.text)}</p></div>`).join("")}</div>
    ${!d.acts ? "" : `<form class="nt">${icon("edit_note")}<input name="text" maxlength="2000" autocomplete="off" placeholder="${esc(w.note)}" aria-label="${esc(w.note)}"><kbd>N</kbd></form>`}`;
  const draw = (d, w) => {
    tz = d.timezone ?? "UTC"; got = !!d.drawn; drawn = d;
    if (!d.id) { root.innerHTML = shown = d.empty ? `<p class="none">${esc(d.empty)}</p>` : ""; return; }
    const next = text(d, w);
    if (next === shown) return;
    const field = root.querySelector(".nt input"), typed = field?.value ?? "", at = field && root.getRootNode().activeElement === field, top = root.querySelector(".scroll")?.scrollTop ?? 0;
    root.innerHTML = shown = next;
    const again = root.querySelector(".nt input"); if (again) { again.value = typed; if (at) again.focus(); }
    root.querySelector(".scroll").scrollTop = top;
  };
  root.addEventListener("submit", (e) => {
    e.preventDefault();
    const field = root.querySelector(".nt input");
    if (field.value.trim()) { model.send_msg({type: "note", text: field.value.trim(), id: drawn?.id}); field.value = ""; }
  });
  const press = (e) => { if (e.detail === "note") root.querySelector(".nt input")?.focus(); };
  window.addEventListener("vonglau-key", press); model.on("remove", () => window.removeEventListener("vonglau-key", press));
  const again = bind(model, draw);
  const watch = new ResizeObserver(() => { if (drawn?.id) { shown = ""; again(); } });
  watch.observe(root); model.on("remove", () => watch.disconnect());
  again(); asking(model, again, () => got);
  return root;
}
