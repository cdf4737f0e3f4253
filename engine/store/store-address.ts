/** Which store, and where. */
export interface StoreAddress {
  /** `memory`, `lmdb`, `nats`, or a `redis://` or `rediss://` URL. */
  readonly store: string;
  /** The folder of stores that have one. */
  readonly data: string;
  /** URLs of the servers of `nats`, with commas in between. */
  readonly nats: string | undefined;
  /** Whose store it is in `nats`. */
  readonly cluster: string;
}

/** For people. */
export function describeStore({ store, data, cluster }: StoreAddress): string {
  if (store === 'memory') return 'memory: gone when the host ends';
  if (store === 'nats') return `nats, in the stream STORE_${cluster}`;
  return store === 'lmdb' ? `lmdb in ${data}` : store.replace(/^(rediss?:\/\/)[^@/]*@/, '$1…@');
}
