/**
 * Looks through bytes from a client before anything is allocated for them: exactly one MessagePack value, counts that the bytes can hold,
 * bounded nesting, well-formed text, keys that are names. What passes, the decoder takes without surprises.
 */
import {
  EXT_INTEGER,
  EXT_MAP,
  EXT_REFERENCE,
  EXT_SET,
  EXT_TIMESTAMP,
  EXT_UNDEFINED,
  INTEGER_BYTES_MAX,
} from './extensions.ts';

/** The bytes are not what the protocol takes. The message names the rule and never the content. */
export class MalformedError extends Error {
  override name = 'MalformedError';
}

/** What is known of a message before it is decoded. */
export interface Vetted {
  /** Does it hold byte strings? Decoding leaves those as views of the message. */
  hasBytes: boolean;
}

/** Throws MalformedError. `depthMax` counts arrays, maps and nested extensions from the outside. */
export function vet(bytes: Uint8Array, depthMax: number): Vetted {
  const scan = new Scan(bytes, depthMax);
  scan.value(0);
  if (scan.at !== bytes.length) throw new MalformedError('bytes after the end of the message');
  return scan;
}

class Scan implements Vetted {
  hasBytes = false;
  at = 0;
  private readonly bytes: Uint8Array;
  private readonly depthMax: number;
  private end: number;

  constructor(bytes: Uint8Array, depthMax: number) {
    this.bytes = bytes;
    this.depthMax = depthMax;
    this.end = bytes.length;
  }

  value(depth: number): void {
    const head = this.byte();
    if (head < 0x80 || head >= 0xe0) return;
    if (head < 0x90) this.map(head & 0x0f, depth);
    else if (head < 0xa0) this.array(head & 0x0f, depth);
    else if (head < 0xc0) this.text(head & 0x1f);
    else this.long(head, depth);
  }

