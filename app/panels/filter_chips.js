export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "fc";
  const draw = (d, w) => {
    const chips = d.chips ?? [];
    root.innerHTML = chips.map((c, i) => `<button class="chip" data-i="${i}" aria-label="${esc(fill(w.remove, {name: c.title}))}">${esc(c.title)}${icon("close")}</button>`).join("")
      + (chips.length > 1 ? `<button class="chip all">${esc(w.clear)}</button>` : "") + (d.note ? `<span class="note">${esc(d.note)}</span>` : "");
  };
  root.addEventListener("click", (e) => {
    const b = e.target.closest("[data-i]"), chips = plain(model.data).chips ?? [];
    if (b && chips[b.dataset.i]) { const {service, column, value} = chips[b.dataset.i]; model.send_msg({type: "filter", service, column, value}); }
    else if (e.target.closest(".all")) model.send_msg({type: "unfilter"});
  });
  bind(model, draw)();
  return root;
}
