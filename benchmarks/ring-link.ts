/** A program for `Pair`: the calls of `yardsticks/spinning.ts` over the engine's ring links, in frames of 32 bytes. */
import type { Reader } from '../transport/codec/reader.ts';
import type { FrameHandler } from '../transport/link.ts';
import { Doorbell } from '../transport/ring/doorbell.ts';
import { RingLinkReader } from '../transport/ring/ring-link-reader.ts';
import { RingLinkWriter } from '../transport/ring/ring-link-writer.ts';
import { allocateRingLink, laneBytesFor } from '../transport/ring/ring-memory.ts';
import { type Handle, type RecordReader, type RecordWriter, spinning } from './yardsticks/spinning.ts';

const FRAME_BYTES = 32;
const FRAMES_PER_DRAIN = 1024;

class LinkRecordWriter implements RecordWriter {
  private readonly link: RingLinkWriter;

  constructor(memory: SharedArrayBuffer) {
    this.link = new RingLinkWriter(memory, { readerBell: new Doorbell() });
  }

  write(call: number, target: number, a: number, b: number): void {
    const writer = this.link.claim(1, FRAME_BYTES);
    if (writer === undefined) throw new Error('The ring is full.');
    const { view, at } = writer;
    view.setInt32(at, call, true);
    view.setInt32(at + 4, target, true);
    view.setInt32(at + 8, a, true);
    view.setInt32(at + 12, b, true);
    writer.at = at + FRAME_BYTES;
    this.link.commit();
  }

  flush(): void {
    this.link.flush();
  }
}

class LinkRecordReader implements RecordReader, FrameHandler {
  private readonly link: RingLinkReader;
  private handle: Handle = () => {};

  constructor(memory: SharedArrayBuffer) {
    this.link = new RingLinkReader(memory, { writerBell: new Doorbell() });
  }

  pending(): boolean {
    return this.link.pending();
  }

  drain(handle: Handle): void {
    this.handle = handle;
    this.link.drain(this, FRAMES_PER_DRAIN);
  }

  onFrame({ view, at }: Reader): void {
    this.handle(
      view.getInt32(at, true),
      view.getInt32(at + 4, true),
      view.getInt32(at + 8, true),
      view.getInt32(at + 12, true),
    );
  }
}

spinning({
  allocate: () => allocateRingLink({ laneBytes: laneBytesFor(2) }),
  writer: (memory) => new LinkRecordWriter(memory),
  reader: (memory) => new LinkRecordReader(memory),
});
