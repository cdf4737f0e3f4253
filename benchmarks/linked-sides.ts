/** A program for `Pair`: the nodes of two hosts, each on a thread, with the links between them over NATS that hosts have. */
import { LinkedNode, PEER } from '../engine/host/linked-node.fixture.ts';
import { loadGame } from '../engine/host/load-game.ts';
import { WORKER_WAITS } from '../engine/runtime/duty-cycle.ts';
import type { Driver } from './games/ping/contracts.ts';
import { builtPing, pingContracts } from './ping-host.ts';
import { offer, side } from './yardsticks/pair.ts';
import { TARGETS } from './yardsticks/targets.ts';

const HOSTS = { caller: 'a', callee: 'b' } as const;
const DRIVER = 1;

const { role, port } = side();
const { game, generated } = await builtPing();
const catalogue = await loadGame(game, generated);
const { Driver: DriverContract, Target } = await pingContracts();

/** Connects, and knows the other one. */
async function open(natsPort: number): Promise<LinkedNode> {
  const self = HOSTS[role];
  const other = HOSTS[role === 'caller' ? 'callee' : 'caller'];
  const node = new LinkedNode(
    `nats://127.0.0.1:${natsPort}`,
    self,
    role === 'caller' ? 0 : 1,
    catalogue,
    1,
    WORKER_WAITS,
  );
  node.peers.change([{ index: PEER, name: `${other}-0`, inc: 1, host: other, node: 0, isGateway: false }], []);
  await node.log.line(({ message }) => message.includes('was met'));
  return node;
}

if (role === 'callee') {
  port.once('message', async (natsPort: number) => {
    const node = await open(natsPort);
    const ids: number[] = [];
    while (ids.length < TARGETS) ids.push(node.idHere(Target, (ids.at(-1) ?? 0) + 1));
    port.postMessage(ids);
  });
  offer({});
} else {
  let opened: Promise<Driver> | undefined;
  const driver = (natsPort: number): Promise<Driver> => (opened ??= aimed(natsPort));
  const aimed = async (natsPort: number): Promise<Driver> => {
    const ids = new Promise<number[]>((resolve) => port.once('message', resolve));
    port.postMessage(natsPort);
    const node = await open(natsPort);
    const proxy = node.node.view.getProxy(DriverContract, node.idHere(DriverContract, DRIVER));
    await proxy.aim(await ids);
    return proxy;
  };
  offer({
    drive: async (natsPort, outstanding, calls) => (await driver(natsPort!)).drive(outstanding!, calls!),
    flood: async (natsPort, senders, messages) => (await driver(natsPort!)).flood(senders!, messages!),
  });
}
