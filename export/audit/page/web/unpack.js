// Data blocks are base64 of deflate of JSON. They are unpacked when they are asked for, and a few are kept.
function bytesOf(base64) {
  const s = atob(base64);
  const b = new Uint8Array(s.length);
  for (let i = 0; i < s.length; i++) b[i] = s.charCodeAt(i);
  return b;
}

async function unpack(id) {
  const node = $(id);
  if (!node) throw new Error(`the page has no block ${id}: the file was cut`);
  const stream = new Blob([bytesOf(node.textContent)]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const parts = [];
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(decoder.decode(value, { stream: true }));
  }
  parts.push(decoder.decode());
  return JSON.parse(parts.join(''));
}

class Blocks {
  constructor(prefix, keep) {
    this.prefix = prefix;
    this.keep = keep;
    this.kept = new Map(); // number to promise, the one used last at the end
  }
  get(n) {
    const had = this.kept.get(n);
    const p = had || unpack(`${this.prefix}-${n}`);
    this.kept.delete(n);
    this.kept.set(n, p);
    if (this.kept.size > this.keep) this.kept.delete(this.kept.keys().next().value);
    return p;
  }
}
