import { decodeCbor, encodeCbor } from '../../../transport/codec/cbor.ts';
import { StoreError } from '../../base/errors.ts';

/** In front of the keys of the index of durable tasks: `due/17` is the directory of slot 17, `due/17/3` one of its pages. */
export const DUE_PREFIX = 'due/';

/** There are durable tasks in this store, or were: before it is written nobody looks for any. In slot `slots + MARK_SLOT`, which nobody owns. */
export const MARK_KEY = 'due';
export const MARK_SLOT = 2;
/** In front of the keys of entities whose tasks were imported and are in no index yet; in slot `slots + IMPORT_SLOT`. */
export const IMPORTED_PREFIX = 'imported/';
export const IMPORT_SLOT = 1;

export const directoryKey = (slot: number): string => `${DUE_PREFIX}${slot}`;
export const pageKey = (slot: number, page: number): string => `${DUE_PREFIX}${slot}/${page}`;

/** Entries of one page; a page is read and written as a whole. */
export const PAGE_ENTRIES_MAX = 128;
/** What a page that is split leaves room for. */
const PAGE_ENTRIES_SPLIT = 96;

/** An entity has a durable task that is due at `at` (milliseconds since 1970) or later. */
export interface Due {
  readonly at: number;
  /** Of the entity's record, without `ENTITY_PREFIX`. */
  readonly key: string;
}

/** A page holds what is not before `from` and before that of the next page; the first one also what is before its own. */
export interface PageRow {
  readonly page: number;
  readonly from: Due;
}

/** The pages of one slot, in order. The first one begins exactly with what is due first. */
export interface Directory {
  readonly rows: readonly PageRow[];
  /** Number of the next new page; none is used twice. */
  readonly nextPage: number;
}

export const EMPTY_DIRECTORY: Directory = { rows: [], nextPage: 0 };

export interface PageChanges {
  readonly directory: Directory;
  /** New content by number of page; null: the page is gone. */
  readonly pages: ReadonlyMap<number, readonly Due[] | null>;
}

const FORM = 1;

function compare(a: Due, b: Due): number {
  if (a.at !== b.at) return a.at - b.at;
  return a.key < b.key ? -1 : a.key === b.key ? 0 : 1;
}

/** Index of the row of the page in which an entry stands or would stand; -1 when there is no page. */
export function rowOf({ rows }: Directory, due: Due): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(rows[middle]!.from, due) <= 0) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? Math.min(0, rows.length - 1) : low - 1;
}

/** The numbers of the pages that these entries stand or would stand in. */
export function pagesOf(directory: Directory, dues: readonly Due[]): Set<number> {
  const pages = new Set<number>();
  for (const due of dues) {
    const row = rowOf(directory, due);
    if (row >= 0) pages.add(directory.rows[row]!.page);
  }
  return pages;
}

/**
 * Takes entries out and puts others in. Out with what is not there and in with what is are nothing; who is in both is in afterwards.
 * `loaded` has the pages of all of them.
 */
