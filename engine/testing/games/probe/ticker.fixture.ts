import { NodeEntity } from 'skerry';
import { type Clockwork, Gate, type Ticker } from './contracts.fixture.ts';
import { journals } from './journals.fixture.ts';

export class TickerEntity extends NodeEntity implements Ticker {
  private readonly at: number[] = [];

  private get lines(): string[] {
    return journals.of('Ticker', this.id);
  }

  /** Declared for the type. */
  tick(): void {
    this.at.push(this.now());
    this.lines.push('tick');
  }
  say(...words: unknown[]): void {
    const { caller, remaining } = this.call;
    this.lines.push(['said', ...words, caller.kind, remaining].join(' '));
  }
  breaks(): void {
    this.lines.push('breaks');
    throw new Error('task broke');
  }
  async breaksSoon(): Promise<void> {
    await null;
    throw new Error('task broke soon');
  }
  async long(): Promise<void> {
    this.lines.push('long');
    await this.node.getProxy(Gate, 0).pass(`long ${this.id}`);
    this.lines.push('/long');
  }
  async operation(): Promise<void> {
    this.lines.push('operation');
  }
  async every(name: string, ms: number, method: string): Promise<void> {
    await this.tasks.every(name, ms, method as 'tick');
  }
  async once(name: string, ms: number, method: string, args: unknown[]): Promise<void> {
    await this.tasks.once(name, ms, method as 'tick', { args });
  }
  async cron(name: string, expression: string): Promise<void> {
    await this.tasks.cron(name, expression, 'say', { args: [name] });
  }
  cancel(name: string): Promise<boolean> {
    return this.tasks.cancel(name);
  }
  async refused(how: string): Promise<string> {
    try {
      if (how === 'method') await this.tasks.every('x', '1s', 'nothing' as 'tick');
      if (how === 'interval') await this.tasks.every('x', 0, 'tick');
      if (how === 'duration') await this.tasks.every('x', 'soon', 'tick');
      if (how === 'cron') await this.tasks.cron('x', '0 4 * *', 'tick');
      if (how === 'never') await this.tasks.cron('x', '0 0 30 2 *', 'tick');
      if (how === 'missed') await this.tasks.once('x', '1s', 'tick', { missed: 'skip' });
      if (how === 'option') await this.tasks.once('x', '1s', 'tick', { durably: true } as object);
      if (how === 'args') await this.tasks.once('x', '1s', 'tick', { args: 'x' as unknown as [] });
      if (how === 'durable') await this.tasks.once('x', '1s', 'tick', { durable: true });
      return 'accepted';
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
  }
  async ticks(): Promise<number[]> {
    return this.at;
  }
  async journal(): Promise<string[]> {
    // A copy: the result is encoded when the promise is fulfilled, and slices of later operations may run before that.
    return [...this.lines];
  }
  async hold(gate: string): Promise<void> {
    await this.node.getProxy(Gate, 0).pass(gate);
  }
}

export class ClockworkEntity extends NodeEntity implements Clockwork {
  async wake(): Promise<void> {}
  strike(): void {
    const at = new Date(this.now()).toISOString();
    journals.of('Clockwork', this.id).push(`${at} ${this.call.caller.kind}`);
  }
  async stay(): Promise<void> {
    await this.node.getProxy(Gate, 0, { timeout: '1d' }).pass(`clockwork ${this.id}`);
  }
}
