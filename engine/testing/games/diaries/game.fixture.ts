/** Entities with tasks that survive. */
import { defineGame, EngineError, entity, type int32, NodeEntity } from 'skerry';
import { Chronicle, Diary, Slate, Will } from './contracts.fixture.ts';

interface Lines {
  lines: string[];
  since: number;
}

abstract class Writer extends NodeEntity<Lines> {
  override initialState(): Lines {
    return { lines: [], since: this.now() };
  }

  async lines(): Promise<string[]> {
    return this.state.lines;
  }

  note(text: string): void {
    this.state.lines.push(`${text} at ${this.now() - this.state.since}`);
  }
}

class DiaryEntity extends Writer implements Diary {
  once(name: string, ms: int32, missed: 'once' | 'skip', args: unknown): Promise<void> {
    return this.tasks.once(name, ms, 'write', { durable: true, missed, args: [name, args] });
  }

  every(name: string, ms: int32, missed: 'once' | 'skip'): Promise<void> {
    return this.tasks.every(name, ms, 'note', { durable: true, missed, args: [name] });
  }

  cron(name: string, expression: string, missed: 'once' | 'skip'): Promise<void> {
    return this.tasks.cron(name, expression, 'note', { durable: true, missed, args: [name] });
  }

  soon(name: string, ms: int32): Promise<void> {
    return this.tasks.once(name, ms, 'note', { args: [name] });
  }

  cancel(name: string): Promise<boolean> {
    return this.tasks.cancel(name);
  }

  plan(name: string, method: string): Promise<string> {
    const args = method === 'sign' ? [() => {}] : method === 'pile' ? [new Uint8Array(70_000)] : [];
    return outcomeOf(this.tasks.once(name, 1000, method as 'note', { durable: true, args }));
  }

  async planAndLinger(name: string, ms: int32, lingerMs: int32): Promise<void> {
    this.note(`planned ${name}`);
    void this.tasks.once(name, ms, 'write', { durable: true, args: [name, null] });
    await this.sleep(lingerMs);
  }

  async onceMany(from: int32, count: int32, ms: int32): Promise<void> {
    const all = Array.from({ length: count }, (_, i) =>
      this.tasks.once(`${from + i}`, ms + i, 'write', { durable: true, args: [`${from + i}`, null] }),
    );
    await Promise.all(all);
  }

  async touch(): Promise<void> {}

  async since(): Promise<number> {
    return this.state.since;
  }

  write(name: string, args: unknown): void {
    this.note(args === null ? name : `${name} ${describe(args)}`);
    if (args === 'throws') throw new Error('as it was told');
  }

  async linger(name: string): Promise<void> {
    this.note(`${name} began`);
    await this.sleep(5000);
    this.note(`${name} ended`);
  }

  sign(): void {}

  pile(): void {}
}

class ChronicleEntity extends Writer implements Chronicle {
  private static lives = 0;

  override async onActivate(): Promise<void> {
    ChronicleEntity.lives++;
    await this.tasks.cron('hourly', '0 * * * *', 'note', { durable: true, args: ['hour'] });
    await this.tasks.every('half', '30m', 'note', { durable: true, missed: 'skip', args: ['half'] });
  }

  async lives(): Promise<int32> {
    return ChronicleEntity.lives;
  }
}

class WillEntity extends Writer implements Will {
  override async onActivate(): Promise<void> {
    if (this.id === 'contested' && this.state.lines.length === 1) {
      this.note('contested');
      await this.save();
      throw new Error('It is contested.');
    }
  }

  async leave(text: string, ms: int32): Promise<void> {
    this.note(`left ${text}`);
    await this.tasks.once(text, ms, 'note', { durable: true, args: [text] });
  }
}

class SlateEntity extends NodeEntity implements Slate {
  plan(): Promise<string> {
    return outcomeOf(this.tasks.once('later', '1s', 'wipe', { durable: true }));
  }

  wipe(): void {}
}

function describe(value: unknown): string {
  if (value instanceof Map) return `Map ${[...value].join(' ')}`;
  return String(value);
}

async function outcomeOf(planned: Promise<void>): Promise<string> {
  try {
    await planned;
    return 'planned';
  } catch (error) {
    return error instanceof EngineError ? `${error.name} ${error.code}` : String(error);
  }
}

export default defineGame({
  name: 'diaries',
  entities: [
    entity(Diary, DiaryEntity, { persistent: true, idleTimeout: '10s' }),
    entity(Chronicle, ChronicleEntity, { persistent: true, idleTimeout: '10s' }),
    entity(Will, WillEntity, { persistent: true, autoCreate: false, idleTimeout: '10s' }),
    entity(Slate, SlateEntity),
  ],
});
