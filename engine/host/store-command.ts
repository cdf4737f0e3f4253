/** `skerry store`: what is in a store, for people and scripts. JSON lines on stdout, what it is about on stderr. */
import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { decodeCbor } from '../../transport/codec/cbor.ts';
import { notImplemented, type StoreError } from '../base/errors.ts';
import { SLOTS } from '../cluster/keyspace.ts';
import type { RecordSave, SaveLevel, StoredRecord } from '../runtime/entity-store.ts';
import {
  DUE_PREFIX,
  encodeMark,
  IMPORT_SLOT,
  IMPORTED_PREFIX,
  MARK_KEY,
  MARK_SLOT,
} from '../runtime/persistence/due-pages.ts';
import { ENTITY_PREFIX, entityOfKey } from '../runtime/persistence/record-key.ts';
import { isStoredState } from '../runtime/persistence/state-form.ts';
import type { SalvageableStore } from '../store/damage.ts';
import { openStore } from '../store/open-store.ts';
import type { CommandLine } from './command-line.ts';
import { UsageError } from './config.ts';
import { FolderLock } from './folder-lock.ts';
import { plainJson } from './plain-json.ts';
import type { Shell } from './shell.ts';
import { IDENTITY_KEY } from './store-identity.ts';

/** With what each takes behind it. */
const COMMANDS = { ls: '[PREFIX]', get: 'KEY', export: '[PREFIX]', import: 'FILE', verify: '[PREFIX]' } as const;
type StoreVerb = keyof typeof COMMANDS;

const PROGRESS_EVERY = 10_000;
/** Of no entity, and not that of the engine's own record. */
const SLOT = SLOTS + IMPORT_SLOT;
const IMPORT_EPOCH = 1;
const IMPORT_BATCH = 128;

type StoreLine = Pick<CommandLine, 'arguments' | 'config' | 'replacesDamaged'>;

/** Resolves to the exit code: 1 when something was damaged or not there. Throws UsageError. */
export async function storeCommand(line: StoreLine, shell: Shell): Promise<number> {
  const { config, replacesDamaged } = line;
  const { verb, argument } = parse(line.arguments);
  if (replacesDamaged && verb !== 'import') throw new UsageError(`store ${verb} takes no --replace-damaged`);
  if (config.store === 'memory')
    throw new UsageError('a store in memory is gone with its host: nothing can look into it');
  if (config.store === 'nats' && verb === 'import') {
    // It keeps records by slot, and what slot an entity is in is known to its game only.
    throw notImplemented('store import into NATS');
  }
  const isFolder = config.store === 'lmdb';
  if (isFolder && verb !== 'import' && !existsSync(join(config.data, 'entities.mdb'))) {
    throw new UsageError(`there is no store in ${config.data}; name its folder with --data=DIR`);
  }
  if (verb === 'import' && !existsSync(argument!)) throw new UsageError(`${argument} does not exist`);
  // Whoever only reads may do so beside a host.
  const lock = isFolder && verb === 'import' ? FolderLock.take(config.data) : undefined;
  try {
    const store = await openStore(config, (line) => shell.stderr(`skerry: ${line}\n`));
    const tool = new StoreTool(store, shell);
    try {
      if (verb === 'get') return await tool.get(argument!);
      if (verb === 'import') return await tool.import(argument!, replacesDamaged);
      return await tool.walk(verb, argument ?? '');
    } finally {
      await store.close();
    }
  } finally {
    lock?.release();
  }
}

function parse([verb, argument, ...rest]: readonly string[]): { verb: StoreVerb; argument: string | undefined } {
  if (verb === undefined || !Object.hasOwn(COMMANDS, verb)) {
    const all = Object.entries(COMMANDS).map(([name, takes]) => `store ${name} ${takes}`);
    throw new UsageError(
      `${verb === undefined ? 'store does what?' : `'store ${verb}' is no command:`} ${all.join(', ')}`,
    );
  }
  const takes = COMMANDS[verb as StoreVerb];
  if (!takes.startsWith('[') && argument === undefined) throw new UsageError(`store ${verb} needs a ${takes}`);
  if (rest.length > 0) throw new UsageError(`store ${verb} takes no '${rest[0]}'`);
  return { verb: verb as StoreVerb, argument };
}

class StoreTool {
  private readonly store: SalvageableStore;
  private readonly shell: Shell;
  private damaged = 0;
  private done = 0;

  constructor(store: SalvageableStore, shell: Shell) {
    this.store = store;
    this.shell = shell;
  }

  async get(key: string): Promise<number> {
    const record = await this.store.load(key);
    if (record === undefined) {
      this.shell.stderr(`skerry: there is no record ${key}; 'store ls' lists them\n`);
      return 1;
    }
    const { epoch, etag, bytes } = record;
    let value: unknown;
    try {
      value = decodeCbor(bytes);
    } catch (error) {
      this.shell.stderr(`skerry: ${key} is damaged: ${(error as Error).message}\n`);
      this.print({ key, ...named(key), etag, epoch, bytes: Buffer.from(bytes).toString('base64') });
      return 1;
    }
    const [version, state, beside] = isStoredState(value) ? value : [undefined, value];
    this.print({
      key,
      ...named(key),
      etag,
      epoch,
      version,
      state: plainJson(state),
      ...(beside && { beside: plainJson(beside) }),
    });
    return 0;
  }

