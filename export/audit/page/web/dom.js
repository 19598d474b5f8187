// Elements are made of text nodes only: nothing here reads text as HTML.
const $ = (id) => document.getElementById(id);
const nf = new Intl.NumberFormat('en-US');
const count = (n) => nf.format(n);
const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many || one + 's'}`;

function el(tag, attrs, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attrs || {})) {
    if (v === null || v === undefined || v === false) continue;
    if (k === 'class') e.className = v;
    else if (k.startsWith('on')) e.addEventListener(k.slice(2), v);
    else e.setAttribute(k, v === true ? '' : String(v));
  }
  add(e, children);
  return e;
}

function svg(tag, attrs, ...children) {
  const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [k, v] of Object.entries(attrs)) e.setAttribute(k, String(v));
  add(e, children);
  return e;
}

function add(e, children) {
  for (const c of children.flat(Infinity)) {
    if (c === null || c === undefined || c === false) continue;
    e.append(c instanceof Node ? c : document.createTextNode(oneLine(String(c))));
  }
}

// fill replaces what e holds.
function fill(e, ...children) {
  e.replaceChildren();
  add(e, children);
}

// What moves the cursor, turns the direction of text or shows as nothing is shown by its code point: by add, and by text.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|[\u{e0000}-\u{e007f}]/gu;
const codePoint = (c) => 'U+' + c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
const oneLine = (s) => s.replace(HIDDEN, (c) => `‹${codePoint(c)}›`);

// text appends s to e, with hidden characters and ends of lines made visible.
function text(e, s) {
  let at = 0;
  for (const m of s.matchAll(HIDDEN)) {
    lines(e, s.slice(at, m.index));
    e.append(el('span', { class: 'ctl' }, codePoint(m[0])));
    at = m.index + m[0].length;
  }
  lines(e, s.slice(at));
  return e;
}

function lines(e, s) {
  const parts = s.split('\n');
  parts.forEach((p, i) => {
    if (p) e.append(p);
    if (i < parts.length - 1) e.append(el('span', { class: 'nl' }, '\n'));
  });
}
