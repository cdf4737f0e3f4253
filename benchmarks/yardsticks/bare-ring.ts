/** The limit between threads: fixed records in an `Int32Array`, a promise a call, no engine, both sides spinning. */
import { type Handle, type RecordReader, type RecordWriter, spinning } from './spinning.ts';

const TAIL = 0;
const RECORDS = 32;
const RECORD_WORDS = 4;
/** More records than there are calls and messages on the way, so nobody looks whether there is room. */
const RING_WORDS = 8192 * RECORD_WORDS;

class BareWriter implements RecordWriter {
  private readonly words: Int32Array;
  private tail = 0;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
  }

  write(call: number, target: number, a: number, b: number): void {
    const { words, tail } = this;
    const at = RECORDS + (tail & (RING_WORDS - 1));
    words[at] = call;
    words[at + 1] = target;
    words[at + 2] = a;
    words[at + 3] = b;
    this.tail = (tail + RECORD_WORDS) | 0;
  }

  flush(): void {
    if (this.words[TAIL] !== this.tail) Atomics.store(this.words, TAIL, this.tail);
  }
}

class BareReader implements RecordReader {
  private readonly words: Int32Array;
  private head = 0;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
  }

  pending(): boolean {
    return Atomics.load(this.words, TAIL) !== this.head;
  }

  drain(handle: Handle): void {
    const { words } = this;
    const tail = Atomics.load(words, TAIL);
    let { head } = this;
    while (head !== tail) {
      const at = RECORDS + (head & (RING_WORDS - 1));
      head = (head + RECORD_WORDS) | 0;
      handle(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
    }
    this.head = head;
  }
}

spinning({
  allocate: () => new SharedArrayBuffer((RECORDS + RING_WORDS) * 4),
  writer: (memory) => new BareWriter(memory),
  reader: (memory) => new BareReader(memory),
});
