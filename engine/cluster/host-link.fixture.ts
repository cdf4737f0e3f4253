import type { FrameHandler, LinkReader } from '../../transport/link.ts';
import { Prng } from '../base/prng.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { HostLink, type HostLinkOptions } from './host-link.ts';
import { decodePublish, type Publish } from './publish.ts';

type Tuning = Partial<Omit<HostLinkOptions, 'self' | 'peer' | 'publish'>>;

/** Two ends of one link and what is between them: `carry` gets every message with the end it is for. */
export function linkEnds(
  carry: (deliver: () => void, to: 0 | 1, publish: Publish) => boolean,
  tuning: Tuning = {},
  clock = new ManualClock(),
): { ends: readonly [HostLink, HostLink]; clock: ManualClock } {
  const names = [
    { name: 'a-0', inc: 11 },
    { name: 'b-1', inc: 22 },
  ] as const;
  const end = (self: 0 | 1): HostLink => {
    const to = self === 0 ? 1 : 0;
    return new HostLink({
      payloadBytesMax: () => 1 << 20,
      ...tuning,
      self: names[self],
      peer: names[to],
      greeting: new TextEncoder().encode(`from ${names[self].name}`),
      clock,
      random: new Prng(self),
      publish: (bytes) => {
        const publish = decodePublish(bytes);
        if (publish === undefined) throw new Error('a message that cannot be read was sent');
        return carry(() => ends[to].onPublish(publish), to, publish);
      },
    });
  };
  const ends: readonly [HostLink, HostLink] = [end(0), end(1)];
  return { ends, clock };
}

/** A node flushes its links after it has drained them. */
export function roundsOf(link: HostLink): LinkReader {
  return {
    glance: () => link.glance(),
    pending: () => link.pending(),
    drain(handler: FrameHandler, framesMax: number): number {
      try {
        return link.drain(handler, framesMax);
      } finally {
        link.flush();
      }
    },
  };
}

/** A NATS for tests: what is published arrives at once, or when `deliver` is called. */
export class MemoryWire {
  /** Messages wait for `deliver`. */
  isHeld = false;
  readonly payloadBytesMax = 1 << 20;
  isReady = true;
  private readonly listeners = new Map<string, (message: { subject: string; bytes: Uint8Array }) => void>();
  private readonly back: (() => void)[] = [];
  private held: { subject: string; bytes: Uint8Array }[] = [];

  onBack(listener: () => void): void {
    this.back.push(listener);
  }

  subscribe(subject: string, onMessage: (message: { subject: string; bytes: Uint8Array }) => void): () => void {
    const stem = subject.slice(0, -1);
    this.listeners.set(stem, onMessage);
    return () => this.listeners.delete(stem);
  }

  publish(subject: string, bytes: Uint8Array): boolean {
    if (!this.isReady) return false;
    if (this.isHeld) this.held.push({ subject, bytes });
    else this.arrive(subject, bytes);
    return true;
  }

  /** Everything that waits, or what is left of it. */
  deliver(
    which: (messages: { subject: string; bytes: Uint8Array }[]) => { subject: string; bytes: Uint8Array }[] = (all) =>
      all,
  ): void {
    for (const { subject, bytes } of which(this.held.splice(0))) this.arrive(subject, bytes);
  }

  comeBack(): void {
    this.isReady = true;
    for (const listener of this.back) listener();
  }

  private arrive(subject: string, bytes: Uint8Array): void {
    this.listeners.get(subject.slice(0, subject.lastIndexOf('.') + 1))?.({ subject, bytes });
  }
}
