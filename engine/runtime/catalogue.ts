import type { Reader } from '../../transport/codec/reader.ts';
import type { Writer } from '../../transport/codec/writer.ts';
import { LANE_HIGH, LANE_LOW, LANE_MEDIUM, type Lane } from '../../transport/link.ts';
import { type Duration, milliseconds } from '../base/duration.ts';
import type { EntityId } from '../base/entity-id.ts';
import { ContractMismatchError } from '../base/errors.ts';
import type { Contract, OperationTraits, Priority } from '../contract/contract.ts';
import type { Generated, GeneratedContract } from '../contract/generated.ts';
import type { OperationModel, WireTypes } from '../contract/wire-type.ts';
import { CronSchedule } from './cron.ts';
import type { NodeEntity } from './entity.ts';
import { headWordOf, KIND_ONE_WAY, KIND_REQUEST } from './frame.ts';
import type { EntityDefinition, EntityOptions, Game } from './game.ts';
import { everyMsOf, type TaskSchedule } from './task.ts';

export const RETURNS_VOID = 0;
export const RETURNS_COMPLETION = 1;
export const RETURNS_VALUE = 2;

export const LOCK_NONE = 0;
export const LOCK_METHOD = 1;
export const LOCK_ENTITY = 2;

/** One operation with everything that the data plane asks of it, as plain fields of one shape. */
export interface Operation {
  readonly code: number;
  /** Word 0 of its request frames. */
  readonly headWord: number;
  readonly name: string;
  readonly contract: BoundContract;
  readonly traits: OperationTraits;
  readonly model: OperationModel;
  readonly lane: Lane;
  readonly reliable: boolean;
  /** `unreliableOrdered`: only the newest waits. */
  readonly conflated: boolean;
  readonly returns: number;
  readonly timeoutMs: number;
  readonly lock: number;
  readonly readOnly: boolean;
  dispatch(target: any, input: Reader): unknown;
  writeResult(out: Writer, value: unknown): void;
  readResult(input: Reader): unknown;
}

export interface BoundContract {
  readonly name: string;
  readonly generated: GeneratedContract;
  readonly operations: readonly Operation[];
  /** Undefined for a contract that only clients implement. */
  readonly type: EntityTypeEntry | undefined;
}

export interface DeclaredTask {
  readonly name: string;
  readonly schedule: TaskSchedule;
}

/** An entity type of the game, as the runtime knows it. */
export interface EntityTypeEntry {
  readonly index: number;
  /** The name of its first contract. */
  readonly name: string;
  readonly contracts: readonly string[];
  readonly cls: new () => NodeEntity<any>;
  readonly autoCreate: boolean;
  /** Infinity for 'never'. */
  readonly idleMs: number;
  readonly mailboxMax: number;
  readonly affinity: ((id: EntityId) => EntityId) | undefined;
  /** Its number in the keyspace: of its name, so that the slot of an entity does not change when a game gets another type. */
  readonly keyspace: number;
  readonly persistent: boolean;
  /** Of its state; from 1 on. */
  readonly stateVersion: number;
  /** There is one when the version is above 1. */
  readonly migrate: ((old: unknown, fromVersion: number) => unknown) | undefined;
  /** How long a change may wait to be saved, at most. */
  readonly autosaveMs: number;
  readonly tasks: readonly DeclaredTask[];
  /** An operation of it has a lock, or its tasks have. */
  readonly hasLocks: boolean;
}

const AUTOSAVE_DEFAULT = '1s';
export const MAILBOX_MAX_DEFAULT = 16_384;
const IDLE_DEFAULT = '5m';

const LANE_OF: Record<Priority, Lane> = { high: LANE_HIGH, medium: LANE_MEDIUM, low: LANE_LOW };
const RETURNS = { void: RETURNS_VOID, completion: RETURNS_COMPLETION, value: RETURNS_VALUE };
const LOCKS = { none: LOCK_NONE, method: LOCK_METHOD, entity: LOCK_ENTITY };

