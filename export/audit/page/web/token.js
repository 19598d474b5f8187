// A sampled turn as its tokens: {text, bytes, id, logprob, part}.
const utf8 = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUTF8(b) {
  try {
    return strict.decode(b);
  } catch {
    return null;
  }
}

const hex = (b) => Array.from(b, (x) => x.toString(16).toUpperCase().padStart(2, '0')).join(' ');

// pieces cuts bytes into tokens. A character that several tokens make up stands in the first of them.
function pieces(bytes, cuts) {
  const out = [];
  let at = 0;
  for (let i = 0; i < cuts.length; i++) {
    const b = bytes.subarray(at, at + cuts[i]);
    const s = decodeUTF8(b);
    if (s !== null) {
      out.push({ text: s, bytes: b, part: cuts[i] === 0 });
      at += cuts[i];
      continue;
    }
    let whole = null;
    let n = i;
    let end = at + cuts[i];
    while (whole === null && n + 1 < cuts.length && n - i < 8) {
      end += cuts[++n];
      whole = decodeUTF8(bytes.subarray(at, end));
    }
    if (whole === null) {
      out.push({ text: null, bytes: b });
      at += cuts[i];
      continue;
    }
    for (let k = i; k <= n; k++) {
      out.push({ text: k === i ? whole : '', bytes: bytes.subarray(at, at + cuts[k]), part: k > i });
      at += cuts[k];
    }
    i = n;
  }
  return out;
}

function tokensOf(turn, t) {
  if (!t) return null;
  const bytes = t.raw !== undefined ? bytesOf(t.raw) : utf8.encode(turn.text);
  const all = t.n ? pieces(bytes, t.n) : [];
  const ids = t.i || [];
  for (let i = all.length; i < ids.length; i++) all.push({ text: null, bytes: null, end: !!t.n });
  all.forEach((x, i) => {
    x.id = ids[i];
    x.logprob = t.l ? t.l[i] : undefined;
    if (x.logprob === null) x.logprob = undefined;
  });
  return all;
}

// surprise maps a log-probability to 0 (certain) to 1 (e^-8, one in 3,000, and less).
const surprise = (l) => Math.min(1, Math.sqrt(Math.max(0, -l) / 8));

function tokenNode(x, i) {
  const e = el('span', { class: 't', 'data-i': i });
  if (x.text === null) {
    e.className = 't bytes';
    e.append(x.bytes ? hex(x.bytes) : x.end ? 'end' : `id ${x.id}`);
  } else if (x.part) {
    e.className = 't part';
  } else {
    text(e, x.text);
  }
  if (typeof x.logprob === 'number') e.style.setProperty('--s', surprise(x.logprob).toFixed(3));
  else e.classList.add('unknown');
  return e;
}

const PAGE_OF_TOKENS = 4000;

// tokenBox shows tokens, a page at a time: ten thousand at once would make the browser stumble.
function tokenBox(all) {
  const box = el('div', { class: 'text tokens', tabindex: '0', role: 'group', 'aria-label': `${plural(all.length, 'token')}; Enter to go through them` });
  let at = 0;
  const more = el('button', { class: 'more', type: 'button' });
  const next = () => {
    const part = document.createDocumentFragment();
    const to = Math.min(all.length, at + PAGE_OF_TOKENS);
    for (; at < to; at++) part.append(tokenNode(all[at], at));
    box.append(part);
    if (at === all.length) more.remove();
    else {
      more.textContent = `Show ${count(Math.min(PAGE_OF_TOKENS, all.length - at))} more of ${plural(all.length - at, 'token')} that are not shown`;
      box.after(more);
    }
  };
  more.addEventListener('click', next);
  queueMicrotask(next);
  box.all = all;
  return box;
}
