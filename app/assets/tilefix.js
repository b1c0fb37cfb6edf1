// Mends the tile renderer of Bokeh 3.9.2: no prefetch of tiles nobody sees, failed tiles are asked again, the previous
// pictures stay under the new ones after a change of URL, caches are bounded. Delete with Bokeh 3.10 (bokeh#15346).
(function patch() {
  const M = window.Bokeh && Bokeh.Models && (Bokeh.Models.get ? Bokeh.Models.get("TileRenderer") : Bokeh.Models("TileRenderer"));
  if (!M) { setTimeout(patch, 20); return }
  const V = M.prototype.default_view.prototype; if (V.__patched) return; V.__patched = true;
  const RETRY_MS = 3000, WATCH_MS = 1000;
  // one screen of 256 px tiles with its border needs about 170 on 4K, four times as many on 8K
  const cap = () => window.innerWidth * window.innerHeight > 9e6 ? 800 : 400;
  V._prefetch_tiles = function () {};
  // A tile that came as "not drawn yet" is asked for under another name: a browser gives the same page the same picture
  // again without asking, whatever its headers say (measured in Chromium 156).
  const name = (t) => t.normalized_coords.join();
  const renaming = (ts) => {
    if (ts.__again) return;
    const url = ts.get_image_url; ts.__again = new Map();
    ts.get_image_url = function (x, y, z) { const n = this.__again.get([x, y, z].join()), u = url.call(this, x, y, z); return n ? `${u}?again=${n}` : u };
  };
  const update = V._update;
  V._update = function (ctx) {
    const ts = this.model.tile_source, most = cap(); renaming(ts);
    // a generation of which nothing had come yet when the next one began is no picture to keep: the one before it is
    if (this.__map && this.__map !== ts.tiles && (!this.__old || [...this.__map.values()].some(t => t.loaded))) { this.__old = this.__map }
    if (this.__map !== ts.tiles) ts.__again.clear();
    this.__map = ts.tiles;
    if (this.__old) {
      const all = [...ts.tiles.values()];
      if (all.length && all.every(t => t.loaded)) { this.__old = null }  // one that failed is asked again: until it came the old one stays
      else { const now = ts.tiles; ts.tiles = this.__old; this._render_tiles(ctx, [...this.__old.keys()]); ts.tiles = now }
    }
    const now = performance.now(); let waiting = ts.tiles.size === 0;  // the first ones are asked for after this paint
    for (const [k, t] of ts.tiles) {
      if (t.loaded && t.img && (t.img.naturalWidth ?? t.img.width) === 1) { t.loaded = false; t.finished = true; t.__late = true }  // ended as one that failed
      if (t.loaded) continue;
      waiting = true;
      if (!t.finished) continue;
      if (!t.__dead) t.__dead = now; else if (now - t.__dead > RETRY_MS) { if (t.__late) ts.__again.set(name(t), (ts.__again.get(name(t)) ?? 0) + 1); ts.tiles.delete(k) }
    }
    // a failure paints nothing, so nobody would look again: look every second while a tile is missing
    if (waiting && !this.__watch) this.__watch = setTimeout(() => { this.__watch = 0; this.request_paint() }, WATCH_MS);
    update.call(this, ctx);
    if (ts.tiles.size > most) { for (const [k, t] of ts.tiles) { if (ts.tiles.size <= most / 2) break; if (t.loaded) ts.tiles.delete(k) } }
    if (this._tiles && this._tiles.length > most) this._tiles = [...ts.tiles.values()];
  };
})();
