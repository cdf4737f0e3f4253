import test from 'ava';
import { CronSchedule } from './cron.ts';

const at = (text: string): number => Date.parse(text);
const text = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();

test('the next time is the first one behind a time, in UTC', (t) => {
  const daily = new CronSchedule('0 4 * * *', 'x');
  t.is(text(daily.nextAfter(at('2030-01-01T00:00:00Z'))), '2030-01-01T04:00:00.000Z');
  t.is(text(daily.nextAfter(at('2030-01-01T03:59:59.999Z'))), '2030-01-01T04:00:00.000Z');
  t.is(text(daily.nextAfter(at('2030-01-01T04:00:00Z'))), '2030-01-02T04:00:00.000Z');
  // Known times are not taken for other ones.
  t.is(text(daily.nextAfter(at('2029-01-01T04:00:00Z') - 0.5)), '2029-01-01T04:00:00.000Z');
  t.is(text(daily.nextAfter(at('2030-01-01T04:00:00Z') + 0.5)), '2030-01-02T04:00:00.000Z');
});

test('fields, seconds and nicknames', (t) => {
  const from = at('2030-01-01T00:00:00Z');
  const next = (expression: string): string | undefined => text(new CronSchedule(expression, 'x').nextAfter(from));
  t.is(next('*/5 * * * * *'), '2030-01-01T00:00:05.000Z');
  t.is(next('30 12 * * MON-FRI'), '2030-01-01T12:30:00.000Z');
  t.is(next('0 0 29 2 *'), '2032-02-29T00:00:00.000Z');
  t.is(next('0 0 L * *'), '2030-01-31T00:00:00.000Z');
  t.is(next('@daily'), '2030-01-02T00:00:00.000Z');
  t.is(next(' 0  4 * * * '), '2030-01-01T04:00:00.000Z');
});

test('what is no cron expression is refused, naming the task', (t) => {
  for (const wrong of ['', 'x', '* * *', '1 2 3 4 5 6 7', 'x * * * *', '2030-05-05T00:00:00', '@never', 5, undefined]) {
    t.throws(() => new CronSchedule(wrong as string, "task 'x'"), {
      instanceOf: TypeError,
      message: /^task 'x': .* is no cron expression: /,
    });
  }
  for (const wrong of ['60 * * * *', '0 24 * * *', '0 0 30 2 *']) {
    t.throws(() => new CronSchedule(wrong, "task 'x'"), {
      instanceOf: RangeError,
      message: /^task 'x': .* is no cron expression: /,
    });
  }
});
