import { type EntityId, type int32, NodeEntity } from 'skerry';
import { type Driver, type GameState, type Population, Target, type Timing, View } from './contracts.ts';
import { heapBytes } from './heap.ts';
import { afterSilence, drive, flood } from './load.ts';

export class TargetEntity extends NodeEntity implements Target {
  private messages = 0;

  async ping(a: int32, b: int32): Promise<int32> {
    return (a + b) | 0;
  }

  tell(_a: int32, _b: int32): void {
    this.messages++;
  }

  async told(): Promise<int32> {
    const { messages } = this;
    this.messages = 0;
    return messages;
  }

  async keep(_state: GameState): Promise<void> {}

  async echo(bytes: Uint8Array): Promise<Uint8Array> {
    return bytes;
  }
}

export class DriverEntity extends NodeEntity implements Driver {
  private targets: Target[] = [];
  private readonly viewers = this.node.group(View, 'viewers');
  private readonly picture = new Uint8Array(100);

  async aim(targets: int32[]): Promise<void> {
    this.targets = targets.map((id) => this.node.getProxy(Target, id));
  }

  drive(outstanding: int32, calls: int32): Promise<Timing> {
    const { targets } = this;
    return drive((target, a, b) => targets[target]!.ping(a, b), targets.length, outstanding, calls);
  }

  flood(senders: int32, messages: int32): Promise<Timing> {
    const { targets } = this;
    return flood(
      (target, a, b) => targets[target]!.tell(a, b),
      (target) => targets[target]!.told(),
      senders,
      messages,
    );
  }

  wake(silenceMs: int32, calls: int32): Promise<Timing> {
    const { targets } = this;
    return afterSilence(
      () => this.sleep(silenceMs),
      (target, a, b) => targets[target]!.ping(a, b),
      calls,
    );
  }

  async populate(first: int32, count: int32, outstanding: int32): Promise<Population> {
    const before = heapBytes();
    let next = first;
    const end = first + count;
    const caller = async (): Promise<void> => {
      while (next < end) {
        const id = next++;
        if ((await this.node.getProxy(Target, id).ping(id, 1)) !== id + 1) throw new Error(`A wrong reply of ${id}.`);
      }
    };
    const from = performance.now();
    await Promise.all(Array.from({ length: outstanding }, caller));
    const ms = performance.now() - from;
    return { ms, bytesEach: (heapBytes() - before) / count };
  }

  async populatePlain(count: int32): Promise<Population> {
    const before = heapBytes();
    const all = new Map<EntityId, Plain>();
    const from = performance.now();
    for (let id = 0; id < count; id++) all.set(id, new Plain(id));
    const ms = performance.now() - from;
    const bytesEach = (heapBytes() - before) / count;
    if (all.get(count - 1)?.id !== count - 1) throw new Error('The map lost an object.');
    return { ms, bytesEach };
  }

  async invite(first: int32, count: int32): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, i) => this.viewers.add(first + i)));
  }

  show(times: int32): void {
    for (let i = 0; i < times; i++) this.viewers.proxy.shown(this.picture);
  }
}

class Plain {
  readonly id: EntityId;
  messages = 0;

  constructor(id: EntityId) {
    this.id = id;
  }
}