  private long(head: number, depth: number): void {
    switch (head) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        break;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        this.hasBytes = true;
        this.skip(this.count(1 << (head - 0xc4)));
        break;
      case 0xc7:
      case 0xc8:
      case 0xc9:
        this.extension(this.count(1 << (head - 0xc7)), depth);
        break;
      case 0xca:
      case 0xcb:
        this.skip(4 << (head - 0xca));
        break;
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        this.skip(1 << (head - 0xcc));
        break;
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        this.skip(1 << (head - 0xd0));
        break;
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        this.extension(1 << (head - 0xd4), depth);
        break;
      case 0xd9:
      case 0xda:
      case 0xdb:
        this.text(this.textLength(head));
        break;
      case 0xdc:
      case 0xdd:
        this.array(this.count(2 << (head - 0xdc)), depth);
        break;
      case 0xde:
      case 0xdf:
        this.map(this.count(2 << (head - 0xde)), depth);
        break;
      default:
        throw new MalformedError('an unassigned type byte');
    }
  }

  private array(count: number, depth: number): void {
    if (depth >= this.depthMax) throw new MalformedError('nested too deep');
    if (count > this.end - this.at) throw new MalformedError('more items than bytes');
    for (let index = 0; index < count; index++) this.value(depth + 1);
  }

  private map(count: number, depth: number): void {
    if (depth >= this.depthMax) throw new MalformedError('nested too deep');
    if (2 * count > this.end - this.at) throw new MalformedError('more entries than bytes');
    for (let index = 0; index < count; index++) {
      this.key();
      this.value(depth + 1);
    }
  }

  private key(): void {
    const length = this.textLength(this.byte());
    const start = this.at;
    this.text(length);
    if (length === PROTO.length && PROTO.every((byte, index) => this.bytes[start + index] === byte)) {
      throw new MalformedError('a key __proto__');
    }
  }

  private textLength(head: number): number {
    if (head >= 0xa0 && head < 0xc0) return head & 0x1f;
    if (head >= 0xd9 && head <= 0xdb) return this.count(1 << (head - 0xd9));
    throw new MalformedError('something else where text belongs');
  }

  private extension(length: number, depth: number): void {
    const type = (this.byte() << 24) >> 24;
    if (length > this.end - this.at) throw new MalformedError('cut short');
    const end = this.at + length;
    switch (type) {
      case EXT_TIMESTAMP:
        this.timestamp(length);
        break;
      case EXT_UNDEFINED:
        if (length !== 0) throw new MalformedError('an undefined with a payload');
        break;
      case EXT_INTEGER:
        if (length < 2 || length > 1 + INTEGER_BYTES_MAX || this.bytes[this.at]! > 1 || this.bytes[this.at + 1] === 0) {
          throw new MalformedError('an integer that is not canonical');
        }
        break;
      case EXT_MAP:
      case EXT_SET:
      case EXT_REFERENCE:
        this.nested(type, end, depth);
        break;
      default:
        throw new MalformedError('an unknown extension type');
    }
    this.at = end;
  }

  /** The payload is exactly one array. */
  private nested(type: number, end: number, depth: number): void {
    const outer = this.end;
    this.end = end;
    const count = this.arrayLength(this.byte());
    if (type === EXT_MAP && count % 2 !== 0) throw new MalformedError('a map with half an entry');
    if (type === EXT_REFERENCE) {
      if (count !== 2) throw new MalformedError('a reference that is not [contract, id]');
      if (depth >= this.depthMax) throw new MalformedError('nested too deep');
      this.text(this.textLength(this.byte()));
      // Whether it can be an id is checked where references are made.
      this.value(depth + 1);
    } else this.array(count, depth);
    if (this.at !== end) throw new MalformedError('an extension that is longer than its value');
    this.end = outer;
  }

  private arrayLength(head: number): number {
    if (head >= 0x90 && head < 0xa0) return head & 0x0f;
    if (head === 0xdc || head === 0xdd) return this.count(2 << (head - 0xdc));
    throw new MalformedError('an extension that is not an array');
  }

  /** Nanoseconds below a second, seconds that a Date can hold. */
  private timestamp(length: number): void {
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.at, length);
    if (length === 4) return;
    if (length === 8 && view.getUint32(0) >>> 2 < 1e9) return;
    if (length === 12 && view.getUint32(0) < 1e9) {
      const seconds = view.getBigInt64(4);
      if (seconds >= -8_640_000_000_000n && seconds < 8_640_000_000_000n) return;
      // The last millisecond that there is.
      if (seconds === 8_640_000_000_000n && view.getUint32(0) === 0) return;
    }
    throw new MalformedError('a timestamp out of range');
  }

  private text(length: number): void {
    const { bytes } = this;
    if (length > this.end - this.at) throw new MalformedError('cut short');
    const end = this.at + length;
    let at = this.at;
    while (at < end && bytes[at]! < 0x80) at++;
    if (at < end && !isUtf8(bytes, at, end)) throw new MalformedError('text that is not UTF-8');
    this.at = end;
  }

  private byte(): number {
    if (this.at >= this.end) throw new MalformedError('cut short');
    return this.bytes[this.at++]!;
  }

  private skip(count: number): void {
    if (count > this.end - this.at) throw new MalformedError('cut short');
    this.at += count;
  }

  /** A count of 1, 2 or 4 bytes. */
  private count(width: number): number {
    let count = 0;
    for (let index = 0; index < width; index++) count = count * 256 + this.byte();
    return count;
  }
}

const PROTO = [...'__proto__'].map((letter) => letter.charCodeAt(0));

/** Table 3-7 of the Unicode standard: no overlong forms, no surrogates, nothing above U+10FFFF. */
function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    const first = bytes[at++]!;
    if (first < 0x80) continue;
    if (first < 0xc2 || first > 0xf4) return false;
    const more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (at + more > end) return false;
    const second = bytes[at]!;
    const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return false;
    for (let index = 1; index < more; index++) if ((bytes[at + index]! & 0xc0) !== 0x80) return false;
    at += more;
  }
  return true;
}
