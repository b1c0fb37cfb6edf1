export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "tiles";
  const was = new Map();
  let units = {}, tz = "UTC";
  const tile = (t) => {
    const changed = was.has(t.id) && was.get(t.id) !== t.value; was.set(t.id, t.value);
    const cls = t.state === "down" ? "unknown" : t.level ? `l${t.level}` : "";
    return `<div class="tile ${t.state}"><div class="th">${icon(t.icon)}<span class="clip">${esc(t.title)}</span><i></i>${t.svg ?? ""}</div>
      <div class="tv">${t.value == null ? "" : `<b class="${cls}${changed ? " new" : ""}">${esc(t.value)}</b>`}<span class="clip" data-v="${esc(JSON.stringify(t.label))}"></span><i></i><em>${t.second ? esc(t.second) : t.t == null ? "" : `<u data-t="${t.t}"></u>`}</em></div></div>`;
  };
  const draw = (d, w) => {
    units = w.age ?? {}; tz = d.timezone;
    root.style.setProperty("--columns", d.columns ?? 5); root.style.setProperty("--rows", d.rows ?? 2);
    root.innerHTML = (d.tiles ?? []).map(tile).join(""); tick(root, Date.now() / 1000, units, tz);
    fit();
    setTimeout(() => root.querySelectorAll(".new").forEach((b) => b.classList.remove("new")), 2000);
  };
  const fit = () => {
    whole(root);
    // Order of loss when narrow (look.md 5): the second fact goes before the words of the first are cut.
    for (const line of root.querySelectorAll(".tv")) { const label = line.querySelector("span"), second = line.querySelector("em"); if (label.scrollWidth > label.clientWidth + 1) second.hidden = true; }
  };
  bind(model, draw)(); measured(model, root, fit); every(model, 10, () => { tick(root, Date.now() / 1000, units, tz); fit(); }); // an age may have grown wider
  return root;
}