export function changePages(
  directory: Directory,
  loaded: ReadonlyMap<number, readonly Due[]>,
  out: readonly Due[],
  into: readonly Due[],
): PageChanges {
  const byRow = new Map<number, { out: Due[]; into: Due[] }>();
  const changesOf = (due: Due): { out: Due[]; into: Due[] } => {
    const row = Math.max(0, rowOf(directory, due));
    let changes = byRow.get(row);
    if (changes === undefined) {
      changes = { out: [], into: [] };
      byRow.set(row, changes);
    }
    return changes;
  };
  for (const due of out) changesOf(due).out.push(due);
  for (const due of into) changesOf(due).into.push(due);
  let { nextPage } = directory;
  const pages = new Map<number, readonly Due[] | null>();
  const rows: PageRow[] = [];
  for (let at = 0; at < Math.max(1, directory.rows.length); at++) {
    const row = directory.rows[at];
    const changes = byRow.get(at);
    if (changes === undefined) {
      if (row !== undefined) rows.push(row);
      continue;
    }
    const before = row === undefined ? [] : loaded.get(row.page)!;
    const gone = new Set([...changes.out, ...changes.into].map(({ at, key }) => `${at} ${key}`));
    const entries = before.filter(({ at, key }) => !gone.has(`${at} ${key}`)).concat(changes.into);
    entries.sort(compare);
    if (entries.length === 0) {
      if (row !== undefined) pages.set(row.page, null);
      continue;
    }
    const size = entries.length > PAGE_ENTRIES_MAX ? PAGE_ENTRIES_SPLIT : PAGE_ENTRIES_MAX;
    for (let start = 0; start < entries.length; start += size) {
      const part = entries.slice(start, start + size);
      const page = start === 0 && row !== undefined ? row.page : nextPage++;
      pages.set(page, part);
      rows.push({
        page,
        from: start === 0 && row !== undefined && compare(row.from, part[0]!) < 0 ? row.from : part[0]!,
      });
    }
  }
  const first = rows[0];
  if (first !== undefined) {
    const entries = pages.get(first.page);
    // What a page that comes first by now begins with is found when it is read.
    if (entries) rows[0] = { page: first.page, from: entries[0]! };
  }
  return { directory: { rows, nextPage }, pages };
}

/** `isImport`: tasks were imported. */
export const encodeMark = (isImport: boolean): Uint8Array => encodeCbor([FORM, [isImport]]);

export const isImportMark = (bytes: Uint8Array): boolean => contentOf(MARK_KEY, bytes)[0] === true;

export const encodeDirectory = ({ rows, nextPage }: Directory): Uint8Array =>
  encodeCbor([FORM, [nextPage, ...rows.flatMap(({ page, from }) => [page, from.at, from.key])]]);

export const encodePage = (dues: readonly Due[]): Uint8Array =>
  encodeCbor([FORM, dues.flatMap(({ at, key }) => [at, key])]);

/** Throws StoreError (`corrupt`, `newer-version`), which names the record. */
export function decodeDirectory(key: string, bytes: Uint8Array): Directory {
  const [nextPage, ...flat] = contentOf(key, bytes);
  const rows: PageRow[] = [];
  for (let i = 0; i < flat.length; i += 3) {
    const page = flat[i];
    if (!Number.isSafeInteger(page)) throw corrupt(key);
    rows.push({ page: page as number, from: dueOf(key, flat[i + 1], flat[i + 2]) });
  }
  if (!Number.isSafeInteger(nextPage)) throw corrupt(key);
  return { rows, nextPage: nextPage as number };
}

/** As `decodeDirectory`. */
export function decodePage(key: string, bytes: Uint8Array): Due[] {
  const flat = contentOf(key, bytes);
  const dues: Due[] = [];
  for (let i = 0; i < flat.length; i += 2) dues.push(dueOf(key, flat[i], flat[i + 1]));
  return dues;
}

function dueOf(record: string, at: unknown, key: unknown): Due {
  if (typeof at !== 'number' || !Number.isFinite(at) || typeof key !== 'string') throw corrupt(record);
  return { at, key };
}

function contentOf(key: string, bytes: Uint8Array): unknown[] {
  let value: unknown;
  try {
    value = decodeCbor(bytes);
  } catch {
    throw corrupt(key);
  }
  if (!Array.isArray(value) || value.length !== 2 || !Array.isArray(value[1])) throw corrupt(key);
  if (value[0] === FORM) return value[1] as unknown[];
  if (!Number.isSafeInteger(value[0])) throw corrupt(key);
  throw new StoreError('newer-version', `Record ${key} has form ${value[0]}; this engine knows ${FORM}.`);
}

const corrupt = (key: string): StoreError =>
  new StoreError('corrupt', `Record ${key} is damaged: it is no part of the index of durable tasks.`, {
    outcome: 'notExecuted',
  });
