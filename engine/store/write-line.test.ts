import test from 'ava';
import { OverloadedError } from '../base/errors.ts';
import { type Pen, type Write, WriteLine } from './write-line.ts';

interface Note extends Write {
  readonly name: string;
}

/** Answers when the test says so; `log` has what was sent, in order. */
class PaperPen implements Pen<Note> {
  readonly log: string[] = [];
  readonly answers: { name: string; is: (isWritten: boolean) => void; fails: (error: Error) => void }[] = [];
  /** What the next `take` does. */
  onTake: () => Promise<void> = () => Promise.resolve();

  async take(): Promise<void> {
    this.log.push('take');
    await this.onTake();
  }

  write({ name }: Note): Promise<boolean> {
    this.log.push(name);
    return new Promise((is, fails) => this.answers.push({ name, is, fails }));
  }
}

const busy = () => new OverloadedError('store-busy', 'busy', {});
const note = (name: string, key = name, refusal: () => Error | undefined = () => undefined): Note => ({
  name,
  keys: [key],
  reads: [],
  refusal,
});
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('writes go out in order, and one that looks at what is on its way waits for it, with all behind it', async (t) => {
  const pen = new PaperPen();
  const line = new WriteLine(pen, 10, busy);
  const seen: string[] = [];
  const done = [
    line.run(note('a')),
    line.run(note('b', 'x')),
    line.run(note('c', 'x', () => void seen.push('c looks'))),
    line.run(note('d')),
    line.run({ ...note('e'), reads: ['x'] }),
  ];
  await turn();
  t.deepEqual(pen.log, ['take', 'a', 'b']);
  t.deepEqual(seen, []);
  pen.answers[1]!.is(true);
  await done[1];
  await turn();
  t.deepEqual(pen.log, ['take', 'a', 'b', 'c', 'd']);
  pen.answers[2]!.is(true);
  await turn();
  t.is(pen.log.at(-1), 'e');
  for (const { is } of pen.answers) is(true);
  await Promise.all(done);
  await line.idle();
});

test('what was lost to another writer is looked at and sent again in its old order, before what came later', async (t) => {
  const pen = new PaperPen();
  const line = new WriteLine(pen, 10, busy);
  let looks = 0;
  const done = [line.run(note('a', 'a', () => void looks++)), line.run(note('b'))];
  await turn();
  done.push(line.run({ ...note('c'), reads: ['a'] }));
  pen.answers[1]!.is(false);
  pen.answers[0]!.is(false);
  await turn();
  t.deepEqual(pen.log, ['take', 'a', 'b', 'take', 'b', 'a']);
  t.is(looks, 2);
  for (const { is } of pen.answers) is(true);
  await turn();
  for (const { is } of pen.answers) is(true);
  await Promise.all(done);
  t.is(pen.log.at(-1), 'c');
});

test('after a failure the pen is taken anew; one that cannot be had is said to all that wait', async (t) => {
  const pen = new PaperPen();
  const line = new WriteLine(pen, 10, busy);
  const first = line.run(note('a'));
  await turn();
  pen.answers[0]!.fails(new Error('no room'));
  await t.throwsAsync(first, { message: 'no room' });
  pen.onTake = () => Promise.reject(new Error('still no room'));
  const more = [line.run(note('b')), line.run(note('c'))];
  for (const one of more) await t.throwsAsync(one, { message: 'still no room' });
  t.deepEqual(pen.log, ['take', 'a', 'take']);
  pen.onTake = () => Promise.resolve();
  const last = line.run(note('d'));
  await turn();
  pen.answers[1]!.is(true);
  await last;
  t.deepEqual(pen.log, ['take', 'a', 'take', 'take', 'd']);
});

test('a refusal, thrown or returned, is that of its write alone', async (t) => {
  const pen = new PaperPen();
  const line = new WriteLine(pen, 10, busy);
  const refused = line.run(note('a', 'a', () => new Error('no')));
  const thrown = line.run(
    note('b', 'b', () => {
      throw new Error('worse');
    }),
  );
  const good = line.run(note('c'));
  await t.throwsAsync(refused, { message: 'no' });
  await t.throwsAsync(thrown, { message: 'worse' });
  pen.answers[0]!.is(true);
  await good;
  t.deepEqual(pen.log, ['take', 'c']);
});

test('it has a bound, and two that take the pen from each other for ever are told', async (t) => {
  const pen = new PaperPen();
  const line = new WriteLine(pen, 2, busy);
  const one = line.run(note('a'));
  void line.run(note('b')).catch(() => {});
  await t.throwsAsync(line.run(note('c')), { instanceOf: OverloadedError });
  let isOver = false;
  const lose = async (): Promise<void> => {
    for (let is = 0; !isOver; ) {
      await turn();
      while (is < pen.answers.length) pen.answers[is++]!.is(false);
    }
  };
  const losing = lose();
  await t.throwsAsync(one, { instanceOf: OverloadedError });
  isOver = true;
  await losing;
});
