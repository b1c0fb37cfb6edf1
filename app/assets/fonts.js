// A canvas keeps the fallback font until something repaints it: load Roboto (the Vietnamese letters are a file of their
// own, so one Latin and one Vietnamese letter a weight), then repaint every plot.
(function () {
  const load = () => Promise.all(["400", "700"].flatMap(w => ["a", "ế", "đ"].map(c => document.fonts.load(`${w} 16px Roboto`, c))));
  const repaint = () => {
    const walk = v => { if (v.request_repaint && v.canvas_view) v.request_repaint(); for (const c of v.child_views ?? []) walk(c) };
    for (const v of window.Bokeh?.index ?? []) walk(v);
  };
  // the pages' style sheet may name the font only after this script has run: ask again until it is there
  let tries = 0;
  (function again() {
    load().then(faces => { if (faces.flat().length || tries++ > 40) repaint(); else setTimeout(again, 250) }, () => setTimeout(again, 1000));
  })();
  document.fonts.addEventListener("loadingdone", repaint);
})();