  async walk(verb: StoreVerb, prefix: string): Promise<number> {
    for await (const { key, record } of this.store.scan(prefix, (bad, error) => this.damage(bad, error))) {
      this.progress();
      if (verb === 'ls') this.print({ key, ...named(key), bytes: record.bytes.length });
      else if (verb === 'verify') this.verify(key, record);
      // The engine's own records are those of one store: in another one entities have other slots.
      else if (key !== IDENTITY_KEY && !isOfIndex(key))
        this.print({ key, bytes: Buffer.from(record.bytes).toString('base64') });
    }
    this.shell.stderr(`skerry: ${this.done} records${this.damaged > 0 ? `, and ${this.damaged} damaged` : ''}\n`);
    return this.damaged > 0 ? 1 : 0;
  }

  /** What an export wrote; over what has the same key, and cannot be read only if told so. */
  async import(file: string, replacesDamaged: boolean): Promise<number> {
    await this.store.claim(SLOT, IMPORT_EPOCH);
    let batch: Promise<RecordSave[]>[] = [];
    let isMarked = false;
    let number = 0;
    const flush = async (): Promise<void> => {
      const rows = await Promise.all(batch);
      batch = [];
      if (!isMarked && rows.some(({ length }) => length > 1)) {
        await this.markTasks();
        isMarked = true;
      }
      await this.store.save(rows.flat(), this.level);
      for (const _ of rows) this.progress();
    };
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      number++;
      if (text.trim() === '') continue;
      batch.push(this.row(text, `${file}:${number}`, replacesDamaged));
      if (batch.length >= IMPORT_BATCH) await flush();
    }
    if (batch.length > 0) await flush();
    this.shell.stderr(`skerry: ${this.done} records imported\n`);
    return 0;
  }

  private async row(text: string, where: string, replacesDamaged: boolean): Promise<RecordSave[]> {
    let line: { key?: unknown; bytes?: unknown };
    try {
      line = JSON.parse(text);
    } catch {
      throw new UsageError(`${where} is no line of JSON; what is before it may be imported`);
    }
    const { key, bytes } = line;
    if (typeof key !== 'string' || typeof bytes !== 'string' || key === IDENTITY_KEY || isOfIndex(key)) {
      throw new UsageError(`${where}: expected a line that 'store export' wrote, { "key": …, "bytes": … }`);
    }
    const expectedEtag = replacesDamaged ? await this.store.etagOf(key) : await this.wholeEtag(key, where);
    const content = new Uint8Array(Buffer.from(bytes, 'base64'));
    const row = { key, bytes: content, expectedEtag, slot: SLOT, epoch: IMPORT_EPOCH };
    if (!hasTasks(key, content)) return [row];
    const note = IMPORTED_PREFIX + key.slice(ENTITY_PREFIX.length);
    const notedEtag = await this.store.etagOf(note);
    return [row, { ...row, key: note, bytes: encodeMark(true), expectedEtag: notedEtag }];
  }

  /** Hosts that start look for tasks that are in no index yet. */
  private async markTasks(): Promise<void> {
    const slot = SLOTS + MARK_SLOT;
    await this.store.claim(slot, IMPORT_EPOCH);
    const expectedEtag = await this.store.etagOf(MARK_KEY);
    await this.store.save(
      [{ key: MARK_KEY, bytes: encodeMark(true), expectedEtag, slot, epoch: IMPORT_EPOCH }],
      this.level,
    );
  }

  private get level(): SaveLevel {
    return this.store.caps.levels.includes('flushed') ? 'flushed' : 'committed';
  }

  /** What is damaged may be all that is left of something: it is not written over by accident. */
  private async wholeEtag(key: string, where: string): Promise<string | null> {
    try {
      return (await this.store.load(key))?.etag ?? null;
    } catch (error) {
      if ((error as StoreError).code !== 'corrupt') throw error;
      throw new UsageError(`${where}: ${(error as Error).message} To write over it add --replace-damaged`);
    }
  }

  private verify(key: string, { bytes }: StoredRecord): void {
    try {
      const value = decodeCbor(bytes);
      if (key === IDENTITY_KEY || (isStoredState(value) && Number.isInteger(value[0]))) return;
      this.damage(key, new Error('it is not the state of an entity'));
    } catch (error) {
      this.damage(key, error as Error);
    }
  }

  private damage(key: string, error: Error): void {
    this.damaged++;
    this.print({ key, ...named(key), damage: error.message });
  }

  private progress(): void {
    if (++this.done % PROGRESS_EVERY === 0) this.shell.stderr(`skerry: ${this.done} records …\n`);
  }

  private print(line: object): void {
    this.shell.stdout(`${JSON.stringify(line)}\n`);
  }
}

const isOfIndex = (key: string): boolean =>
  key === MARK_KEY || key.startsWith(DUE_PREFIX) || key.startsWith(IMPORTED_PREFIX);

/** Of a record of an entity; one that cannot be read has none. */
function hasTasks(key: string, bytes: Uint8Array): boolean {
  if (!key.startsWith(ENTITY_PREFIX)) return false;
  try {
    const stored = decodeCbor(bytes);
    return isStoredState(stored) && stored[2]?.tasks !== undefined;
  } catch {
    return false;
  }
}

/** The entity that a key is of. */
function named(key: string): { type?: string; id?: unknown } {
  const entity = entityOfKey(key);
  return entity === undefined ? {} : { type: entity.type, id: plainJson(entity.id) };
}
