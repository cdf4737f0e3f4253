import type { SalvageableStore } from './damage.ts';
import { LmdbStore } from './lmdb-store.ts';
import { MemoryStore } from './memory-store.ts';
import { NatsStore } from './nats-store.ts';
import { RedisStore } from './redis-store.ts';
import type { StoreAddress } from './store-address.ts';

/** StoreError when it cannot be used; TypeError for what is no store. */
export async function openStore(
  { store, data, nats, cluster }: StoreAddress,
  warn: (line: string) => void,
): Promise<SalvageableStore> {
  if (store === 'memory') return new MemoryStore();
  if (store === 'lmdb') return new LmdbStore(data);
  if (/^rediss?:\/\//.test(store)) return RedisStore.open({ url: store, warn });
  if (store === 'nats' && nats !== undefined) return NatsStore.open({ url: nats, cluster, warn });
  throw new TypeError(`${store} is no store`);
}
