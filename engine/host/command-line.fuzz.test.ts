import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { parseCommandLine } from './command-line.ts';
import { flagOf, type HostConfig, OPTION_KEYS, OPTIONS, UsageError, variableOf } from './config.ts';

const noFile = (): string => {
  throw Object.assign(new Error('no'), { code: 'ENOENT' });
};

const word = fc.oneof(
  fc.string(),
  fc.constantFrom('--', '-', '--=', '--workers', '--config', '--supervise', 'start', '__proto__', '--constructor=1'),
  fc.tuple(fc.constantFrom(...OPTION_KEYS), fc.string()).map(([key, text]) => `--${flagOf(key)}=${text}`),
);

test('any command line is understood or refused in one line', (t) => {
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 6 }),
      fc.dictionary(fc.constantFrom(...OPTION_KEYS.map(variableOf)), fc.string()),
      (argv, env) => {
        try {
          parseCommandLine(argv, env, noFile);
        } catch (error) {
          assert.ok(error instanceof UsageError);
          assert.doesNotMatch(error.message, /\n/);
          assert.notEqual(error.message, '');
        }
      },
    ),
  );
  t.pass();
});

const path = fc.stringMatching(/^[\w./ =-]{1,20}$/).filter((text) => text.trim() !== '' && !text.startsWith('file:'));
const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$/);
const config: fc.Arbitrary<Partial<HostConfig>> = fc
  .record(
    {
      workers: fc.integer({ min: 1, max: 256 }),
      game: path,
      port: fc.integer({ min: 0, max: 65_535 }),
      address: fc.ipV4(),
      adminPort: fc.integer({ min: 0, max: 65_535 }),
      adminAddress: fc.ipV6(),
      nats: fc.webAuthority({ withPort: true }).map((authority) => `nats://${authority.replaceAll(/[,/\s]/g, '')}`),
      cluster: id,
      hostId: id,
      leaseProfile: fc.constantFrom('default', 'lan', 'ci'),
      supervise: fc.boolean(),
      store: fc.constantFrom('memory', 'lmdb', 'nats', 'redis://x'),
      data: path,
      logLevel: fc.constantFrom('debug', 'info', 'warn', 'error', 'silent'),
      logFormat: fc.constantFrom('auto', 'pretty', 'json'),
    },
    { requiredKeys: [] },
  )
  .filter(({ port = 7070, adminPort = 7071 }) => port === 0 || port !== adminPort)
  .filter(({ store, nats }) => store !== 'nats' || nats !== undefined);

test('flags, variables and the config file give the same config', (t) => {
  fc.assert(
    fc.property(config, (wanted) => {
      const entries = Object.entries(wanted);
      const store = wanted.nats === undefined ? 'lmdb' : 'nats';
      const expected = { ...parseCommandLine([], {}, noFile).config, store, ...wanted };
      const flags = entries.map(([key, value]) => `--${flagOf(key)}=${value}`);
      const apart = entries.flatMap(([key, value]) =>
        OPTIONS[key as keyof HostConfig].isSwitch || `${value}`.startsWith('-')
          ? [`--${flagOf(key)}=${value}`]
          : [`--${flagOf(key)}`, `${value}`],
      );
      const env = Object.fromEntries(entries.map(([key, value]) => [variableOf(key), `${value}`]));
      const file = JSON.stringify(wanted);
      assert.deepEqual(parseCommandLine(flags, {}, noFile).config, expected);
      assert.deepEqual(parseCommandLine(apart, {}, noFile).config, expected);
      assert.deepEqual(parseCommandLine([], env, noFile).config, expected);
      assert.deepEqual(parseCommandLine(['--config=x'], {}, () => file).config, expected);
    }),
  );
  t.pass();
});
