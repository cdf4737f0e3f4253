import test from 'ava';
import { principalOf } from './ticket.ts';

test('one token is one player, and the id does not give the token away', (t) => {
  const token = 'a-secret-that-nobody-knows';
  const { id, roles } = principalOf({ token });
  t.is(principalOf({ token, name: 'else' }).id, id);
  t.not(principalOf({ token: `${token}!` }).id, id);
  t.regex(String(id), /^[\w-]{22}$/);
  t.false(String(id).includes('secret'));
  t.is(roles, undefined);
});

test('anything else is refused', (t) => {
  for (const ticket of [
    undefined,
    null,
    'token',
    7,
    {},
    { token: 'short' },
    { token: 'x'.repeat(129) },
    { token: ['x'.repeat(20)] },
  ])
    t.throws(() => principalOf(ticket), { name: 'GameError' });
});
