import { defineGame, entity, GameError, NodeEntity, type NodeRef } from 'skerry';
import { Careless } from './contracts.fixture.ts';

class CarelessEntity extends NodeEntity implements Careless {
  async fail(): Promise<void> {
    throw new GameError('refused', { by: this.id });
  }
  async forget(other: Careless): Promise<void> {
    void other.fail();
  }
  async forgetOwn(): Promise<void> {
    void Promise.reject(new Error('nobody looks at this'));
  }
  async misspell(): Promise<void> {
    void this.node.getProxy(Careless, 'x').forget(5 as unknown as Careless);
  }
  failOneWay(): void {
    throw new Error('one way');
  }
}

/** Prints `still here` when everything went wrong and nothing ended; with `--break`, onStart fails. */
export default defineGame({
  name: 'careless',
  entities: [entity(Careless, CarelessEntity)],
  async onStart(node: NodeRef) {
    if (process.argv.includes('--break')) throw new Error('no world to load');
    const [first, second] = [node.getProxy(Careless, 'first'), node.getProxy(Careless, 'second')];
    await first.forget(second);
    await first.forgetOwn();
    await first.misspell();
    first.failOneWay();
    void second.fail();
    await first.forgetOwn();
    await second.fail().catch(() => {});
    await first.forgetOwn();
    console.log('still here');
  },
});
