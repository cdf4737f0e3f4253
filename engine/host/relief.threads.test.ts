import test from 'ava';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { Values } from '../testing/games/probe/contracts.fixture.ts';
import { startHost } from './embed.ts';

const HEAP_MB = 48;
const BYTES_EACH = 20_000;
/** Twice what fits. */
const ENTITIES = (2 * HEAP_MB * 1024 * 1024) / BYTES_EACH;
const HOT = -1;

test('a node whose entities outgrow its heap goes on: the least recently used make room', async (t) => {
  await using host = await startHost({
    game: gameFile('probe'),
    workers: 1,
    heapMb: HEAP_MB,
    port: 0,
    adminPort: 0,
    store: 'memory',
    logLevel: 'silent',
  });
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${host.adminPort}/metrics`)).text();
    return Number(new RegExp(`^${name}\\{node="0"\\} (\\S+)$`, 'm').exec(text)?.[1]);
  };
  t.is(await metric('skerry_heap_limit_bytes'), HEAP_MB * 1024 * 1024);
  // Eight bytes an element: a string could be kept elsewhere.
  const tags = Array.from({ length: BYTES_EACH / 40 }, (_, i) => `${i}`.padStart(16, '.'));
  const hot = host.getProxy(Values, HOT);
  await hot.keep({ name: 'hot', tags: [] });
  let next = 0;
  const fill = async (): Promise<void> => {
    while (next < ENTITIES) {
      const id = next++;
      await host.getProxy(Values, id).keep({ name: `${id}`, tags });
      if (id % 50 === 0) t.is((await hot.kept()).name, 'hot');
    }
  };
  await Promise.all(Array.from({ length: 16 }, fill));
  const ended = await metric('skerry_deactivations_for_memory_total');
  t.true(ended > ENTITIES / 4, `${ended} of ${ENTITIES} made room`);
  t.true((await metric('skerry_entities')) > 100);
  t.is((await hot.kept()).name, 'hot');
});
