// A screen nobody touches must mend itself: it asks the server who it is, notices silence, and loads itself again.
export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "band"; root.hidden = true; root.setAttribute("role", "alert");
  const w = plain(model.words), d = plain(model.data), jitter = () => 1000 * 10 * Math.random();
  let since = null, beat = Date.now(), lost = null, build = d.build, going = false, missed = 0;
  const reload = () => { if (going) return; going = true; setTimeout(() => location.reload(), jitter()); };
  const show = () => {
    root.hidden = since === null;
    if (since !== null) root.innerHTML = `${icon("cloud_off")}<span>${esc(fill(w.lost, {time: clock(since / 1000, d.timezone)}))}</span>`;
  };
  const away = () => { if (since === null) { since = Date.now(); show(); } };
  const back = () => { if (since !== null && lost === null) { since = null; show(); } };
  const ask = async () => {
    const stop = new AbortController(), timer = setTimeout(() => stop.abort(), 4000);
    try {
      const answer = await fetch("/readyz", {cache: "no-store", signal: stop.signal}), report = await answer.json();
      if (report.build && build && report.build !== build) reload();
      build ??= report.build;
      missed = answer.ok ? 0 : missed + 1;
    } catch { missed += 1; } finally { clearTimeout(timer); }
    if (!missed) back(); else if (missed >= 2) away();  // one slow answer of a busy server is no lost server
  };
  const watch = () => {
    const doc = window.Bokeh?.documents?.[0];
    if (!doc) return;
    doc.on_event?.("connection_lost", () => { lost = Date.now(); away(); });
    doc.on_event?.("client_reconnected", () => { lost = null; });
  };
  watch();
  model.on("msg:custom", (m) => { if ((m.data ?? m).type === "beat") { beat = Date.now(); lost = null; } });
  every(model, d.every_s ?? 5, () => {
    ask();
    const now = Date.now();
    if (lost !== null && now - lost > 90_000) reload();
    if (now - beat > 60_000) { away(); if (now - beat > 90_000) reload(); }
  });
  const nightly = () => {
    const now = Date.now() / 1000, [h, m] = clock(now, d.timezone).split(":").map(Number);
    const wait = ((4 * 60 - (h * 60 + m) + 1440) % 1440 || 1440) * 60_000;
    return setTimeout(reload, wait + 60_000 * Math.random());
  };
  const night = nightly();
  model.on("remove", () => clearTimeout(night));
  return root;
}
