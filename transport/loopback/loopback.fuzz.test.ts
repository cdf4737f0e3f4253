import test from 'ava';
import fc from 'fast-check';
import { followModel, linkSteps } from '../link.model.ts';
import { LoopbackLink } from './loopback-link.ts';

const limits = { frameBytesMax: 700, backlogFramesMax: 12, backlogBytesMax: 3000 };

test('the loopback does what queues do, at every size', (t) => {
  const page = fc.constantFrom(64, 128, 512, 2048);
  fc.assert(
    fc.property(fc.tuple(page, page, page), linkSteps(900), (pageBytes, steps) => {
      const link = new LoopbackLink({ pageBytes, ...limits });
      const allowed = steps.filter((step) => !('bytes' in step) || step.step === 'send' || step.bytes <= 700);
      followModel({ writer: link, reader: link }, allowed, limits);
    }),
    { numRuns: 1500, includeErrorInReport: true },
  );
  t.pass();
});
