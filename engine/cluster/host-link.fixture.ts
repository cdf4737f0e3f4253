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
