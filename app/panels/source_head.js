export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "hd";
  root.innerHTML = `<div class="ns" style="display:contents"></div><p class="why" role="status" aria-live="polite"></p><span class="sim"></span>`;
  const $ = (s) => root.querySelector(s);
  let said = null, got = false;
  const draw = (d, w) => {
    got = !!d.drawn;
    $(".ns").innerHTML = (d.counts ?? []).map((c) => `<button class="n ${esc(c.state)} ${c.n ? "some" : "zero"}" data-q="${esc(c.word)}" title="${esc(fill(w.only, {word: c.word}))}"><b>${number(c.n, d.language)}</b>${esc(c.word)}</button>`).join("");
    const why = $(".why");
    // A live region speaks when its text is set: only a new sentence is news.
    if (said !== d.sentence) { said = d.sentence; why.textContent = d.sentence ?? w.loading; why.title = d.sentence ?? ""; }
    why.classList.toggle("bad", !!d.bad);
    $(".sim").textContent = d.simulated ?? "";
  };
  root.addEventListener("click", (e) => { const b = e.target.closest("[data-q]"); if (b) model.send_msg({type: "filter", q: b.dataset.q}); });
  const again = bind(model, draw);
  again(); asking(model, again, () => got);
  return root;
}
