import test from 'ava';
import { controlStoreConformance, StoreClient } from './control-store.conformance.ts';
import { MemoryControlStore } from './memory-control-store.ts';

controlStoreConformance(test, 'memory', async () => {
  const memory = new MemoryControlStore();
  const open = (): StoreClient => {
    const client = new StoreClient();
    client.store = memory.open(client.listener);
    return client;
  };
  return [open(), open()];
});
