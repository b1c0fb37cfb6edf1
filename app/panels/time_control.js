export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "tc";
  root.innerHTML = `<button class="live"><i></i><span></span></button><button class="ib play"></button><button class="ib step">${icon("skip_next")}</button>
    <button class="sp"></button><div class="bars"><svg width="100%" height="54"></svg></div>
    <div class="asof"><button class="when" aria-haspopup="dialog" aria-expanded="false"><b></b></button><button class="known"></button></div><form class="pop" role="dialog" hidden></form>`;
  const $ = (s) => root.querySelector(s), svg = $("svg");
  const send = (type, fields = {}) => model.send_msg({type, ...fields});
  let d = {}, w = {}, drag = null;
  const span = () => [d.from ?? 0, d.to ?? 1];
  const head = () => drag?.head ?? (d.live ? Date.now() / 1000 : d.head), start = () => drag?.start ?? head() - d.window;
  const x = (t, width) => { const [a, b] = span(); return Math.max(0, Math.min(width, (t - a) / (b - a) * width)); };
  const draw = () => {
    const width = svg.clientWidth || 600, [a, b] = span(), bins = d.bins ?? [], top = Math.max(1, ...bins.map((q) => q.n));
    const s = x(start(), width), h = x(head(), width), bw = width / Math.max(1, bins.length);
    const bars = bins.map((q, i) => {
      const tall = q.n ? Math.max(2, q.n / top * 26) : 1, mid = (q.t + (b - a) / bins.length / 2);
      const inside = mid >= start() && mid <= head();
      return `<rect x="${(i * bw).toFixed(1)}" y="${(30 - tall).toFixed(1)}" width="${Math.max(1, bw - 1.5).toFixed(1)}" height="${tall.toFixed(1)}" class="${inside ? "in" : ""}"><title>${clock(q.t, d.timezone)} · ${number(q.n, d.language)}</title></rect>`;
    }).join("");
    let marks = "", last = "";
    const hour = 3600, first = Math.ceil(a / hour) * hour;
    for (let t = first; t < b; t += hour) {
      if (Number(zoned(t, d.timezone, {hour: "2-digit"})) % 3) continue;
      const day = zoned(t, d.timezone, {day: "2-digit", month: "2-digit"}), px = x(t, width);
      if (px < 24 || px > width - 28) continue;
      marks += `<text x="${px.toFixed(0)}" y="47" text-anchor="middle">${day !== last && last ? `${day} ` : ""}${clock(t, d.timezone)}</text>`; last = day;
    }
    svg.innerHTML = `<line class="axis" x1="0" x2="${width}" y1="31.5" y2="31.5"/>${bars}${marks}
      <g class="handle s" tabindex="0" role="slider" aria-label="${esc(w.start)}" aria-valuetext="${clock(start(), d.timezone)}"><rect x="${s - 12}" y="0" width="24" height="36" class="hit"/><line x1="${s}" x2="${s}" y1="2" y2="34"/></g>
      <g class="handle h" tabindex="0" role="slider" aria-label="${esc(w.head)}" aria-valuetext="${clock(head(), d.timezone)}"><rect x="${h - 12}" y="0" width="24" height="36" class="hit"/><line x1="${h}" x2="${h}" y1="2" y2="34"/><circle cx="${Math.min(h, width - 5)}" cy="5" r="5"/></g>`;
    $(".live span").textContent = d.live ? w.live : w.back_to_live;
    $(".live").classList.toggle("past", !d.live);
    $(".live").setAttribute("aria-pressed", !!d.live);
    $(".play").innerHTML = icon(d.playing ? "pause" : "play_arrow"); $(".play").setAttribute("aria-label", d.playing ? w.pause : w.play);
    $(".step").setAttribute("aria-label", w.step);
    $(".sp").textContent = `${d.speed}×`; $(".sp").setAttribute("aria-label", w.speed);
    $(".known").innerHTML = `${esc(d.as_known ? w.known_then : w.known_now)}${d.live ? "" : icon("expand_more")}`;
    $(".known").disabled = !!d.live; $(".when").setAttribute("aria-label", w.set); $(".when").title = `${w.set} (G)`;
    now();
  };
  const now = () => {
    const h = head();
    if (h) $(".asof b").textContent = (date(h, d.timezone) === date(Date.now() / 1000, d.timezone) ? "" : `${zoned(h, d.timezone, {day: "2-digit", month: "2-digit"})} `) + clock(h, d.timezone, true);
  };
  // The panel of the clock: a moment typed, the window, another moment beside it.
  const pop = $(".pop"), stamp = (t) => `${date(t, d.timezone)} ${clock(t, d.timezone)}`;
  const chip = (name, value, text, on) => `<button type="button" class="chip${on ? " on" : ""}" data-${name}="${value}" aria-pressed="${!!on}">${esc(text)}</button>`;
  const open = (yes) => {
    pop.hidden = !yes; $(".when").setAttribute("aria-expanded", yes);
    if (!yes) return;
    pop.setAttribute("aria-label", w.set);
    pop.innerHTML = `<label><span>${esc(w.at)}</span><input name="at" value="${stamp(head())}" placeholder="${esc(w.form)}" autocomplete="off" spellcheck="false"><button class="go" type="button" data-go="at">${esc(w.go)}</button></label>
      <div class="ln"><span>${esc(w.window)}</span><div class="chips">${w.windows.map(([s, t]) => chip("window", s, t, Number(s) === d.window)).join("")}</div></div>
      <label><span>${esc(w.beside)}</span><input name="beside" value="${d.beside ? stamp(d.beside) : ""}" placeholder="${esc(w.form)}" autocomplete="off" spellcheck="false"><button class="go" type="button" data-go="beside">${esc(w.go)}</button></label>
      <div class="ln"><span></span><div class="chips">${w.backs.map(([s, t]) => chip("back", s, t, d.beside && Math.abs(head() - d.beside - s) < 60)).join("")}${d.beside ? chip("back", 0, w.beside_none) : ""}</div></div>
      <p class="wrong" role="alert"></p>`;
    $(".wrong").textContent = d.wrong ?? "";
    pop.querySelector("input").select();
  };
  const typed = (name) => send(name, {text: pop.querySelector(`[name=${name}]`).value});
  pop.addEventListener("submit", (e) => e.preventDefault());
  pop.addEventListener("click", (e) => {
    const b = e.target.closest("button"); if (!b) return;
    if (b.dataset.go) typed(b.dataset.go);
    else if (b.dataset.window) send("window", {seconds: Number(b.dataset.window)});
    else if (b.dataset.back) send("beside", {back: Number(b.dataset.back)});
  });
  pop.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && e.target.name) { typed(e.target.name); e.preventDefault(); }
    if (e.key === "Escape") { open(false); $(".when").focus(); }
    e.stopPropagation();
  });
  $(".when").addEventListener("click", () => open(pop.hidden));
  model.on("msg:custom", (m) => { if ((m.data ?? m).type === "open") open(pop.hidden); });
  const told = (q) => `${q.head}|${q.live}|${q.window}|${q.beside}|${q.wrong}`;
  const at = (e) => { const box = svg.getBoundingClientRect(), [a, b] = span(); return a + Math.max(0, Math.min(1, (e.clientX - box.left) / box.width)) * (b - a); };
  svg.addEventListener("pointerdown", (e) => {
    const handle = e.target.closest(".handle");
    drag = {which: handle?.classList.contains("s") ? "start" : "head", start: start(), head: head()};
    svg.setPointerCapture(e.pointerId); move(e);
  });
  const move = (e) => {
    if (!drag) return;
    const t = at(e);
    if (drag.which === "start") drag.start = Math.min(t, drag.head - 300);
    else { const wide = drag.head - drag.start; drag.head = t; drag.start = Math.max(t - wide, span()[0] - 86400); }
    draw();
  };
  svg.addEventListener("pointermove", move);
  svg.addEventListener("pointerup", () => {
    if (!drag) return;
    const close = Date.now() / 1000 - drag.head < (span()[1] - span()[0]) / 200;
    send("range", {start: drag.start, head: close ? null : drag.head, window: drag.head - drag.start}); drag = null;
  });
  svg.addEventListener("keydown", (e) => {
    if (e.key !== "ArrowLeft" && e.key !== "ArrowRight") return;
    const by = (e.key === "ArrowLeft" ? -1 : 1) * (e.shiftKey ? 3600 : 300), s = !!e.target.closest?.(".s");
    send("range", s ? {start: start() + by, head: d.live ? null : head(), window: head() - start() - by} : {head: Math.min(head() + by, Date.now() / 1000), window: d.window});
    e.preventDefault(); e.stopPropagation();
  });
  $(".live").addEventListener("click", () => send("live"));
  $(".play").addEventListener("click", () => send("play"));
  $(".step").addEventListener("click", () => send("step", {by: 300}));
  $(".sp").addEventListener("click", () => send("speed"));
  $(".known").addEventListener("click", () => send("known"));
  const again = bind(model, (data, words) => {
    const was = told(d); d = data; w = words; if (!drag) draw();
    if (!pop.hidden && was !== told(d) && !(d.live && was.split("|")[1] === "true" && was.split("|").slice(2).join() === told(d).split("|").slice(2).join())) {
      if (d.wrong) $(".wrong").textContent = d.wrong; else open(true);
    }
  });
  const watch = new ResizeObserver(() => draw());
  watch.observe(svg); model.on("remove", () => watch.disconnect());
  again(); every(model, 1, now);
  return root;
}
