import test from 'ava';
import { type CommandLine, helpText, parseCommandLine } from './command-line.ts';
import { configOf, embeddedConfig, type HostConfig, OPTION_KEYS, OPTIONS, UsageError } from './config.ts';

const defaults = configOf(new Map());

/** A file system of one config file. */
const reading = (text: string) => (path: string) => {
  if (path === 'c.json') return text;
  throw Object.assign(new Error('no'), { code: path === 'dir' ? 'EISDIR' : 'ENOENT' });
};

const parse = (argv: string[], env: Record<string, string> = {}, file = '{}'): CommandLine =>
  parseCommandLine(argv, env, reading(file));

test('nothing said: start, with the defaults of the table', (t) => {
  t.deepEqual(parse([]), {
    command: 'start',
    arguments: [],
    config: defaults,
    asJson: false,
    replacesDamaged: false,
    gameArgs: [],
    warnings: [],
  });
  t.is(defaults.port, 7070);
  t.is(defaults.adminPort, 7071);
  t.is(defaults.adminAddress, '127.0.0.1');
  t.is(defaults.game, 'games/sample-arena/game.ts');
  t.is(defaults.store, 'lmdb');
  t.is(defaults.data, './data');
  t.is(defaults.cluster, 'skerry');
  t.is(defaults.logLevel, 'info');
  t.false(defaults.supervise);
  t.true(defaults.workers >= 1);
});

const flags: [string, Partial<HostConfig>][] = [
  ['--workers=4', { workers: 4 }],
  ['--game=x/game.ts', { game: 'x/game.ts' }],
  ['--game=file:///x/a%20b.ts', { game: '/x/a b.ts' }],
  ['--port=0', { port: 0 }],
  ['--address=::1', { address: '::1' }],
  ['--admin-port=65535', { adminPort: 65_535 }],
  ['--admin-address=0.0.0.0', { adminAddress: '0.0.0.0' }],
  ['--nats=nats://a:4222,b:4222', { nats: 'nats://a:4222,b:4222', store: 'nats' }],
  ['--cluster=eu-1', { cluster: 'eu-1' }],
  ['--host-id=h_1', { hostId: 'h_1' }],
  ['--lease-profile=ci', { leaseProfile: 'ci' }],
  ['--supervise', { supervise: true }],
  ['--supervise=false', { supervise: false }],
  ['--store=redis://127.0.0.1:6379', { store: 'redis://127.0.0.1:6379' }],
  ['--store=memory', { store: 'memory' }],
  ['--data=/var/lib/x=y', { data: '/var/lib/x=y' }],
  ['--log-level=silent', { logLevel: 'silent' }],
  ['--log-format=json', { logFormat: 'json' }],
];
for (const [flag, expected] of flags) {
  test(`${flag} is understood`, (t) => t.deepEqual(parse([flag]).config, { ...defaults, ...expected }));
}

test('a flag, a variable and a key of the config file mean the same', (t) => {
  t.is(parse(['--admin-port=1']).config.adminPort, 1);
  t.is(parse(['--admin-port', '1']).config.adminPort, 1);
  t.is(parse([], { SKERRY_ADMIN_PORT: '1' }).config.adminPort, 1);
  for (const json of ['{"adminPort":1}', '{"adminPort":"1"}', '{"admin-port":1}']) {
    t.is(parse(['--config=c.json'], {}, json).config.adminPort, 1);
    t.is(parse([], { SKERRY_CONFIG: 'c.json' }, json).config.adminPort, 1);
  }
  t.true(parse(['--config=c.json'], {}, '{"supervise":true}').config.supervise);
});

test('flags win over variables, variables over the file, the last flag over the first', (t) => {
  const file = '{"port":1,"workers":1,"data":"file"}';
  const env = { SKERRY_PORT: '2', SKERRY_WORKERS: '2', SKERRY_DATA: '' };
  const { config } = parse(['--config=c.json', '--port=9', '--port=3'], env, file);
  t.like(config, { port: 3, workers: 2, data: 'file' });
});

test('the game has flags of its own', (t) => {
  const { gameArgs, config } = parse(['--port=1', '--', '--port=2', '--', '--help', 'x']);
  t.deepEqual(gameArgs, ['--port=2', '--', '--help', 'x']);
  t.is(config.port, 1);
});

test('commands and their arguments', (t) => {
  t.is(parse(['check', '--game=x.ts']).command, 'check');
  t.is(parse(['--workers', '2', 'start']).command, 'start');
  t.like(parse(['move', 'Hero', '7', '--port=1']), { command: 'move', arguments: ['Hero', '7'] });
});

test('help and version win over everything else', (t) => {
  t.is(parse(['--prot=1', '--help']).command, 'help');
  t.is(parse(['bogus', '-h']).command, 'help');
  t.is(parse(['--version', '--workers=none']).command, 'version');
  t.is(parse(['--', '--help']).command, 'start');
});

test('a variable nobody knows is a warning', (t) => {
  const { warnings } = parse([], { SKERRY_PROT: '1', SKERRY_CONFIG: '', PORT: 'x' });
  t.deepEqual(warnings, ['the environment variable SKERRY_PROT is not an option; did you mean SKERRY_PORT?']);
});

