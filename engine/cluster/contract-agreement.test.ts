import test from 'ava';
import { ContractAgreement, GreetingError, greetingOf, type Shapes } from './contract-agreement.ts';

/** Operations in the order of their numbers, as `contract.name=shape`. */
function game(fingerprint: string, types: readonly string[], ...titles: string[]): Shapes {
  const contracts = new Map<string, { name: string; code: number; fingerprint: string }[]>();
  for (const [code, title] of titles.entries()) {
    const [, contract, name, shape] = /^(.*)\.(.*)=(.*)$/.exec(title)!;
    const operations = contracts.get(contract!) ?? [];
    contracts.set(contract!, [...operations, { name: name!, code, fingerprint: shape! }]);
  }
  return { fingerprint, types, contracts: [...contracts].map(([name, operations]) => ({ name, operations })) };
}

const agree = (own: Shapes, peer: Shapes): ContractAgreement =>
  new ContractAgreement(own, greetingOf(peer), 'host a', 'host b');

test('the same game: every number means the same', (t) => {
  const own = game('f', ['Arena', 'Player'], 'Arena.enter=1', 'Arena.leave=2', 'Player.hit=3');
  const agreement = agree(own, own);
  t.true(agreement.isIdentical);
  t.is(agreement.refusals, undefined);
  for (const number of [0, 1, 2]) t.is(agreement.codeHere(number), number);
  for (const type of [0, 1]) t.is(agreement.typeHere(type), type);
});

test('the same contracts with other entity types are another game', (t) => {
  const own = game('f', ['Arena', 'Player'], 'Arena.enter=1');
  const agreement = agree(own, game('f', ['Player', 'Arena'], 'Arena.enter=1'));
  t.false(agreement.isIdentical);
  t.is(agreement.codeHere(0), 0);
  t.deepEqual([agreement.typeHere(0), agreement.typeHere(1)], [1, 0]);
});

test('another version: what looks the same has our number, the rest is refused in words', (t) => {
  const own = game('f', ['Arena'], 'Arena.enter=1', 'Arena.leave=2', 'Player.hit=3', 'Player.new=4');
  const peer = game('g', ['Cheer', 'Arena'], 'Arena.cheer=9', 'Arena.enter=1', 'Arena.leave=other', 'Player.hit=3');
  const agreement = agree(own, peer);
  t.false(agreement.isIdentical);
  t.deepEqual(
    [0, 1, 2, 3, 99].map((code) => agreement.codeHere(code)),
    [-1, 0, -1, 2, -1],
  );
  const tail = 'at host a, which runs another version of the game than host b';
  t.is(agreement.reasonOf(0), `Arena.cheer does not exist ${tail}`);
  t.is(agreement.reasonOf(2), `Arena.leave has other parameters or another result ${tail}`);
  t.is(agreement.reasonOf(99), 'There is no operation 99 here');
  t.is(agreement.refusals, `${agreement.reasonOf(0)}; ${agreement.reasonOf(2)}`);
});

test('a type that does not exist here has a number of nobody, and its own again when the frame comes back', (t) => {
  const a = game('f', ['Arena', 'Player']);
  const b = game('g', ['Cheer', 'Arena']);
  const atA = agree(a, b);
  const atB = agree(b, a);
  t.is(atA.typeHere(1), 0);
  t.true(atA.typeHere(0) >= 0x8000);
  t.true(atB.typeHere(1) >= 0x8000);
  for (const type of [0, 1]) {
    t.is(atB.typeHere(atA.typeHere(type)), type, 'out and back');
    t.is(atA.typeHere(atB.typeHere(type)), type, 'out and back');
  }
});

test('many refusals are one line that names some', (t) => {
  const titles = Array.from({ length: 9 }, (_, at) => `Arena.o${at}=1`);
  const { refusals } = agree(game('f', []), game('g', [], ...titles));
  t.regex(refusals!, /^Arena\.o0 .*Arena\.o4 .*, and 4 more$/);
});

test('what is no greeting is refused', (t) => {
  const own = game('f', [], 'Arena.enter=1');
  for (const text of [
    '',
    '{}',
    '[]',
    '[2,"f",[],[]]',
    '[1,2,[],[]]',
    '[1,"f",[]]',
    '[1,"f",{},[]]',
    '[1,"f",[1],[]]',
    '[1,"f",[],{}]',
    '[1,"f",[],[1]]',
    '[1,"f",[],[["Arena",{}]]]',
    '[1,"f",[],[["Arena",[1]]]]',
    '[1,"f",[],[["Arena",[["enter",-1,"1"]]]]]',
    '[1,"f",[],[["Arena",[["enter",0,1]]]]]',
  ]) {
    t.throws(
      () => new ContractAgreement(own, new TextEncoder().encode(text), 'a', 'b'),
      { instanceOf: GreetingError },
      text,
    );
  }
});
