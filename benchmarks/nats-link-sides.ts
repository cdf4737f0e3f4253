/** A program for `Pair`: the calls of `yardsticks/over-nats.ts` over the engine's links between hosts, in frames of 32 bytes. */
import { SystemClock } from '../engine/base/clock.ts';
import { Prng } from '../engine/base/prng.ts';
import { HostLinks } from '../engine/cluster/host-links.ts';
import type { Reader } from '../transport/codec/reader.ts';
import { NatsConnection } from '../transport/nats/connection.ts';
import { overNats } from './yardsticks/over-nats.ts';

const FRAME_BYTES = 32;
const FRAMES_PER_DRAIN = 1024;
const ENDS = { caller: { name: 'caller', inc: 1 }, callee: { name: 'callee', inc: 2 } };

overNats(async (natsPort, role, handle, done) => {
  const url = `nats://127.0.0.1:${natsPort}`;
  const connection = await NatsConnection.open({ url, name: role, warn: () => {} });
  const handler = {
    onFrame({ view, at }: Reader): void {
      handle(
        view.getInt32(at, true),
        view.getInt32(at + 4, true),
        view.getInt32(at + 8, true),
        view.getInt32(at + 12, true),
      );
    },
  };
  const links = new HostLinks({
    connection,
    cluster: 'bench',
    self: ENDS[role],
    clock: new SystemClock(),
    random: new Prng(1, role),
    greeting: new Uint8Array(0),
    warn: (line) => console.error(line),
    wake: () => {
      while (link.drain(handler, FRAMES_PER_DRAIN) > 0);
      done();
    },
  });
  const { link } = links.meet(ENDS[role === 'caller' ? 'callee' : 'caller']);
  await connection.settled();
  return {
    write(call, target, a, b) {
      const writer = link.claim(1, FRAME_BYTES);
      if (writer === undefined) throw new Error('The link is full.');
      const { view, at } = writer;
      view.setInt32(at, call, true);
      view.setInt32(at + 4, target, true);
      view.setInt32(at + 8, a, true);
      view.setInt32(at + 12, b, true);
      writer.at = at + FRAME_BYTES;
      link.commit();
    },
    flush: () => links.flushLink(link),
  };
});
