import test from 'ava';
import { linkConformance } from '../link.conformance.ts';
import { RingLinkReader } from './ring-link-reader.ts';
import { RingLinkWriter } from './ring-link-writer.ts';
import { allocateRingLink } from './ring-memory.ts';

for (const [name, start] of [
  ['ring', 0],
  ['ring near 2^31', 2 ** 31 - 64],
  ['ring near 2^32', 2 ** 32 - 64],
] as const) {
  linkConformance(test, name, ({ frameBytesMax, ...backlog } = {}) => {
    const laneBytes = [4096, 4096, 4096] as const;
    const memory = allocateRingLink({ laneBytes, start, ...(frameBytesMax === undefined ? {} : { frameBytesMax }) });
    return { writer: new RingLinkWriter(memory, backlog), reader: new RingLinkReader(memory, { scrub: true }) };
  });
}
