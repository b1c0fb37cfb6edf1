export function render({model, el}) {
  const root = document.createElement("div");
  root.className = "note";
  bind(model, (d) => { root.innerHTML = d.title ? `<h2>${esc(d.title)}</h2><p>${esc(d.line)}</p>` : ""; })();
  return root;
}
