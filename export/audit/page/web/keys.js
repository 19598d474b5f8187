// Every part of the page can be reached by keys; ? shows them.
const typing = (e) => e.target.closest('input:not([type=checkbox]):not([type=radio]), select, textarea');

function browse(by) {
  if (document.body.dataset.view !== 'rollouts') openView('rollouts');
  select(list.at < 0 ? (by > 0 ? 0 : list.view.length - 1) : list.at + by);
}

const KEYS = {
  j: () => browse(1),
  k: () => browse(-1),
  g: () => { openView('rollouts'); select(0); },
  G: () => { openView('rollouts'); select(list.view.length - 1); },
  ArrowRight: () => pick(shown.rollout + 1),
  ArrowLeft: () => pick(shown.rollout - 1),
  '/': () => { openView('rollouts'); document.body.dataset.pane = 'list'; $('search').focus(); $('search').select(); },
  f: () => { openView('rollouts'); document.body.dataset.pane = 'list'; $('filter-box').open = !$('filter-box').open; $('filter-box').querySelector('summary').focus(); },
  1: () => setMode('segment'),
  2: () => setMode('mask'),
  3: () => setMode('logprob'),
  4: () => setMode('plain'),
  p: () => { const d = document.querySelector('#detail .before'); if (d) d.open = !d.open; },
  t: () => nextTheme(),
  r: () => { location.hash = 'report'; },
  b: () => { openView('rollouts'); location.hash = 'rollouts'; $('list').focus(); },
  '?': () => $('help').showModal(),
};

function onKey(e) {
  if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || $('help').open) return;
  if (typing(e)) {
    if (e.key === 'Escape') {
      e.target.blur();
      $('list').focus();
    } else if (e.key === 'Enter' && e.target.id === 'search') {
      $('list').focus();
      select(0);
      e.preventDefault();
    }
    return;
  }
  const inList = e.target === $('list') || e.target === document.body && document.body.dataset.view === 'rollouts';
  if (inList && (e.key === 'ArrowDown' || e.key === 'ArrowUp')) browse(e.key === 'ArrowDown' ? 1 : -1);
  else if (inList && (e.key === 'PageDown' || e.key === 'PageUp')) browse((e.key === 'PageDown' ? 1 : -1) * Math.max(1, Math.floor($('list').clientHeight / ROW) - 1));
  else if (inList && e.key === 'Home') select(0);
  else if (inList && e.key === 'End') select(list.view.length - 1);
  else if (inList && e.key === 'Enter') {
    if (list.at < 0) select(0);
    document.body.dataset.pane = 'detail';
    const tab = document.querySelector('.tab[aria-selected=true]');
    if (tab) tab.focus();
  } else if (e.key === 'Escape' && document.body.dataset.view === 'rollouts') back();
  else if (Object.hasOwn(KEYS, e.key) && !(e.target.matches('input[type=radio]') && e.key.startsWith('Arrow'))) {
    if (e.key.startsWith('Arrow') && document.body.dataset.view !== 'rollouts') return;
    KEYS[e.key]();
  } else return;
  e.preventDefault();
}
