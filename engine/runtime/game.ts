import { type Duration, milliseconds } from '../base/duration.ts';
import { checkEntityId, type EntityId } from '../base/entity-id.ts';
import type { Contract, Lock } from '../contract/contract.ts';
import type { Principal } from '../contract/principal.ts';
import type { NodeEntity } from './entity.ts';
import type { EntityStore } from './entity-store.ts';
import type { NodeRef } from './node-ref.ts';

export interface EntityOptions {
  /** Default true; when false, a call to an entity nobody created is an EntityNotFoundError. */
  autoCreate?: boolean;
  persistent?: boolean;
  idleTimeout?: Duration | 'never';
  mailboxMax?: number;
  /** Entities with the same key, of whatever type, live on the same node. */
  affinity?: (id: EntityId) => EntityId;
  tasks?: Record<string, { every: Duration } | { cron: string }>;
  /**
   * Of persistent types. `migrate` makes the state of this version (default 1) from any that came before; what changed is saved within
   * `autosave` (default '1s').
   */
  state?: { version?: number; autosave?: Duration; migrate?(old: unknown, fromVersion: number): unknown };
}

export interface EntityType {
  readonly __entity?: true;
}

/** What stands behind an EntityType. */
export interface EntityDefinition extends EntityType {
  readonly contracts: readonly Contract<unknown>[];
  readonly cls: new () => NodeEntity<any>;
  readonly options: EntityOptions;
}

/** What entity() asks of a class besides its contract: a NodeEntity of whatever state. */
type AnyEntity = Pick<NodeEntity<any>, 'id' | 'node' | 'log' | 'state' | 'save'>;

const OPTIONS: readonly string[] = [
  'autoCreate',
  'persistent',
  'idleTimeout',
  'mailboxMax',
  'affinity',
  'tasks',
  'state',
] satisfies (keyof EntityOptions)[];

/** Binds a class to the contract, or contracts, that it implements. Throws TypeError for options it does not know. */
export function entity(
  contracts: readonly Contract<any>[],
  cls: new () => AnyEntity,
  options?: EntityOptions,
): EntityType;
// The last one is what the compiler explains when a class or an option does not fit.
export function entity<I>(
  contract: Contract<I>,
  cls: new () => AnyEntity & NoInfer<I>,
  options?: EntityOptions,
): EntityType;
export function entity(
  contracts: Contract<any> | readonly Contract<any>[],
  cls: new () => AnyEntity,
  options: EntityOptions = {},
): EntityType {
  const list = Array.isArray(contracts) ? contracts : [contracts];
  const where = `entity(${list.map((contract) => contract?.name).join(', ')})`;
  if (list.length === 0) throw new TypeError('entity() needs at least one contract.');
  for (const option of Object.keys(options)) {
    if (!OPTIONS.includes(option)) throw new TypeError(`${where}: unknown option '${option}'.`);
  }
  if (options.idleTimeout !== undefined && options.idleTimeout !== 'never') {
    milliseconds(options.idleTimeout, `${where}: idleTimeout`);
  }
  if (options.mailboxMax !== undefined && !(Number.isInteger(options.mailboxMax) && options.mailboxMax > 0)) {
    throw new TypeError(`${where}: mailboxMax is ${options.mailboxMax}; it is a whole number above 0.`);
  }
  checkState(options, where);
  const definition: EntityDefinition = { contracts: list, cls: cls as EntityDefinition['cls'], options };
  return definition as EntityType;
}

const STATE_OPTIONS: readonly string[] = ['version', 'autosave', 'migrate'] satisfies (keyof NonNullable<
  EntityOptions['state']
>)[];
const AUTOSAVE_MS_MIN = 10;

function checkState({ persistent, state }: EntityOptions, where: string): void {
  if (persistent !== undefined && typeof persistent !== 'boolean') {
    throw new TypeError(`${where}: persistent is true or false.`);
  }
  if (state === undefined) return;
  if (persistent !== true) throw new TypeError(`${where}: state is for entities with persistent: true.`);
  for (const option of Object.keys(state)) {
    if (!STATE_OPTIONS.includes(option)) throw new TypeError(`${where}: unknown option 'state.${option}'.`);
  }
  const { version = 1, autosave, migrate } = state;
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new TypeError(`${where}: state.version is ${version}; it is a whole number from 1 on.`);
  }
  if (version > 1 && typeof migrate !== 'function') {
    throw new TypeError(
      `${where}: state.version is ${version}: state.migrate has to say what becomes of older states.`,
    );
  }
  if (autosave !== undefined && milliseconds(autosave, `${where}: state.autosave`) < AUTOSAVE_MS_MIN) {
    throw new RangeError(`${where}: state.autosave is at least ${AUTOSAVE_MS_MIN} ms.`);
  }
}

export interface Game {
  name: string;
  entities: readonly EntityType[];
  /** For operations that state no lock. */
  defaultLock?: Lock;
  gateway?: { authenticate(ticket: unknown): Principal | Promise<Principal>; static?: string };
  /** Files by name, from the game file: each exports as its default a function for `node.compute`. */
  compute?: Record<string, string>;
  store?: EntityStore;
  /** Once per cluster start, on a node of the host that started it, once calls are served. */
  onStart?(node: NodeRef): void | Promise<void>;
}

const GAME_KEYS: readonly string[] = [
  'name',
  'entities',
  'defaultLock',
  'gateway',
  'compute',
  'store',
  'onStart',
] satisfies (keyof Game)[];

/** Throws TypeError with one clear line when something is missing or unknown. */
export function defineGame(game: Game): Game {
  if (typeof game !== 'object' || game === null) throw new TypeError('defineGame() takes an object.');
  for (const key of Object.keys(game)) {
    if (!GAME_KEYS.includes(key)) throw new TypeError(`defineGame(): unknown key '${key}'.`);
  }
  if (typeof game.name !== 'string' || game.name === '') throw new TypeError('defineGame(): a game needs a name.');
  if (!Array.isArray(game.entities)) throw new TypeError('defineGame(): entities is a list of entity(...).');
  for (const [name, file] of Object.entries(game.compute ?? {})) {
    checkEntityId(name);
    if (typeof file === 'string' && /^\.\.?\//.test(file)) continue;
    throw new TypeError(
      `defineGame(): compute '${name}' is ${JSON.stringify(file)}; write a path like './${name}.ts'.`,
    );
  }
  return game;
}
