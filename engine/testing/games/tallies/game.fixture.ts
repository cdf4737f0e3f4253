import { defineGame, entity, type int32, NodeEntity } from 'skerry';
import { Tally } from './contracts.fixture.ts';

export class TallyEntity extends NodeEntity implements Tally {
  readonly #marks: int32[] = [];

  async note(mark: int32): Promise<{ host: string; marks: int32[] }> {
    this.#marks.push(mark);
    const { host } = await this.node.locate(Tally, this.id);
    return { host, marks: [...this.#marks] };
  }

  pass(to: int32, mark: int32): Promise<{ host: string; marks: int32[] }> {
    return this.node.getProxy(Tally, to).note(mark);
  }

  async endThread(): Promise<void> {
    process.exit(1);
  }
}

export default defineGame({
  name: 'tallies',
  entities: [entity(Tally, TallyEntity)],
  gateway: {
    authenticate: () => ({ id: 'tester' }),
  },
});
