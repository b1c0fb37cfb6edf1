export function render({model, el}) {
  const root = document.createElement("header");
  root.className = "dh";
  let got = false;
  const draw = (d, w) => {
    got = !!d.drawn;
    root.innerHTML = d.id ? `<span class="kd">${icon(d.icon)}${esc(d.kind)}</span><h2 class="clip" title="${esc([d.title, d.sub].filter(Boolean).join(" · "))}">${esc(d.title)}${d.sub && d.title.length + d.sub.length < 64 ? `<span>${esc(d.sub)}</span>` : ""}</h2><span class="grow"></span>${d.simulated ? `<span class="simu">${esc(d.simulated)}</span>` : ""}`
      : `<h2>${esc(d.empty ?? "")}</h2>`;
  };
  const again = bind(model, draw);
  again(); asking(model, again, () => got);
  return root;
}
