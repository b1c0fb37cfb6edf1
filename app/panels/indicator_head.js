export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "hd";
  root.innerHTML = `<div class="ns" style="display:contents"></div><p class="why" role="status" aria-live="polite"></p><button class="csv"></button><span class="sim"></span>`;
  const $ = (s) => root.querySelector(s);
  let said = null, got = false;
  const draw = (d, w) => {
    got = !!d.drawn;
    $(".ns").innerHTML = (d.counts ?? []).map((c) => `<button class="n ${esc(c.state)} ${c.n ? "some" : "zero"}" data-q="${esc(c.state)}" title="${esc(fill(w.only, {word: c.word}))}"><b>${number(c.n, d.language)}</b>${esc(c.word)}</button>`).join("");
    const why = $(".why");
    // A live region speaks when its text is set: only a new sentence is news.
    if (said !== d.sentence) { said = d.sentence; why.textContent = d.sentence ?? ""; why.title = d.sentence ?? ""; }
    why.classList.toggle("bad", !!d.bad); why.classList.toggle("past", !!d.past);
    $(".csv").innerHTML = `${icon("download")}${esc(w.export)}`; $(".csv").title = w.export_note ?? "";
    $(".sim").textContent = d.simulated ?? "";
  };
  root.addEventListener("click", (e) => {
    const b = e.target.closest("[data-q]");
    if (b) model.send_msg({type: "filter", q: b.dataset.q});
    else if (e.target.closest(".csv")) model.send_msg({type: "export"});
  });
  model.on("msg:custom", (m) => { const data = m.data ?? m;
    if (data.type !== "file") return;
    const link = document.createElement("a"), url = URL.createObjectURL(new Blob([data.text], {type: "text/csv;charset=utf-8"}));
    link.href = url; link.download = data.name; link.click(); setTimeout(() => URL.revokeObjectURL(url), 10000); });
  const again = bind(model, draw);
  again(); asking(model, again, () => got);
  return root;
}
