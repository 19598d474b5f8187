// The address names what is shown: #report, #rollouts, #GROUP or #GROUP/ROLLOUT.
function route(anchor, rollout) {
  history.replaceState(null, '', `#${anchor}${rollout ? `/${rollout}` : ''}`);
}

function openView(name) {
  document.body.dataset.view = name;
  for (const a of document.querySelectorAll('nav a')) {
    if (a.dataset.view === name) a.setAttribute('aria-current', 'page');
    else a.removeAttribute('aria-current');
  }
  if (name === 'rollouts') drawList(true);
}

function address() {
  const hash = location.hash.slice(1);
  try {
    return decodeURIComponent(hash);
  } catch {
    return hash; // it holds a % of its own
  }
}

function follow() {
  const at = address();
  const m = /^(.*?)(?:\/(\d+))?$/s.exec(at);
  const i = db.byAnchor.get(m[1]);
  if (i !== undefined) {
    openView('rollouts');
    let pos = list.view.indexOf(i);
    if (pos < 0) {
      clearFilters();
      pos = list.view.indexOf(i);
    }
    document.body.dataset.pane = 'detail';
    return select(pos, m[2] === undefined ? undefined : Number(m[2]));
  }
  if (at === 'rollouts') {
    openView('rollouts');
    document.body.dataset.pane = 'list';
    return list.at < 0 && innerWidth > 900 ? select(0) : null;
  }
  const known = !at || document.getElementById(at);
  openView('report');
  if (!known && /^[0-9a-f]{12}-/.test(at)) say(`The page does not hold the group ${at}.`);
  return null;
}

const say = (s) => { $('say').textContent = s; };
