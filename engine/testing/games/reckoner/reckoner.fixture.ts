import { NodeEntity } from 'skerry';
import type { Reckoner } from './contracts.fixture.ts';

export class ReckonerEntity extends NodeEntity implements Reckoner {
  private readonly controller = new AbortController();
  private calls = 0;

  reckon(name: string, input: unknown): Promise<unknown> {
    this.calls++;
    return this.node.compute(name, input);
  }
  reckonWithin(name: string, input: unknown, timeoutMs: number): Promise<unknown> {
    return this.node.compute(name, input, timeoutMs === 0 ? {} : { timeout: timeoutMs });
  }
  async reckonUntil(name: string, input: unknown): Promise<unknown> {
    return this.node.compute(name, input, { signal: this.controller.signal });
  }
  giveUp(): void {
    this.controller.abort(new Error('enough'));
  }
  forget(name: string, input: unknown): void {
    void this.node.compute(name, input);
  }
  async count(): Promise<number> {
    return this.calls;
  }
}
