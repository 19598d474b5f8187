// Search reads the texts of all groups block by block, and lets the page breathe in between.
const search = { query: '', run: 0, blocks: 0 };
const breathe = () => new Promise((done) => setTimeout(done, 0));

function says(g, row, query) {
  const has = (s) => !!s && s.toLowerCase().includes(query);
  const turn = (t) => has(t.text) || has(t.thinking) || has(t.calls) || (t.verdict && (has(t.verdict.parsed) || has(t.verdict.reason) || has(t.verdict.feedback)));
  return g.prompt_id.startsWith(query) || has(row.a) || has(g.source) || has(g.answer) || has(g.meta) || has(g.tools)
    || g.context.some(turn) || g.rollouts.some((r) => r.turns.some(turn));
}

async function find(query, changed) {
  const run = ++search.run;
  query = query.trim().toLowerCase();
  search.query = query;
  search.blocks = 0;
  if (!query) {
    filter.hits = null;
    changed(true);
    return;
  }
  const hits = new Set();
  let first = 0;
  let shown = performance.now();
  for (let chunk = 0; chunk < db.chunks; chunk++) {
    const groups = await unpack(`text-${chunk}`);
    if (run !== search.run) return;
    groups.forEach((g, i) => { if (says(g, db.groups[first + i], query)) hits.add(first + i); });
    first += groups.length;
    search.blocks = chunk + 1;
    if (performance.now() - shown > 250) {
      filter.hits = new Set(hits);
      changed(false);
      shown = performance.now();
    }
    await breathe();
    if (run !== search.run) return;
  }
  filter.hits = hits;
  changed(true);
}

// highlight marks what was searched for in an element, without changing it.
function highlight(root) {
  if (!CSS.highlights) return;
  CSS.highlights.delete('found');
  if (!search.query) return;
  const nodes = [];
  let all = '';
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode());) {
    nodes.push([all.length, n]);
    all += n.data;
  }
  const low = all.toLowerCase();
  if (low.length !== all.length) return; // places would be off
  const ranges = [];
  let at = 0;
  const place = (pos) => {
    while (at + 1 < nodes.length && nodes[at + 1][0] <= pos) at++;
    return [nodes[at][1], pos - nodes[at][0]];
  };
  for (let i = low.indexOf(search.query); i >= 0 && ranges.length < 500; i = low.indexOf(search.query, i + search.query.length)) {
    const r = new Range();
    r.setStart(...place(i));
    r.setEnd(...place(i + search.query.length));
    ranges.push(r);
  }
  if (ranges.length) CSS.highlights.set('found', new Highlight(...ranges));
}
