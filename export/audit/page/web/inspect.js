// The line below a rollout tells of the token under the pointer or the focus.
const inspected = { node: null };

function inspect(node) {
  if (inspected.node) inspected.node.classList.remove('on');
  inspected.node = node;
  const line = $('inspector');
  if (!node) {
    fill(line, el('span', { class: 'faint' }, matchMedia('(pointer: coarse)').matches ? 'Tap a token.' : 'Point at a token, or press Enter on a turn and use the arrow keys.'));
    return;
  }
  node.classList.add('on');
  const box = node.closest('.tokens');
  const turn = box.closest('.turn');
  const i = Number(node.dataset.i);
  const x = box.all[i];
  const cell = (name, value, kind) => el('span', { class: `cell ${kind || ''}` }, el('b', {}, name), ' ', value);
  const shown = x.text === null ? (x.bytes ? `bytes ${hex(x.bytes)}` : x.end ? 'ends the turn; not shown by the engine' : 'not shown by the engine') : x.part ? `bytes ${hex(x.bytes) || 'none'}` : JSON.stringify(x.text);
  const known = typeof x.logprob === 'number';
  fill(line, 
    cell('token', `${count(i + 1)} of ${count(box.all.length)}`),
    cell('text', shown, 'wide'),
    cell('id', x.id === undefined ? 'not known' : x.id),
    cell('log-probability', known ? `${x.logprob} (${percent(Math.exp(x.logprob))})` : x.logprob === undefined ? 'not known' : x.logprob),
    cell('segment', turn.dataset.seg),
    cell('loss', turn.dataset.train === '1' ? '1' : '0'),
  );
}

const percent = (p) => (p >= 0.0995 ? (100 * p).toFixed(1) : (100 * p).toPrecision(2)) + '%';

// aloud says whether a screen reader reads the line: for keys, not for what the pointer passes.
const aloud = (on) => $('inspector').setAttribute('aria-live', on ? 'polite' : 'off');

function step(node, by) {
  const all = node.closest('.tokens').querySelectorAll('.t');
  const next = all[Number(node.dataset.i) + by];
  if (!next) return;
  inspect(next);
  next.scrollIntoView({ block: 'nearest' });
}

function watchTokens(pane) {
  pane.addEventListener('pointerover', (e) => {
    const t = e.target.closest('.t');
    if (!t) return;
    aloud(false);
    inspect(t);
  });
  pane.addEventListener('click', (e) => {
    const t = e.target.closest('.t');
    if (!t) return;
    inspect(t);
    t.closest('.tokens').focus({ preventScroll: true });
  });
  pane.addEventListener('keydown', (e) => {
    const box = e.target.closest('.tokens');
    if (!box) return;
    aloud(true);
    const at = inspected.node && box.contains(inspected.node) ? inspected.node : null;
    if (e.key === 'Enter' && !at) inspect(box.querySelector('.t'));
    else if (e.key === 'Escape' && at) inspect(null);
    else if (at && (e.key === 'ArrowRight' || e.key === 'ArrowLeft')) step(at, e.key === 'ArrowRight' ? 1 : -1);
    else return;
    e.preventDefault();
    e.stopPropagation();
  });
}
