/** From the words of the command line to a command and its config. Flags win over the environment, that over the config file. */
import { readFileSync } from 'node:fs';
import {
  configOf,
  flagOf,
  type HostConfig,
  OPTION_KEYS,
  OPTIONS,
  type OptionKey,
  suggestion,
  UsageError,
  variableOf,
  type Written,
  writtenIn,
} from './config.ts';
import { LAUNCHED_VARIABLE } from './launcher-port.ts';

export const COMMANDS = ['start', 'check', 'status', 'drain', 'move', 'workers', 'store', 'swap'] as const;
export type Command = (typeof COMMANDS)[number];

export interface CommandLine {
  readonly command: Command | 'help' | 'version';
  /** What stands beside the flags: the arguments of `move`, `workers`, … */
  readonly arguments: readonly string[];
  readonly config: HostConfig;
  /** `status`, for scripts. */
  readonly asJson: boolean;
  /** `store import`: over records that are damaged as well. */
  readonly replacesDamaged: boolean;
  /** Everything behind `--`, untouched. */
  readonly gameArgs: readonly string[];
  /** Lines worth showing that stop nothing. */
  readonly warnings: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const CONFIG_VARIABLE = variableOf('config');
/** Switches that are no options: what they say is said to one command. */
const COMMAND_OF = { json: 'status', 'replace-damaged': 'store' } as const satisfies Record<string, Command>;
const SWITCHES = Object.keys(COMMAND_OF) as (keyof typeof COMMAND_OF)[];
const FLAGS: readonly string[] = [...OPTION_KEYS.map(flagOf), ...SWITCHES, 'config', 'help', 'version'];

/**
 * `argv` without the program. Reads nothing but the config file, through `readText`, when one is named. Throws UsageError, one
 * line, for anything that is not understood; `--help` and `--version` win over what is wrong beside them.
 */
export function parseCommandLine(
  argv: readonly string[],
  env: Environment,
  readText: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): CommandLine {
  const separator = argv.indexOf('--');
  const own = separator === -1 ? argv : argv.slice(0, separator);
  const gameArgs = separator === -1 ? [] : argv.slice(separator + 1);
  const shown = own.find((word) => ['--help', '-h', '--version', '-v'].includes(word));
  if (shown !== undefined) {
    const command = shown === '--help' || shown === '-h' ? 'help' : 'version';
    const config = configOf(new Map());
    return { command, arguments: [], config, asJson: false, replacesDamaged: false, gameArgs, warnings: [] };
  }

  const { flags, words } = separate(own);
  const [first = 'start', ...rest] = words;
  const command = COMMANDS.find((one) => one === first);
  if (command === undefined) throw new UsageError(unknownCommand(first));
  if ((command === 'start' || command === 'check' || command === 'status') && rest.length > 0) {
    const meant = command === 'status' ? '' : '; a game is named with --game=FILE';
    throw new UsageError(`'${command}' takes no '${rest[0]}'${meant}`);
  }

  for (const name of SWITCHES) {
    const its = COMMAND_OF[name];
    if (flags.has(name) && command !== its) throw new UsageError(`'${command}' takes no --${name}; '${its}' does`);
  }
  const asJson = flags.has('json');
  const replacesDamaged = flags.has('replace-damaged');

  const { written, warnings } = environment(env);
  const file = flags.get('config')?.text ?? (env[CONFIG_VARIABLE] || undefined);
  const merged = new Map<OptionKey, Written>(file === undefined ? [] : configFile(file, readText));
  for (const [key, value] of written) merged.set(key, value);
  for (const key of OPTION_KEYS) {
    const value = flags.get(flagOf(key));
    if (value !== undefined) merged.set(key, value);
  }
  return { command, arguments: rest, config: configOf(merged), asJson, replacesDamaged, gameArgs, warnings };
}

/** `--name=value`, `--name value` and switches; of a flag given twice the last one counts. */
function separate(own: readonly string[]): { flags: Map<string, Written>; words: string[] } {
  const flags = new Map<string, Written>();
  const words: string[] = [];
  for (let at = 0; at < own.length; at++) {
    const word = own[at]!;
    if (!word.startsWith('-') || word === '-') {
      words.push(word);
      continue;
    }
    const equals = word.indexOf('=');
    const name = word.slice(0, equals === -1 ? undefined : equals).replace(/^--/, '');
    if (!word.startsWith('--') || !FLAGS.includes(name)) throw new UsageError(unknownFlag(word, name));
    if (equals !== -1) flags.set(name, { text: word.slice(equals + 1), where: word });
    else if (
      SWITCHES.includes(name as never) ||
      OPTION_KEYS.some((key) => flagOf(key) === name && OPTIONS[key].isSwitch)
    ) {
      flags.set(name, { text: 'true', where: word });
    } else {
      const value = own[++at];
      if (value === undefined || value.startsWith('--')) {
        throw new UsageError(`--${name} needs a value: --${name}=${placeholderOf(name)}`);
      }
      flags.set(name, { text: value, where: `--${name}=${value}` });
    }
  }
  return { flags, words };
}

function placeholderOf(name: string): string {
  const key = OPTION_KEYS.find((one) => flagOf(one) === name);
  return key === undefined ? 'FILE' : OPTIONS[key].placeholder;
}

function unknownFlag(word: string, name: string): string {
  const meant = suggestion(name.replace(/^-+/, ''), FLAGS, '--') || '; --help lists them all';
  return `unknown flag ${word}${meant} (flags of the game stand behind --)`;
}

function unknownCommand(word: string): string {
  if (/[./\\]/.test(word)) return `unknown command '${word}'; a game is named with --game=${word}`;
  return `unknown command '${word}'${suggestion(word, COMMANDS) || `; there is ${COMMANDS.join(', ')}`}`;
}

/** An empty variable counts as unset, as it does for most programs that containers run. */
function environment(env: Environment): { written: Map<OptionKey, Written>; warnings: string[] } {
  const written = new Map<OptionKey, Written>();
  for (const key of OPTION_KEYS) {
    const variable = variableOf(key);
    const text = env[variable];
    if (text) written.set(key, { text, where: `${variable}=${text}` });
  }
  const known = [...OPTION_KEYS.map(variableOf), CONFIG_VARIABLE, LAUNCHED_VARIABLE];
  const warnings = Object.keys(env)
    .filter((name) => name.startsWith('SKERRY_') && env[name] && !known.includes(name))
    .map((name) => `the environment variable ${name} is not an option${suggestion(name, known)}`);
  return { written, warnings };
}

function configFile(path: string, readText: (path: string) => string): Map<OptionKey, Written> {
  if (path === '') throw new UsageError('--config needs a value: --config=FILE');
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`;
    throw new UsageError(`config file ${path} ${reason}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`config file ${path} is not JSON: ${(error as Error).message.replaceAll('\n', ' ')}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`config file ${path} is not an object of options, like { "workers": 4 }`);
  }
  return writtenIn(value as Record<string, unknown>, path);
}

/** The page that `--help` prints. */
export function helpText(): string {
  const rows = OPTION_KEYS.map((key) => {
    const { placeholder, defaultText, help } = OPTIONS[key];
    return [`--${flagOf(key)}${placeholder && `=${placeholder}`}`, defaultText, help] as const;
  });
  rows.push(['--config=FILE', 'none', 'a JSON file with any of these: { "workers": 4, "adminPort": 0 }']);
  rows.push(['--json', '', 'of status: for scripts']);
  rows.push(['--replace-damaged', '', 'of store import: over records that cannot be read, too']);
  rows.push(['--help, --version', '', '']);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)) + 2);
  const lines = rows.map(([flag, value, help]) =>
    `  ${flag.padEnd(widths[0]!)}${value.padEnd(widths[1]!)}${help}`.trimEnd(),
  );
  return `Usage: skerry [command] [flags] [-- flags of the game]

Commands: ${COMMANDS.join(', ')}; start when left out.

${`  ${'flag'.padEnd(widths[0]!)}${'default'.padEnd(widths[1]!)}`}what it is
${lines.join('\n')}

Every flag is also a variable (--admin-port is ${variableOf('adminPort')}) and a key of the config file (adminPort).
A flag wins over the variable, the variable over the file.
`;
}
