export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "mc";
  root.innerHTML = `<button class="live"><i></i><span></span></button><button class="ib back">${icon("chevron_left")}</button><button class="ib on">${icon("chevron_right")}</button>
    <div class="chips"></div><form><span></span><input name="at" autocomplete="off" spellcheck="false"><button class="go"></button></form>
    <p class="wrong" role="alert"></p><div class="when"><button class="known" type="button"></button><b></b></div>`;
  const $ = (s) => root.querySelector(s), input = $("input");
  const send = (type, fields = {}) => model.send_msg({type, ...fields});
  let d = {}, w = {}, held = null, got = false;
  const stamp = (t) => `${date(t, d.timezone)} ${clock(t, d.timezone)}`;
  const now = () => { const text = stamp(d.live ? Date.now() / 1000 : d.at); if ($(".when b").textContent !== text) $(".when b").textContent = text; };
  const draw = (data, words) => {
    d = data; w = words; got = !!d.drawn;
    $(".live span").textContent = d.live ? w.live : w.back_to_live;
    $(".live").title = `${d.live ? w.live : w.back_to_live} (0)`;
    $(".live").classList.toggle("past", !d.live); $(".live").setAttribute("aria-pressed", !!d.live);
    for (const [name, word, key] of [["back", w.hour_back, "Shift ←"], ["on", w.hour_on, "Shift →"]]) { const b = $(`.ib.${name}`); b.setAttribute("aria-label", word); b.title = `${word} (${key})`; }
    $(".ib.on").disabled = !!d.live;
    const chips = (w.backs ?? []).map(([s, t]) => `<button class="chip ${Number(s) > 86400 ? "far" : ""}" data-ago="${esc(s)}">${esc(t)}</button>`).join("");
    if ($(".chips").innerHTML !== chips) $(".chips").innerHTML = chips;
    $(".chips").hidden = !!d.wrong;
    $("form span").textContent = w.at; input.placeholder = w.form; input.setAttribute("aria-label", `${w.at} (${w.form})`); input.title = `${w.set} (G)`; $(".go").textContent = w.go;
    // What a hand is typing stays, whatever comes; a new moment takes its place.
    const told = d.live ? "" : stamp(d.at);
    if (held !== told) { held = told; input.value = told; }
    const wrong = $(".wrong");
    if (wrong.textContent !== (d.wrong ?? "")) { wrong.textContent = d.wrong ?? ""; wrong.title = d.wrong ?? ""; }
    $(".known").innerHTML = `${esc(d.known ? d.known : d.as_known ? w.known_then : w.known_now)}${d.live ? "" : icon("expand_more")}`;
    $(".known").disabled = !!d.live; $(".known").setAttribute("aria-pressed", !!d.as_known);
    now();
  };
  root.addEventListener("click", (e) => {
    const b = e.target.closest("button"); if (!b) return;
    if (b.dataset.ago) send("ago", {seconds: Number(b.dataset.ago)});
    else if (b.matches(".live")) send("live");
    else if (b.matches(".back")) send("step", {by: -3600});
    else if (b.matches(".on")) send("step", {by: 3600});
    else if (b.matches(".known")) send("known");
  });
  $("form").addEventListener("submit", (e) => { e.preventDefault(); held = null; send("at", {text: input.value}); });
  input.addEventListener("keydown", (e) => {
    if (e.key === "Escape") { held = null; draw(d, w); input.blur(); }
    e.stopPropagation();
  });
  const press = (e) => { if (e.detail === "moment") { input.focus(); input.select(); } };
  window.addEventListener("vonglau-key", press); model.on("remove", () => window.removeEventListener("vonglau-key", press));
  const again = bind(model, draw);
  again(); every(model, 1, now);
  asking(model, again, () => got);
  return root;
}
