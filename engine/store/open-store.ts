import { notImplemented } from '../base/errors.ts';
import type { SalvageableStore } from './damage.ts';
import { LmdbStore } from './lmdb-store.ts';
import { MemoryStore } from './memory-store.ts';
import { RedisStore } from './redis-store.ts';
import type { StoreAddress } from './store-address.ts';

/** StoreError when it cannot be used; EngineError (`not-implemented`) for what is no store yet. */
export async function openStore(
  { store, data }: StoreAddress,
  warn: (line: string) => void,
): Promise<SalvageableStore> {
  if (store === 'memory') return new MemoryStore();
  if (store === 'lmdb') return new LmdbStore(data);
  if (/^rediss?:\/\//.test(store)) return RedisStore.open({ url: store, warn });
  throw notImplemented(`--store=${store}`);
}
