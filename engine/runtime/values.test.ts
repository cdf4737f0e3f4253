import test from 'ava';
import { loadFixtureGame } from '../testing/fixture-game.fixture.ts';
import { Values } from '../testing/games/probe/contracts.fixture.ts';
import { LocalHost } from '../testing/local-host.ts';
import {
  expectCopies,
  expectReferences,
  expectRefusals,
  expectRoundTrips,
  expectWrongResult,
} from './value-cases.fixture.ts';

const { catalogue } = await loadFixtureGame('probe');

// Memory that a reader is done with is overwritten here, so that nothing that was decoded can still lie in it.
const host = new LocalHost(catalogue, { nodes: 2 });
test.after.always(() => host.stop());

const here = host.view(0).getProxy(Values, host.idOn(0, Values));
const there = host.view(0).getProxy(Values, host.idOn(1, Values));

for (const [where, values, other] of [
  ['on the same node', here, there],
  ['on another node', there, here],
] as const) {
  test(`every wire type comes back as it was: ${where}`, (t) => expectRoundTrips(t, values));

  test(`what does not fit is refused with its place: ${where}`, (t) => expectRefusals(t, values));

  test(`proxies and entities travel as proxies: ${where}`, (t) => expectReferences(t, values, other));

  test.serial(`nothing is shared between caller and callee: ${where}`, (t) => expectCopies(t, values, other));

  test.serial(`a result that does not fit is logged and reaches the caller: ${where}`, async (t) => {
    const before = host.log.lines.length;
    await expectWrongResult(t, values);
    const lines = host.log.lines.slice(before).filter(({ message }) => message === 'a result could not be sent');
    t.is(lines.length, 2);
    t.is(lines[0]!.level, 'error');
    t.is(lines[0]!.fields.operation, 'Values.wrongResult');
  });
}

test.serial('refused arguments send nothing', async (t) => {
  const sent = host.count('callsSent');
  await t.throwsAsync(here.int8(500));
  t.throws(() => here.oneWay(500));
  t.is(host.count('callsSent'), sent);
});