const refused: [string[], Record<string, string>, string, string][] = [
  [['--prot=1'], {}, '', 'unknown flag --prot=1; did you mean --port? (flags of the game stand behind --)'],
  [['--bots=50'], {}, '', 'unknown flag --bots=50; --help lists them all (flags of the game stand behind --)'],
  [['-p'], {}, '', 'unknown flag -p; --help lists them all (flags of the game stand behind --)'],
  [['-workers=2'], {}, '', 'unknown flag -workers=2; did you mean --workers? (flags of the game stand behind --)'],
  [['--workers=0'], {}, '', '--workers=0: expected a whole number from 1 to 256'],
  [['--workers=2.5'], {}, '', '--workers=2.5: expected a whole number from 1 to 256'],
  [['--workers=-1'], {}, '', '--workers=-1: expected a whole number from 1 to 256'],
  [['--workers='], {}, '', '--workers=: expected a whole number from 1 to 256'],
  [['--workers', 'many'], {}, '', '--workers=many: expected a whole number from 1 to 256'],
  [['--workers'], {}, '', '--workers needs a value: --workers=N'],
  [['--workers', '--port=1'], {}, '', '--workers needs a value: --workers=N'],
  [['--port=70000'], {}, '', '--port=70000: expected a whole number from 0 to 65535'],
  [['--lease-profile=fast'], {}, '', '--lease-profile=fast: expected default, lan or ci'],
  [['--supervise=maybe'], {}, '', '--supervise=maybe: expected true or false'],
  [['--store=mysql'], {}, '', '--store=mysql: expected memory, lmdb, nats or redis://HOST:PORT'],
  [['--game=file://%'], {}, '', '--game=file://%: expected the path of a game file'],
  [['--game=a\nb', '--port=x\ny'], {}, '', '--port=x y: expected a whole number from 0 to 65535'],
  [['--port=7071'], {}, '', 'port 7071 cannot serve players and operators: choose another with --port or --admin-port'],
  [[], { SKERRY_PORT: 'x' }, '', 'SKERRY_PORT=x: expected a whole number from 0 to 65535'],
  [['--config=c.json'], {}, '{"port":"x"}', 'c.json: port is "x": expected a whole number from 0 to 65535'],
  [['--config=c.json'], {}, '{"port":null}', 'c.json: port is null: expected a whole number from 0 to 65535'],
  [['--config=c.json'], {}, '{"prot":1}', "c.json: unknown key 'prot'; did you mean port?"],
  [['--config=c.json'], {}, '{"config":"d.json"}', "c.json: unknown key 'config'"],
  [['--config=c.json'], {}, '{"__proto__":1}', "c.json: unknown key '__proto__'"],
  [
    ['--config=c.json'],
    {},
    '{"adminPort":1,"admin-port":1}',
    "c.json: 'adminPort' is there twice, as 'admin-port' too",
  ],
  [['--config=c.json'], {}, '[1]', 'config file c.json is not an object of options, like { "workers": 4 }'],
  [['--config=x.json'], {}, '', 'config file x.json does not exist'],
  [['--config=dir'], {}, '', 'config file dir is a folder'],
  [['--config='], {}, '', '--config needs a value: --config=FILE'],
  [['strat'], {}, '', "unknown command 'strat'; did you mean start?"],
  [['explode'], {}, '', "unknown command 'explode'; there is start, check, status, drain, move, workers, store, swap"],
  [['game.ts'], {}, '', "unknown command 'game.ts'; a game is named with --game=game.ts"],
  [['start', 'game.ts'], {}, '', "'start' takes no 'game.ts'; a game is named with --game=FILE"],
];
for (const [argv, env, file, message] of refused) {
  test(`refused: ${JSON.stringify({ argv, env, file })}`, (t) => {
    t.throws(() => parse(argv, env, file), { instanceOf: UsageError, message });
  });
}

test('refused: a config file that is not JSON, in one line', (t) => {
  const { message } = t.throws(() => parse(['--config=c.json'], {}, '{\n"port": 1,\n}'), { instanceOf: UsageError })!;
  t.regex(message, /^config file c\.json is not JSON: .+/);
  t.notRegex(message, /\n/);
});

test('embedding takes the same keys and checks', (t) => {
  const game = new URL('file:///games/a%20b.ts');
  t.deepEqual(embeddedConfig({ game, workers: 2, store: 'memory', hostId: undefined }), {
    ...defaults,
    game: '/games/a b.ts',
    workers: 2,
    store: 'memory',
  });
  t.is(embeddedConfig({ game: 'x.ts' }).game, 'x.ts');
  t.throws(() => embeddedConfig({ game: 'x.ts', worker: 2 }), {
    message: "startHost(): unknown key 'worker'; did you mean workers?",
  });
  t.throws(() => embeddedConfig({ game: 'x.ts', workers: 0 }), { message: /^startHost\(\): workers is 0: expected/ });
  t.throws(() => embeddedConfig({ game: 'x.ts', store: { load() {} } }), { message: /store is of type object/ });
});

test('the help names every flag with its default', (t) => {
  const lines = helpText().split('\n');
  for (const key of OPTION_KEYS) {
    const flag = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const line = lines.find((one) => one.trimStart().startsWith(`--${flag}${OPTIONS[key].isSwitch ? ' ' : '='}`));
    t.true(line?.includes(OPTIONS[key].defaultText), flag);
    t.true(line?.includes(OPTIONS[key].help), flag);
  }
  t.true(lines.every((line) => line.length <= 120));
});
