import test from 'ava';
import type { Writer } from '../../transport/codec/writer.ts';
import { linkConformance } from '../../transport/link.conformance.ts';
import type { FrameHandler, Lane, LinkCounters, LinkReader, LinkWriter } from '../../transport/link.ts';
import type { HostLinks } from './host-links.ts';
import { sides } from './peer-link.fixture.ts';
import type { PeerLink } from './peer-link.ts';

const opened: HostLinks[] = [];
test.after(() => {
  for (const links of opened) links.close();
});

/** Sample frames are any bytes; these make none of them a frame that means something. */
const PREFIX = Uint8Array.of(0xee, 0, 0, 0, 0, 0, 0, 0);

class Prefixed implements LinkWriter, LinkReader {
  private readonly inner: PeerLink;
  private readonly round: () => void;

  constructor(inner: PeerLink, round: () => void) {
    this.inner = inner;
    this.round = round;
  }

  claim(lane: Lane, bytes: number): Writer | undefined {
    const out = this.inner.claim(lane, bytes + PREFIX.length);
    if (out === undefined) return undefined;
    out.bytes.set(PREFIX, out.at);
    out.at += PREFIX.length;
    return out;
  }

  commit(): void {
    this.inner.commit();
  }

  spill(lane: Lane, frame: Uint8Array, rooms?: number): boolean {
    return this.inner.spill(lane, Buffer.concat([PREFIX, frame]), rooms);
  }

  conflate(lane: Lane, key: string, frame: Uint8Array): 'queued' | 'replaced' | 'full' {
    return this.inner.conflate(lane, key, Buffer.concat([PREFIX, frame]));
  }

  flush(): void {
    this.round();
  }

  get backlog(): number {
    return this.inner.backlog;
  }

  waiting(lane: Lane): number {
    return this.inner.waiting(lane);
  }

  taken(lane: Lane): number {
    return this.inner.taken(lane);
  }

  get frameBytesMax(): number {
    return this.inner.frameBytesMax - PREFIX.length;
  }

  glance(): boolean {
    return this.inner.glance();
  }

  pending(): boolean {
    return this.inner.pending();
  }

  drain(handler: FrameHandler, framesMax: number): number {
    const inner: FrameHandler = {
      onFrame(input, lane) {
        input.at += PREFIX.length;
        handler.onFrame(input, lane);
      },
    };
    try {
      return this.inner.drain(inner, framesMax);
    } finally {
      this.round();
    }
  }
}

linkConformance(test, 'peer link', ({ frameBytesMax, backlogBytesMax, ...options } = {}) => {
  const { a, b } = sides((links) => opened.push(links), undefined, {
    windowBytes: 6000,
    ...(frameBytesMax !== undefined && { frameBytesMax: frameBytesMax + PREFIX.length }),
    // For the prefixes of two frames.
    ...(backlogBytesMax !== undefined && { backlogBytesMax: backlogBytesMax + 2 * PREFIX.length }),
    ...options,
  });
  const writer = new Prefixed(a.link, a.flush);
  const counting = new Proxy(writer, {
    get: (target, name) => {
      const of = name in target ? target : (a.link as object);
      const value = Reflect.get(of, name);
      return typeof value === 'function' ? value.bind(of) : value;
    },
  }) as unknown as LinkWriter & LinkCounters;
  return { writer: counting, reader: new Prefixed(b.link, b.flush) };
});
