// The controls above the list: search, order, filters, and what they come to.
function chips() {
  const names = new Map(FACETS.flatMap((f) => f.options));
  fill($('chips'), ...[...filter.chosen].map((key) => el('button', { class: 'chip', type: 'button', onclick: () => choose(key, false), 'aria-label': `remove the filter ${names.get(key)}` }, names.get(key), ' ×')));
  $('filters-n').textContent = filter.chosen.size ? ` (${filter.chosen.size})` : '';
}

function choose(key, on) {
  if (on) filter.chosen.add(key);
  else filter.chosen.delete(key);
  $(`f-${key}`).checked = on;
  refresh(true);
}

function clearFilters() {
  for (const key of filter.chosen) $(`f-${key}`).checked = false;
  filter.chosen.clear();
  $('search').value = '';
  search.run++;
  search.query = '';
  filter.hits = null;
  refresh(true);
}

function refresh(done) {
  const { view, rollouts } = apply();
  setView(view);
  chips();
  const all = db.groups.reduce((n, g) => n + g.r.length, 0);
  $('found').textContent = `${count(view.length)} of ${plural(db.groups.length, 'group')}, ${count(rollouts)} of ${plural(all, 'rollout')}${done ? '' : ' …'}`;
  $('found').dataset.done = done ? '1' : '0';
  $('none').hidden = view.length > 0;
  if (shown.data && search.query) highlight($('detail'));
}

function drawFilters() {
  let last = null;
  for (const f of FACETS) {
    if (!last || last.name !== f.name) {
      last = { name: f.name, box: el('fieldset', {}, el('legend', {}, f.name)) };
      $('filters').append(last.box);
    }
    for (const [key, name] of f.options) {
      const n = filter.counts.get(key) || 0;
      last.box.append(el('label', { class: n ? '' : 'unused' }, el('input', { type: 'checkbox', id: `f-${key}`, onchange: (e) => choose(key, e.target.checked) }), ' ', name, el('span', { class: 'num' }, count(n))));
    }
  }
}

function drawControls() {
  drawFilters();
  for (const [key, [name]] of Object.entries(SORTS)) $('sort').append(el('option', { value: key }, name));
  $('sort').addEventListener('change', (e) => { filter.sort = e.target.value; refresh(true); $('list').scrollTop = 0; });
  let wait = 0;
  $('search').addEventListener('input', () => {
    clearTimeout(wait);
    wait = setTimeout(() => find($('search').value, refresh), 160);
    $('found').dataset.done = '0';
  });
  $('clear').addEventListener('click', () => { clearFilters(); $('search').focus(); });
  $('list').addEventListener('scroll', () => requestAnimationFrame(() => drawList(false)), { passive: true });
  $('list').addEventListener('click', (e) => {
    const row = e.target.closest('.item');
    if (!row) return;
    document.body.dataset.pane = 'detail';
    select(Number(row.dataset.pos));
  });
  addEventListener('resize', () => drawList(false));
  for (const input of document.querySelectorAll('input[name=mode]')) input.addEventListener('change', () => setMode(input.value));
  $('back').addEventListener('click', back);
}

function setMode(mode) {
  document.body.dataset.mode = mode;
  for (const input of document.querySelectorAll('input[name=mode]')) input.checked = input.value === mode;
}

function back() {
  document.body.dataset.pane = 'list';
  $('list').focus();
}
