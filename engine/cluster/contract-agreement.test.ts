import test from 'ava';
import type { Generated } from '../contract/generated.ts';
import { ContractAgreement, GreetingError, greetingOf } from './contract-agreement.ts';

/** What the generator emits will do. */
const greet: (generated: Generated) => Uint8Array = greetingOf;

/** Operations in the order of their numbers, as `contract.name=shape`. */
function game(fingerprint: string, ...titles: string[]) {
  const contracts = new Map<string, { name: string; code: number; fingerprint: string }[]>();
  for (const [code, title] of titles.entries()) {
    const [, contract, name, shape] = /^(.*)\.(.*)=(.*)$/.exec(title)!;
    const operations = contracts.get(contract!) ?? [];
    contracts.set(contract!, [...operations, { name: name!, code, fingerprint: shape! }]);
  }
  return {
    fingerprint,
    contracts: [...contracts].map(([name, operations]) => ({ model: { name }, operations })),
  };
}

test('the same game: every operation under its own number', (t) => {
  t.is(greet, greetingOf);
  const own = game('f', 'Arena.enter=1', 'Arena.leave=2', 'Player.hit=3');
  const agreement = new ContractAgreement(own, greetingOf(own), 'b');
  t.true(agreement.isIdentical);
  t.deepEqual(agreement.refusals, []);
  for (const code of [0, 1, 2]) {
    t.is(agreement.codeThere(code), code);
    t.is(agreement.verdictOf(code), 'compatible');
  }
});

test('another version: what looks the same is called by its number there, the rest is refused in words', (t) => {
  const own = game('f', 'Arena.enter=1', 'Arena.leave=2', 'Player.hit=3', 'Player.new=4');
  const other = game('g', 'Arena.cheer=9', 'Arena.enter=1', 'Arena.leave=other', 'Player.hit=3');
  const agreement = new ContractAgreement(own, greetingOf(other), 'host b');
  t.false(agreement.isIdentical);
  t.deepEqual(
    [0, 1, 2, 3].map((code) => [agreement.verdictOf(code), agreement.codeThere(code)]),
    [
      ['adaptable', 1],
      ['refused', -1],
      ['adaptable', 3],
      ['refused', -1],
    ],
  );
  t.is(
    agreement.reasonOf(1),
    'Arena.leave has other parameters or another result at host b, which runs another version of the game',
  );
  t.deepEqual(agreement.refusals, [
    agreement.reasonOf(1)!,
    'Player.new does not exist at host b, which runs another version of the game',
  ]);
  t.is(agreement.reasonOf(0), undefined);
  t.is(agreement.verdictOf(99), 'refused', 'nobody knows it');
});

test('what is no greeting is refused', (t) => {
  const own = game('f', 'Arena.enter=1');
  for (const text of [
    '',
    '{}',
    '[]',
    '[2,"f",[]]',
    '[1,2,[]]',
    '[1,"f",{}]',
    '[1,"f",[1]]',
    '[1,"f",[["Arena",{}]]]',
    '[1,"f",[["Arena",[1]]]]',
    '[1,"f",[["Arena",[["enter",-1,"1"]]]]]',
    '[1,"f",[["Arena",[["enter",0,1]]]]]',
  ]) {
    t.throws(
      () => new ContractAgreement(own, new TextEncoder().encode(text), 'b'),
      { instanceOf: GreetingError },
      text,
    );
  }
});