export const laneOf = (priority: Priority): Lane => LANE_OF[priority];

/** A game that the engine cannot run as it is written; the message says what to change. */
export class GameDefinitionError extends Error {
  override name = 'GameDefinitionError';
}

/** What the game defines and what was generated for it, joined. */
export class Catalogue {
  readonly game: Game;
  readonly fingerprint: string;
  readonly types: WireTypes;
  /** By operation code. */
  readonly operations: readonly Operation[];
  readonly entityTypes: readonly EntityTypeEntry[];
  /** The game declares locks: turns are told apart and followed, calls carry their chain. Others pay nothing for it. */
  readonly hasLocks: boolean;
  /** It has types whose state is kept: there is a store. Others pay nothing for it. */
  readonly hasPersistent: boolean;
  /** It has operations with `exactlyOnce`. */
  readonly hasParcels: boolean;
  private readonly contracts = new Map<string, BoundContract>();

  constructor(game: Game, generated: Generated) {
    this.game = game;
    this.fingerprint = generated.fingerprint;
    this.types = generated.types;
    const implementedBy = new Map<string, EntityTypeEntry>();
    this.entityTypes = (game.entities as readonly EntityDefinition[]).map((definition, index) => {
      const entry = entityTypeEntry(game, definition, index);
      for (const name of entry.contracts) {
        const other = implementedBy.get(name);
        if (other) {
          throw new GameDefinitionError(
            `Contract '${name}' is implemented by ${other.cls.name} and ${entry.cls.name}; it can have one class.`,
          );
        }
        implementedBy.set(name, entry);
      }
      return entry;
    });
    this.hasLocks = this.entityTypes.some(({ hasLocks }) => hasLocks);
    this.hasPersistent = this.entityTypes.some(({ persistent }) => persistent);
    const operations: Operation[] = [];
    for (const one of generated.contracts) {
      const bound = bind(game, one, implementedBy.get(one.model.name));
      this.contracts.set(bound.name, bound);
      for (const operation of bound.operations) operations[operation.code] = operation;
    }
    this.operations = operations;
    this.hasParcels = operations.some(({ traits }) => traits.exactlyOnce);
    for (const name of implementedBy.keys()) {
      if (!this.contracts.has(name)) {
        throw new GameDefinitionError(
          `Contract '${name}' was not found by the generator: export it from a module that the game imports.`,
        );
      }
    }
  }

  /** Undefined for a contract that the game does not have. */
  find(name: string): BoundContract | undefined {
    return this.contracts.get(name);
  }

  /** Throws ContractMismatchError for a contract that the game does not have. */
  contract(contract: Contract<any> | string): BoundContract {
    const name = typeof contract === 'string' ? contract : contract?.name;
    const bound = this.find(name);
    if (bound) return bound;
    throw new ContractMismatchError('incompatible', `The game has no contract '${String(name)}'.`);
  }

