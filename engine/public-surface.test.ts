import test from 'ava';
import * as own from './index.ts';
import { Chat, ChatEntity, Silent } from './public-surface-types.fixture.ts';

test('what is promised to games is exported, and a game is put together with it', (t) => {
  const game = own.defineGame({ name: 'chat', entities: [own.entity(Chat, ChatEntity, { idleTimeout: 'never' })] });
  t.is(game.name, 'chat');
  t.is(Chat.name, 'Chat');
  t.is(own.entity([Chat], ChatEntity, {}) === undefined, false);
});

test('values are exported under the names that are promised', (t) => {
  const values = [
    'contract',
    'entity',
    'defineGame',
    'startHost',
    'NodeEntity',
    'EngineError',
    'CallTimeoutError',
    'EntityNotFoundError',
    'EntityExistsError',
    'OverloadedError',
    'NodeDownError',
    'DeadlockError',
    'UnavailableError',
    'MoveAbortedError',
    'FencedError',
    'ContractMismatchError',
    'ForbiddenError',
    'InvalidMessageError',
    'StoreError',
    'GameError',
    'RemoteError',
  ];
  t.deepEqual(Object.keys(own).sort(), values.sort());
});

test('errors are what their table says', (t) => {
  const classes: Record<string, unknown> = { ...own };
  const outcomes: [keyof typeof own, 'notExecuted' | 'unknown'][] = [
    ['CallTimeoutError', 'unknown'],
    ['EntityNotFoundError', 'notExecuted'],
    ['EntityExistsError', 'notExecuted'],
    ['OverloadedError', 'notExecuted'],
    ['NodeDownError', 'unknown'],
    ['UnavailableError', 'notExecuted'],
    ['DeadlockError', 'notExecuted'],
    ['MoveAbortedError', 'unknown'],
    ['FencedError', 'unknown'],
    ['ContractMismatchError', 'notExecuted'],
    ['ForbiddenError', 'notExecuted'],
    ['InvalidMessageError', 'notExecuted'],
    ['StoreError', 'unknown'],
    ['EngineError', 'notExecuted'],
  ];
  for (const [name, outcome] of outcomes) {
    const error = new (classes[name] as typeof own.EngineError)('code', 'words');
    t.is(error.name, name);
    t.true(error instanceof own.EngineError && error instanceof Error);
    t.like(error, { code: 'code', message: 'words', outcome });
  }
  t.is(new own.GameError('no-gold', 3).data, 3);
  t.false(new own.GameError('x') instanceof own.EngineError);
});

test('entities are made by the engine', (t) => {
  t.throws(() => new Silent(), { instanceOf: own.EngineError, code: 'call-context' });
});

test('options are checked when a game is defined', (t) => {
  const wrong: [() => unknown, RegExp][] = [
    [() => own.entity(Chat, ChatEntity, { autocreate: true } as object), /entity\(Chat\): unknown option 'autocreate'/],
    [() => own.entity(Chat, ChatEntity, { idleTimeout: 'soon' }), /idleTimeout.*'soon'/],
    [() => own.entity(Chat, ChatEntity, { mailboxMax: 0 }), /mailboxMax is 0/],
    [() => own.entity([], ChatEntity), /at least one contract/],
    [() => own.defineGame({ name: '', entities: [] }), /needs a name/],
    [() => own.defineGame({ name: 'x', entities: [], entitys: [] } as never), /unknown key 'entitys'/],
    [() => own.contract<Chat>('', { say: {}, count: {}, settle: {} }), /needs a name/],
    [() => own.contract('X', { say: { priority: 'urgent' } } as never), /X\.say: priority is 'urgent'/],
    [() => own.contract('X', { say: { timeout: '5 s' } } as never), /X\.say: timeout.*'5 s'/],
    [() => own.contract('X', { say: { rate: 'often' } } as never), /X\.say: rate is 'often'/],
    [() => own.contract('X', { say: { access: 'all' } } as never), /X\.say: access is "all"/],
    [() => own.contract('X', { say: { loud: true } } as never), /X\.say: unknown option 'loud'/],
  ];
  for (const [make, words] of wrong) t.throws(make, { instanceOf: TypeError, message: words });
});
