import { type int32, NodeEntity } from 'skerry';
import { DeepPinger } from './contracts.ts';
import { randomIdExcluding } from './random-id.ts';

/** How many pingers there are to choose the next one from. */
const PINGERS = 100;

export class DeepPingerEntity extends NodeEntity implements DeepPinger {
  async ping(requestId: int32, deep: int32): Promise<int32> {
    if (deep <= 1) return requestId;
    const next = this.node.getProxy(DeepPinger, randomIdExcluding(PINGERS, this.id, this.random()));
    // Complex logic may hold many different awaits; the code stays straightforward.
    return next.ping(requestId, deep - 1);
  }

  poke(text: string): void {
    this.log.info({ text }, 'poked');
  }

  async settle(): Promise<void> {}
}
