// The list of groups holds only the rows that can be seen.
const ROW = 60; // pixels, as in page.css
const list = { view: [], at: -1, rows: new Map() };

function rowNode(pos) {
  const i = list.view[pos];
  const g = db.groups[i];
  const masks = wanted();
  const marks = g.r.slice(0, 24).map((r, k) => {
    const [sign, kind] = mark(r);
    return el('i', { class: `mark ${kind}${masks.length && !matches(g.masks[k], masks) ? ' dim' : ''}` }, sign);
  });
  const notes = [];
  if (g.m === 'reflection' && g.n) notes.push('no signal');
  if (g.r.some((r) => r.l === 1)) notes.push('leak');
  if (g.r.some((r) => r.c)) notes.push('truncated');
  if (g.f) notes.push('left out');
  const found = db.findings.get(g.a);
  const row = el('div', {
    class: 'item', role: 'option', id: `row-${i}`, 'aria-setsize': list.view.length, 'aria-posinset': pos + 1,
    'aria-selected': pos === list.at ? 'true' : 'false', 'data-pos': pos,
    'aria-label': [armName(g), oneLine(g.t) || 'no text', describeMarks(g), ...notes, found && plural(found.length, 'finding')].filter(Boolean).join(', '),
  },
  el('div', { class: 'item-head' },
    el('span', { class: `arm ${g.m}` }, ARMS[g.m] || g.m),
    el('span', { class: 'num' }, g.a.slice(0, 8)),
    notes.map((n) => el('span', { class: 'note' }, n)),
    found && el('span', { class: 'note bad' }, plural(found.length, 'finding')),
    el('span', { class: 'marks', 'aria-hidden': 'true' }, marks, g.r.length > 24 ? `+${g.r.length - 24}` : '')),
  el('div', { class: 'item-title' }, g.t || '(no text)'));
  row.style.transform = `translateY(${pos * ROW}px)`;
  return row;
}

const describeMarks = (g) => {
  const n = g.r.filter((r) => !r.x && passed(r.o)).length;
  return `${n} of ${g.r.length} passed`;
};

function drawList(anew) {
  const box = $('list');
  const from = Math.max(0, Math.floor(box.scrollTop / ROW) - 6);
  const to = Math.min(list.view.length, Math.ceil((box.scrollTop + box.clientHeight) / ROW) + 6);
  for (const [pos, node] of list.rows) {
    if (anew || pos < from || pos >= to) {
      node.remove();
      list.rows.delete(pos);
    }
  }
  for (let pos = from; pos < to; pos++) {
    if (list.rows.has(pos)) continue;
    const node = rowNode(pos);
    list.rows.set(pos, node);
    $('items').append(node);
  }
}

function setView(view) {
  const was = list.at >= 0 ? list.view[list.at] : -1;
  list.view = view;
  list.at = view.indexOf(was);
  $('items').style.height = `${view.length * ROW}px`;
  drawList(true);
  active();
}

function active() {
  const node = list.at >= 0 && list.rows.get(list.at);
  if (node) $('list').setAttribute('aria-activedescendant', node.id);
  else $('list').removeAttribute('aria-activedescendant');
}

// select moves to a place in the list and shows its group.
function select(pos, rollout) {
  if (!list.view.length) return;
  pos = Math.max(0, Math.min(list.view.length - 1, pos));
  const before = list.rows.get(list.at);
  if (before) before.setAttribute('aria-selected', 'false');
  list.at = pos;
  const box = $('list');
  const top = pos * ROW;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + ROW > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW - box.clientHeight;
  drawList(false);
  const node = list.rows.get(pos);
  if (node) node.setAttribute('aria-selected', 'true');
  active();
  return show(list.view[pos], rollout);
}
