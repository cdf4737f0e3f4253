import test from 'ava';
import { LANE_MEDIUM } from '../../../transport/link.ts';
import { loadFixtureGame } from '../../testing/fixture-game.fixture.ts';
import { LocalHost } from '../../testing/local-host.ts';
import { ALL_SLOTS, KIND_SYNC, KIND_SYNCED } from '../frame.ts';

test('a node without slots that move answers a sync, as the one does that holds the store', async (t) => {
  const { catalogue } = await loadFixtureGame('probe');
  const host = new LocalHost(catalogue, { nodes: 2 });
  t.teardown(() => host.stop());
  t.true(host.nodes[0]!.state.outbox.sync(1, LANE_MEDIUM, KIND_SYNC, ALL_SLOTS, 7));
  await host.settled();
  // Nobody asked, as far as the other one knows: the answer is all that anybody stumbles over.
  const kinds = host.log.lines.filter(({ level }) => level === 'error').map(({ fields }) => (fields as any).kind);
  t.deepEqual(kinds, [KIND_SYNCED]);
});
