/** What runs inside a node thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { SystemClock } from '../base/clock.ts';
import { Prng } from '../base/prng.ts';
import { HostRouter } from '../cluster/host-router.ts';
import { Keyspace } from '../cluster/keyspace.ts';
import { SlotTable } from '../cluster/slot-table.ts';
import { BlackBox } from '../runtime/black-box.ts';
import { WORKER_WAITS } from '../runtime/duty-cycle.ts';
import { Node } from '../runtime/node.ts';
import { HeapFigures } from './heap-figures.ts';
import { loadGame } from './load-game.ts';
import { createLog } from './log.ts';
import { MeshEnds } from './mesh.ts';
import type { FromThread, ThreadStart, ToThread } from './thread-messages.ts';

const port = parentPort!;
const start = workerData as ThreadStart;
const send = (message: FromThread): void => port.postMessage(message);

try {
  const log = createLog(start.log, { host: start.hostId, node: start.index });
  const catalogue = await loadGame(start.gameUrl, start.generatedUrl);
  const heap = new HeapFigures();
  const ends = new MeshEnds(start, start.index, (node, life, message) =>
    send({ kind: 'corrupt', node, life, message }),
  );
  const node = new Node({
    index: start.index,
    incarnation: start.incarnation,
    catalogue,
    router: new HostRouter(new Keyspace(start.hashKey), new SlotTable(start.slotTable), start.hostId, start.workers),
    clock: new SystemClock(),
    prng: new Prng(start.seed, `node ${start.index}`),
    log,
    writers: ends.writers,
    readers: ends.readers,
    bell: ends.bell,
    onCorrupt: ends.onCorrupt,
    box: new BlackBox(start.boxes[start.index]!),
    waits: WORKER_WAITS,
    heap,
  });
  node.refuse(start.quarantined);
  // A call that nobody awaited has failed, or a promise of game code: said and counted, and the node goes on.
  process.on('unhandledRejection', (reason) => node.unhandled(reason));
  port.on('message', (message: ToThread) => {
    switch (message.kind) {
      case 'start':
        Promise.resolve()
          .then(() => catalogue.game.onStart?.(node.view))
          .catch((error: unknown) => {
            send({
              kind: 'start-failed',
              message: error instanceof Error ? (error.stack ?? error.message) : String(error),
            });
          });
        return;
      case 'figures':
        send({ kind: 'figures', id: message.id, figures: heap.beside(node.figures()) });
        return;
      case 'locks':
        send({ kind: 'locks', id: message.id, locks: node.locks(message.from) });
        return;
      case 'peer-replaced':
        node.replacePeer(ends.replacement(message.links));
        return;
      case 'quarantine':
        node.refuse(message.quarantined);
        return;
      case 'drain':
        void node.drain(message.graceMs).then(() => {
          node.stop();
          send({ kind: 'drained' });
        });
        return;
    }
  });
  node.start();
  send({ kind: 'ready' });
} catch (error) {
  send({ kind: 'failed', message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
}
