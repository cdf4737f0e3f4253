import { defineGame, entity, type int32, NodeEntity } from 'skerry';
import { Clerk, Desk } from './contracts.ts';

class DeskEntity extends NodeEntity implements Desk {
  async free(a: int32, b: int32): Promise<int32> {
    return (a + b) | 0;
  }
  async locked(a: int32, b: int32): Promise<int32> {
    return (a + b) | 0;
  }
}

class ClerkEntity extends NodeEntity implements Clerk {
  async visit(lock: boolean, desks: int32[], calls: int32): Promise<number> {
    const proxies = desks.map((id) => this.node.getProxy(Desk, id));
    const each = Math.ceil(calls / proxies.length);
    const begin = performance.now();
    await Promise.all(
      proxies.map(async (desk) => {
        for (let i = 0; i < each; i++) await (lock ? desk.locked(i, 1) : desk.free(i, 1));
      }),
    );
    return ((performance.now() - begin) * 1e6) / (each * proxies.length);
  }
}

/** What a lock costs when nobody else wants it. */
export default defineGame({
  name: 'bench-locks',
  entities: [entity(Desk, DeskEntity), entity(Clerk, ClerkEntity)],
});
