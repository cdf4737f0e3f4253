import test from 'ava';
import fc from 'fast-check';
import { followModel, linkSteps } from '../link.model.ts';
import { RingLinkReader } from './ring-link-reader.ts';
import { RingLinkWriter } from './ring-link-writer.ts';
import { allocateRingLink } from './ring-memory.ts';

const limits = { frameBytesMax: 700, backlogFramesMax: 12, backlogBytesMax: 3000 };

test('a ring does what queues do, at every size and near every wrap of its counters', (t) => {
  const capacity = fc.constantFrom(128, 256, 512);
  const start = fc.oneof(
    fc.constantFrom(0, 2 ** 31 - 256, 2 ** 32 - 256, 2 ** 32 - 8),
    fc.integer({ min: 0, max: 2 ** 29 - 1 }).map((n) => n * 8),
  );
  fc.assert(
    fc.property(fc.tuple(capacity, capacity, capacity), start, linkSteps(900), (laneBytes, start, steps) => {
      const memory = allocateRingLink({ laneBytes, start, frameBytesMax: limits.frameBytesMax });
      const link = { writer: new RingLinkWriter(memory, limits), reader: new RingLinkReader(memory, { scrub: true }) };
      const allowed = steps.filter((step) => !('bytes' in step) || step.step === 'send' || step.bytes <= 700);
      followModel(link, allowed, limits);
    }),
    { numRuns: 1500, includeErrorInReport: true },
  );
  t.pass();
});
