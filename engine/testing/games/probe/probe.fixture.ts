import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { CallTimeoutError, EngineError, GameError, type int32, NodeEntity } from 'skerry';
import { Probe as Contract, Gate, type Probe, type ProbeToo } from './contracts.fixture.ts';
import { journals } from './journals.fixture.ts';

export class ProbeEntity extends NodeEntity implements Probe, ProbeToo {
  /** Set by an initialiser, when `id` and `node` must be there. */
  private readonly seenId = this.id;
  private readonly seenNode = this.node !== undefined;
  private total = 0;
  private call_: unknown;

  private get lines(): string[] {
    return journals.of('Probe', this.id);
  }

  note(text: string): void {
    this.lines.push(text);
  }
  async journal(): Promise<string[]> {
    // A copy: the result is encoded when the promise is fulfilled, and slices of later operations may run before that.
    return [...this.lines];
  }
  async sameJournal(): Promise<string[]> {
    // A copy: the result is encoded when the promise is fulfilled, and slices of later operations may run before that.
    return [...this.lines];
  }
  async add(n: int32): Promise<int32> {
    this.total += n;
    return this.total;
  }
  addNow(n: int32): Promise<int32> {
    this.total += n;
    return this.total as unknown as Promise<int32>;
  }
  async hold(text: string, gate: string): Promise<void> {
    this.lines.push(text);
    await this.node.getProxy(Gate, 0).pass(gate);
    this.lines.push(`/${text}`);
  }
  exclusive(text: string, gate: string): Promise<void> {
    return this.hold(text, gate);
  }
  reading(text: string, gate: string): Promise<void> {
    return this.hold(text, gate);
  }
  single(text: string, gate: string): Promise<void> {
    return this.hold(text, gate);
  }
  async fail(how: string): Promise<void> {
    throw errorOf(how);
  }
  async failSoon(how: string): Promise<void> {
    await null;
    throw errorOf(how);
  }
  failOneWay(how: string): void {
    throw errorOf(how);
  }
  /** What an implementation with `async` makes of a void operation. */
  async failSoonOneWay(how: string): Promise<void> {
    await null;
    throw errorOf(how);
  }
  async failUnawaited(other: Probe, how: string): Promise<void> {
    void other.fail(how);
    // The reply to this one comes behind the failure.
    await other.add(0);
  }
  async failThrough(other: Probe, how: string): Promise<void> {
    await other.fail(how);
  }
  async describeCall(): Promise<unknown> {
    const { call } = this;
    const { caller, remaining, traceId, client } = call;
    return { caller, remaining, traceId, hasClient: client !== undefined, same: call === this.call };
  }
  async describeThrough(other: Probe): Promise<unknown> {
    const { traceId, remaining } = this.call;
    return { traceId, remaining, other: await other.describeCall() };
  }
  async callAfterAwait(): Promise<unknown> {
    const before = this.call;
    await null;
    try {
      return this.call;
    } catch (error) {
      const { name, code, outcome } = error as EngineError;
      return { name, code, outcome, held: before.traceId.length, isEngineError: error instanceof EngineError };
    }
  }
  async keepCall(): Promise<unknown> {
    const before = this.call_ as { traceId: string } | undefined;
    this.call_ = this.call;
    return before?.traceId;
  }
  async impatient(gate: string): Promise<void> {
    await this.node.getProxy(Gate, 0).pass(gate);
  }
  async waitFor(other: Probe, gate: string): Promise<string> {
    const { signal } = this.call;
    return this.outcomeOf(other.hold('inner', gate), signal);
  }
  async waitWithCall(other: Probe, gate: string): Promise<string> {
    const { call } = this;
    const { signal } = call;
    await null;
    const { $id } = other as unknown as { $id: number };
    return this.outcomeOf(call.getProxy(Contract, $id).hold('inner', gate), signal);
  }
  private async outcomeOf(call: Promise<void>, signal: AbortSignal): Promise<string> {
    let outcome = 'done';
    try {
      await call;
    } catch (error) {
      outcome = error instanceof CallTimeoutError ? 'timeout' : (error as Error).name;
    }
    const line = `${outcome}, signal ${signal.aborted ? 'aborted' : 'quiet'}`;
    this.lines.push(line);
    return line;
  }
  async holdLater(text: string, gate: string): Promise<void> {
    this.lines.push(text);
    await null;
    try {
      await this.node.getProxy(Gate, 0).pass(gate);
    } catch (error) {
      this.lines.push((error as Error).name);
      throw error;
    }
  }
  exclusiveLater(text: string, gate: string): Promise<void> {
    return this.holdLater(text, gate);
  }
  async waitWithSignal(other: Probe, gate: string, abort: boolean): Promise<string> {
    const own = new AbortController();
    const { $id } = other as unknown as { $id: number };
    const waiting = this.node.getProxy(Contract, $id, { signal: own.signal }).hold('inner', gate);
    const outcome = waiting.then(
      () => 'done',
      (error: Error) => (error.name === 'Error' ? error.message : error.name),
    );
    if (abort) {
      await this.node.getProxy(Gate, 0).reached(gate);
      own.abort(new Error('stopped by itself'));
    }
    const line = await outcome;
    this.lines.push(line);
    return line;
  }
  unreliable(text: string): void {
    this.lines.push(text);
  }
  async unreliableRequest(text: string): Promise<void> {
    this.lines.push(text);
  }
  newest(text: string): void {
    this.lines.push(text);
  }
  urgent(text: string): void {
    this.lines.push(text);
  }
  later(text: string): void {
    this.lines.push(text);
  }
  async text(value: string): Promise<string> {
    return value;
  }
  async spin(ms: int32): Promise<number> {
    const begin = performance.now();
    while (performance.now() < begin + ms);
    return performance.now() - begin;
  }
  async napAfterSpin(spinMs: int32, napMs: int32): Promise<number> {
    await this.spin(spinMs);
    const begin = performance.now();
    await this.sleep(napMs);
    return performance.now() - begin;
  }
  async pauseAndCall(other: Probe, ms: number): Promise<int32> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    const answer = await other.add(0);
    await this.sleep(ms);
    return answer;
  }
  async readFile(): Promise<int32> {
    return (await readFile(fileURLToPath(import.meta.url))).length;
  }
  async identity(): Promise<[string, boolean, boolean]> {
    return [`${typeof this.id} ${String(this.id)}`, this.seenId === this.id, this.seenNode];
  }
  async dice(): Promise<[number, number]> {
    return [this.random(), this.now()];
  }
}

function errorOf(how: string): unknown {
  switch (how) {
    case 'game':
      return new GameError('no-gold', { gold: 3, at: new Date(0) });
    case 'game without data':
      return new GameError('no-gold');
    case 'game with a function':
      return new GameError('no-gold', { gold: () => 3 });
    case 'game too large':
      return new GameError('no-gold', 'x'.repeat(20_000_000));
    case 'plain':
      return new RangeError('boom');
    case 'plain too large':
      return new Error('x'.repeat(20_000_000));
    case 'string':
      return 'just text';
    case 'nothing':
      return undefined;
    case 'hostile':
      return {
        toString() {
          throw new Error('no text');
        },
      };
    case 'engine':
      return new CallTimeoutError('timeout', 'inner timeout');
    default:
      return new Error(`unknown failure ${how}`);
  }
}
