import type { Reader } from './reader.ts';

/** Text of at most this many bytes fits into three words, the last of which may overlap the one before it. */
export const MEMO_BYTES_MAX = 12;

const ENTRIES = 512;
const NOT_ASCII = 0x80808080 | 0;

/**
 * Short text that was read before: names and keys come again and again, and finding one costs a third of making it anew. One entry for
 * each hash, the newest wins; an entry's words are its bytes, so that equal words and lengths are equal texts.
 */
export class TextMemo {
  readonly #texts: string[] = new Array(ENTRIES).fill('');
  readonly #words = new Int32Array(ENTRIES * 3);

  /** Undefined for text that is not ASCII. `bytes` of it have to be there; each is read once. */
  read({ view }: Reader, at: number, bytes: number): string | undefined {
    let a = 0;
    let b = 0;
    let c = 0;
    if (bytes < 4) for (let i = 0; i < bytes; i++) a |= view.getUint8(at + i) << (i * 8);
    else {
      a = view.getInt32(at, true);
      c = view.getInt32(at + bytes - 4, true);
      if (bytes > 8) b = view.getInt32(at + 4, true);
    }
    if (((a | b | c) & NOT_ASCII) !== 0) return undefined;
    let hash = Math.imul(a ^ bytes, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35);
    hash ^= hash >>> 15;
    const entry = hash & (ENTRIES - 1);
    const words = this.#words;
    const text = this.#texts[entry]!;
    const place = entry * 3;
    if (text.length === bytes && words[place] === a && words[place + 1] === b && words[place + 2] === c) return text;
    return this.#remember(entry, a, b, c, bytes);
  }

  #remember(entry: number, a: number, b: number, c: number, bytes: number): string {
    const rest = bytes > 8 ? bytes - 8 : bytes - 4;
    let text = bytes < 4 ? first(a, bytes) : first(a, 4);
    if (bytes > 8) text += first(b, 4);
    if (bytes > 4) text += first(c >>> ((4 - rest) * 8), rest);
    this.#texts[entry] = text;
    this.#words.set([a, b, c], entry * 3);
    return text;
  }
}

/** The lowest `count` bytes of a word as text. */
function first(word: number, count: number): string {
  switch (count) {
    case 0:
      return '';
    case 1:
      return String.fromCharCode(word & 0x7f);
    case 2:
      return String.fromCharCode(word & 0x7f, (word >> 8) & 0x7f);
    case 3:
      return String.fromCharCode(word & 0x7f, (word >> 8) & 0x7f, (word >> 16) & 0x7f);
    default:
      return String.fromCharCode(word & 0x7f, (word >> 8) & 0x7f, (word >> 16) & 0x7f, (word >> 24) & 0x7f);
  }
}
