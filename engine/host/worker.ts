/** What runs inside a node thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { SystemClock } from '../base/clock.ts';
import { Prng } from '../base/prng.ts';
import { HostRouter } from '../cluster/host-router.ts';
import { type HashKey, Keyspace } from '../cluster/keyspace.ts';
import { SlotTable } from '../cluster/slot-table.ts';
import { BlackBox } from '../runtime/black-box.ts';
import type { Catalogue } from '../runtime/catalogue.ts';
import { MAIN_THREAD_WAITS, WORKER_WAITS } from '../runtime/duty-cycle.ts';
import type { Log } from '../runtime/log.ts';
import { Node } from '../runtime/node.ts';
import { entityOfKey } from '../runtime/persistence/record-key.ts';
import { ClusterNode } from './cluster-node.ts';
import { HeapFigures } from './heap-figures.ts';
import { loadGame } from './load-game.ts';
import { createLog } from './log.ts';
import { MeshEnds } from './mesh.ts';
import type { StoredWorld } from './stored-world.ts';
import type { Figures, FromThread, StoreStart, ThreadStart, ToThread } from './thread-messages.ts';

const port = parentPort!;
const start = workerData as ThreadStart;
const send = (message: FromThread): void => port.postMessage(message);
const giveUp = (error: unknown): void => send({ kind: 'failed', message: withoutClass(error) });
/** Stores are loaded by the one thread that has use for them. */
const openWorld = async (catalogue: Catalogue, store: StoreStart, log: Log): Promise<StoredWorld> =>
  (await import('./stored-world.ts')).StoredWorld.open(catalogue, store, log, {
    taken: () => send({ kind: 'store-taken' }),
    holds: (slots) => send({ kind: 'holds', slots }),
  });
const withoutClass = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'Error' ? error.message : `${error.name}: ${error.message}`;
};

try {
  const log = createLog(start.log, { host: start.hostId, node: start.index });
  const catalogue = await loadGame(start.gameUrl, start.generatedUrl);
  const world = start.store && (await openWorld(catalogue, start.store, log));
  const heap = new HeapFigures();
  const ends = new MeshEnds(start, start.index, (node, life, message) =>
    send({ kind: 'corrupt', node, life, message }),
  );
  const clock = new SystemClock();
  const keyspace = new Keyspace(world?.identity.hashKey ?? start.hashKey);
  const { slotTable, hostId, workers, index } = start;
  const prng = new Prng(start.seed, `node ${index}`);
  const life = start.lives[index]!;
  const about = { keyspace, slotTable, host: hostId, workers, clock, index, life, catalogue, log };
  const cluster = start.cluster && new ClusterNode({ ...about, start: start.cluster, random: prng.fork('links') });
  const node = new Node({
    index: start.index,
    incarnation: start.incarnation,
    catalogue,
    router: cluster?.router ?? new HostRouter(keyspace, new SlotTable(slotTable), hostId, workers),
    clock,
    prng,
    log,
    writers: ends.writers,
    readers: ends.readers,
    bell: ends.bell,
    onCorrupt: ends.onCorrupt,
    box: new BlackBox(start.boxes[start.index]!),
    // A nap would keep what the store has done from being heard of.
    waits: world === undefined ? WORKER_WAITS : MAIN_THREAD_WAITS,
    heap,
    access:
      cluster === undefined
        ? { life, isClaimed: life === 0 }
        : {
            life,
            isClaimed: false,
            openEpochOf: (slot) => cluster.ports.slots.openEpochOf(slot, index),
            isElsewhere: (slot) => cluster.isElsewhere(slot),
          },
    ...(world !== undefined && { store: world.store }),
    ...(cluster !== undefined && { cluster: cluster.ports }),
  });
  cluster?.listen(node);
  const beside = (figures: Figures): Figures => cluster?.beside(figures) ?? figures;
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
        send({ kind: 'figures', id: message.id, figures: beside(heap.beside(node.figures())) });
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
      case 'claim-store':
        claim(message.hashKey);
        return;
      case 'held':
        world?.holds?.isKnown(message.count);
        return;
      case 'drain':
        void drain(message.graceMs, message.stays);
        return;
    }
  });

  const slotOf = (key: string): number | undefined => {
    const entity = entityOfKey(key);
    const type = catalogue.entityTypes.find(({ name }) => name === entity?.type);
    return type && node.view.slotFor(type, entity!.id);
  };
  const claim = (hashKey: HashKey): void => void world!.claim({ hashKey, slotOf }).then(serve, giveUp);
  const serve = (): void => {
    node.start();
    send({ kind: 'ready' });
  };
  const drain = async (graceMs: number, stays: boolean): Promise<void> => {
    await node.drain(graceMs);
    if (stays) {
      send({ kind: 'drained' });
      return;
    }
    node.stop();
    await cluster?.close();
    await world?.store.close().catch((error: unknown) => log.error({ err: error }, 'the store did not close'));
    send({ kind: 'drained' });
  };
  const claimed = start.store?.claimed;
  if (world === undefined || (claimed !== undefined && start.store?.cluster === undefined)) serve();
  // In a cluster it joins those that share the store once more.
  else if (claimed !== undefined) claim(claimed.hashKey);
  else send({ kind: 'store-found', identity: world.identity });
} catch (error) {
  giveUp(error);
}