  /** A method of an entity type that is an operation of one of its contracts. */
  operationOf(type: EntityTypeEntry, method: string): Operation | undefined {
    for (const name of type.contracts) {
      const found = this.contracts.get(name)?.operations.find((operation) => operation.name === method);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Like `contract`, for one that an entity class implements. */
  entityContract(contract: Contract<any> | string): BoundContract & { type: EntityTypeEntry } {
    const bound = this.contract(contract);
    if (bound.type) return bound as BoundContract & { type: EntityTypeEntry };
    throw new ContractMismatchError('incompatible', `No entity of the game implements the contract '${bound.name}'.`);
  }
}

function entityTypeEntry(game: Game, { contracts, cls, options }: EntityDefinition, index: number): EntityTypeEntry {
  const name = contracts[0]!.name;
  const tasks = Object.entries(options.tasks ?? {}).map(([task, schedule]): DeclaredTask => {
    const where = `entity(${name}): task '${task}'`;
    if (typeof (cls.prototype as Record<string, unknown>)[task] !== 'function') {
      throw new GameDefinitionError(`${where}: ${cls.name} has no method '${task}'.`);
    }
    return { name: task, schedule: scheduleOf(schedule, where) };
  });
  return {
    index,
    name,
    contracts: contracts.map((contract) => contract.name),
    cls,
    autoCreate: options.autoCreate ?? true,
    idleMs:
      options.idleTimeout === 'never' ? Number.POSITIVE_INFINITY : milliseconds(options.idleTimeout ?? IDLE_DEFAULT),
    mailboxMax: options.mailboxMax ?? MAILBOX_MAX_DEFAULT,
    affinity: options.affinity,
    keyspace: keyspaceOf(name),
    persistent: options.persistent ?? false,
    stateVersion: options.state?.version ?? 1,
    migrate: options.state?.migrate,
    autosaveMs: milliseconds(options.state?.autosave ?? AUTOSAVE_DEFAULT),
    tasks,
    hasLocks:
      game.defaultLock === 'entity' ||
      contracts.some(({ operations }) =>
        operations.some(({ lock }) => (lock ?? game.defaultLock ?? 'none') !== 'none'),
      ),
  };
}

/** FNV-1a of a name, as a number of 29 bits above all that stand for something else. */
function keyspaceOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return ((hash ^ (hash >>> 29)) & 0x0fff_ffff) | 0x1000_0000;
}

function scheduleOf(declared: NonNullable<EntityOptions['tasks']>[string], where: string): TaskSchedule {
  const { every, cron, ...rest } = declared as { every?: Duration; cron?: string };
  if ((every === undefined) === (cron === undefined) || Object.keys(rest).length > 0) {
    throw new GameDefinitionError(`${where}: write { every: '50ms' } or { cron: '0 4 * * *' }.`);
  }
  try {
    return cron === undefined ? { everyMs: everyMsOf(every!, where) } : { cron: new CronSchedule(cron, where) };
  } catch (error) {
    throw new GameDefinitionError((error as Error).message);
  }
}

function checkExactlyOnce(
  where: string,
  { exactlyOnce }: OperationTraits,
  model: OperationModel,
  type: EntityTypeEntry | undefined,
): void {
  if (exactlyOnce !== (model.exactlyOnce ?? false)) {
    throw new GameDefinitionError(
      `${where}: the generator did not see exactlyOnce; write it into the table: { exactlyOnce: true }.`,
    );
  }
  if (exactlyOnce && type?.persistent !== true) {
    const who = type === undefined ? 'a persistent entity' : `entity(${type.name}, ${type.cls.name}, …)`;
    throw new GameDefinitionError(
      `${where} is exactlyOnce: what has arrived is saved with the receiver, so ${who} needs { persistent: true }.`,
    );
  }
}

function bind(game: Game, generated: GeneratedContract, type: EntityTypeEntry | undefined): BoundContract {
  const bound: BoundContract = {
    name: generated.model.name,
    generated,
    type,
    operations: [],
  };
  const traitsByName = new Map(generated.contract.operations.map((traits) => [traits.name, traits]));
  const list = generated.operations.map((operation, i): Operation => {
    const model = generated.model.operations[i]!;
    const traits = traitsByName.get(operation.name)!;
    checkExactlyOnce(`${bound.name}.${operation.name}`, traits, model, type);
    return {
      code: operation.code,
      headWord: headWordOf(model.returns === 'void' ? KIND_ONE_WAY : KIND_REQUEST, operation.code),
      name: operation.name,
      contract: bound,
      traits,
      model,
      lane: LANE_OF[traits.priority],
      reliable: traits.reliability === 'reliable' || traits.reliability === 'reliableOrdered',
      conflated: traits.reliability === 'unreliableOrdered',
      returns: RETURNS[model.returns],
      timeoutMs: traits.timeoutMs,
      lock: LOCKS[traits.lock ?? game.defaultLock ?? 'none'],
      readOnly: traits.readOnly,
      dispatch: operation.dispatch,
      writeResult: operation.writeResult,
      readResult: operation.readResult,
    };
  });
  (bound.operations as Operation[]).push(...list);
  return bound;
}
