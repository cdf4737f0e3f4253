import { type Duration, milliseconds } from '../base/duration.ts';

export type Priority = 'low' | 'medium' | 'high';
export type Reliability = 'unreliable' | 'unreliableOrdered' | 'reliable' | 'reliableOrdered';
export type Lock = 'none' | 'method' | 'entity';
export type Access = 'server' | 'client' | 'owner' | { role: string };

export interface OperationOptions {
  priority?: Priority;
  reliability?: Reliability;
  lock?: Lock;
  readOnly?: boolean;
  idempotent?: boolean;
  exactlyOnce?: boolean;
  timeout?: Duration;
  access?: Access;
  /** Per client session, e.g. '20/s'. */
  rate?: string;
}

/** Every member is a method that returns void, Promise<void> or Promise<T>. */
export type Remotable<I> = {
  [K in keyof I]: I[K] extends (...args: any[]) => infer R ? (R extends void | Promise<any> ? I[K] : never) : never;
};

/** An operation's options with the defaults filled in; `lock` stays undefined until the game's default is known. */
export interface OperationTraits {
  readonly name: string;
  readonly priority: Priority;
  readonly reliability: Reliability;
  readonly lock: Lock | undefined;
  readonly readOnly: boolean;
  readonly idempotent: boolean;
  readonly exactlyOnce: boolean;
  readonly timeoutMs: number;
  readonly access: Access;
  readonly rate: { count: number; perMs: number } | undefined;
}

export interface Contract<I> {
  readonly name: string;
  readonly operations: readonly OperationTraits[];
  readonly __interface?: I;
}

export const TIMEOUT_MS_DEFAULT = 30_000;

const PRIORITIES: readonly string[] = ['low', 'medium', 'high'] satisfies Priority[];
const RELIABILITIES: readonly string[] = [
  'unreliable',
  'unreliableOrdered',
  'reliable',
  'reliableOrdered',
] satisfies Reliability[];
const LOCKS: readonly string[] = ['none', 'method', 'entity'] satisfies Lock[];
const OPTIONS: readonly string[] = [
  'priority',
  'reliability',
  'lock',
  'readOnly',
  'idempotent',
  'exactlyOnce',
  'timeout',
  'access',
  'rate',
] satisfies (keyof OperationOptions)[];

/**
 * The value side of a contract. `name` is its name on the wire and never changes when the TypeScript name does; every
 * method of the interface has a row of options. Throws TypeError for an unknown option or value.
 */
export function contract<I extends Remotable<I>>(
  name: string,
  operations: { [K in keyof I]: OperationOptions },
): Contract<I> {
  if (typeof name !== 'string' || name === '') throw new TypeError('A contract needs a name.');
  const traits = Object.entries<OperationOptions>(operations).map(([operation, options]) =>
    traitsOf(name, operation, options),
  );
  return Object.freeze({ name, operations: Object.freeze(traits) });
}

function traitsOf(contractName: string, name: string, options: OperationOptions): OperationTraits {
  const where = `${contractName}.${name}`;
  for (const option of Object.keys(options)) {
    if (!OPTIONS.includes(option)) throw new TypeError(`${where}: unknown option '${option}'.`);
  }
  if (options.exactlyOnce === true) checkExactlyOnce(where, options);
  return Object.freeze({
    name,
    priority: oneOf(where, 'priority', options.priority ?? 'medium', PRIORITIES) as Priority,
    reliability: oneOf(where, 'reliability', options.reliability ?? 'reliableOrdered', RELIABILITIES) as Reliability,
    lock: options.lock === undefined ? undefined : (oneOf(where, 'lock', options.lock, LOCKS) as Lock),
    readOnly: options.readOnly ?? false,
    idempotent: options.idempotent ?? false,
    exactlyOnce: options.exactlyOnce ?? false,
    timeoutMs: options.timeout === undefined ? TIMEOUT_MS_DEFAULT : milliseconds(options.timeout, `${where}: timeout`),
    access: accessOf(where, options.access),
    rate: options.rate === undefined ? undefined : rateOf(where, options.rate),
  });
}

/** What it keeps until it has arrived has no priority, may not be dropped, and changes something. */
function checkExactlyOnce(where: string, { priority, reliability, readOnly, access }: OperationOptions): void {
  const refused =
    reliability !== undefined && reliability !== 'reliableOrdered'
      ? `reliability '${reliability}'`
      : priority !== undefined && priority !== 'medium'
        ? `priority '${priority}'`
        : readOnly === true
          ? 'readOnly'
          : access !== undefined && access !== 'server'
            ? 'access for clients'
            : undefined;
  if (refused !== undefined) throw new TypeError(`${where}: exactlyOnce does not go together with ${refused}.`);
}

function oneOf(where: string, option: string, value: string, allowed: readonly string[]): string {
  if (allowed.includes(value)) return value;
  throw new TypeError(`${where}: ${option} is '${String(value)}'; it can be ${allowed.join(', ')}.`);
}

function accessOf(where: string, access: Access = 'server'): Access {
  if (access === 'server' || access === 'client' || access === 'owner') return access;
  if (typeof access === 'object' && access !== null && typeof access.role === 'string') return { role: access.role };
  throw new TypeError(`${where}: access is ${JSON.stringify(access)}; it can be server, client, owner or { role }.`);
}

function rateOf(where: string, rate: string): { count: number; perMs: number } {
  const match = /^(\d+)\/(s|m|h)$/.exec(rate);
  const count = Number(match?.[1]);
  if (!match || count < 1) throw new TypeError(`${where}: rate is '${rate}'; write it like '20/s'.`);
  return { count, perMs: milliseconds(`1${match[2]}`, where) };
}
