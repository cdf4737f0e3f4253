import test from 'ava';
import { CALL, ERROR, RESULT } from '../../transport/client/frames.ts';
import type { EntityId } from '../base/entity-id.ts';
import type { Access } from '../contract/contract.ts';
import type { Principal } from '../contract/principal.ts';
import { mayCall } from './access.ts';
import { OPERATIONS, serving } from './gateway.fixture.ts';
import { RawClient } from './raw-client.fixture.ts';

const PRINCIPALS: Principal[] = [
  { id: 7 },
  { id: 7, roles: [] },
  { id: 7, roles: ['admin'] },
  { id: 7, roles: ['guest', 'admin'] },
  { id: 7, roles: ['administrator', 'ADMIN', 'constructor'] },
  { id: 7n },
  { id: '7' },
];
const IDS: EntityId[] = [7, 7n, '7', 8, 0];

/** Written apart from the code under test: what api.md says of access. */
function allowed(access: Access | undefined, { id: own, roles = [] }: Principal, id: EntityId): boolean {
  if (access === 'client') return true;
  if (access === 'owner') return typeof id === typeof own && String(id) === String(own);
  if (access === 'server' || access === undefined) return false;
  return roles.some((role) => role === access.role);
}

test('every operation × every principal × ids of every kind', async (t) => {
  const { url, world } = await serving(t);
  for (const principal of PRINCIPALS) {
    const client = await RawClient.join(t, url, principal);
    let opSeq = 0;
    for (const { contract, name, traits, model } of OPERATIONS) {
      const args = model.parameters
        .filter(({ optional }) => !optional)
        .map(({ type }) => (type.kind === 'int32' ? 1 : 'x'));
      for (const id of IDS) {
        const reached = world.calls.length;
        client.send([CALL, ++opSeq, contract.name, name, id, args]);
        const answer = (await client.next())!;
        const where = `${contract.name}.${name} of ${typeof id} ${id} as ${JSON.stringify(principal, (_, v) => (typeof v === 'bigint' ? `${v}n` : v))}`;
        // Buckets have their own test.
        if (answer[0] === ERROR && (answer[2] as { code: string }).code === 'rate') continue;
        const expected = allowed(traits.access, principal, id);
        t.is(answer[0] === RESULT, expected, where);
        t.is(world.calls.length - reached, expected ? 1 : 0, where);
        t.is(mayCall(traits.access, principal, id), expected, where);
        if (!expected) t.deepEqual(answer[2], { class: 'ForbiddenError', code: 'forbidden', outcome: 'notExecuted' });
      }
    }
  }
});

test('what does not exist looks like what is forbidden', async (t) => {
  const { url, world } = await serving(t);
  const client = await RawClient.join(t, url, { id: 7 });
  const strangers = [
    ['Hero', 'secret'],
    ['Hero', 'nothing'],
    ['Nobody', 'nothing'],
    ['HeroView', 'say'],
    ['Hero', '__proto__'],
    ['__proto__', 'toString'],
    ['constructor', 'constructor'],
    ['Hero', 'constructor'],
    ['', ''],
  ];
  for (const [index, [contract, name]] of strangers.entries()) {
    client.send([CALL, index + 1, contract, name, 7, ['whatever', index]]);
    t.deepEqual(await client.next(), [
      ERROR,
      index + 1,
      { class: 'ForbiddenError', code: 'forbidden', outcome: 'notExecuted' },
    ]);
  }
  t.is(world.calls.length, 0);
});
