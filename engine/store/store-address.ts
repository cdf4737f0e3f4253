/** Which store, and where. */
export interface StoreAddress {
  /** `memory`, `lmdb`, or a `redis://` or `rediss://` URL. */
  readonly store: string;
  /** The folder of stores that have one. */
  readonly data: string;
}

/** For people. */
export function describeStore({ store, data }: StoreAddress): string {
  if (store === 'memory') return 'memory: gone when the host ends';
  return store === 'lmdb' ? `lmdb in ${data}` : store.replace(/^(rediss?:\/\/)[^@/]*@/, '$1…@');
}
