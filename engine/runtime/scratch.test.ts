import test from 'ava';
import { loadFixtureGame } from '../testing/fixture-game.fixture.ts';
import { LocalHost } from '../testing/local-host.ts';

test('x', async (t) => {
  const { catalogue } = await loadFixtureGame('probe');
  const host = new LocalHost(catalogue, { nodes: 2 });
  const { contract } = catalogue.contract('Probe').generated;
  const p: any = host.view(0).getProxy(contract, host.idOn(1, contract));
  t.is(await p.add(3), 3);
  t.is(await p.addNow(3), 6);
  host.stop();
});
