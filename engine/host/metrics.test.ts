import test from 'ava';
import { allGauges, nodeCounters, nodeGauges, processGauges, prometheusText } from './metrics.ts';

test('the text format', (t) => {
  const text = prometheusText([
    {
      name: 'skerry_x_bytes',
      kind: 'gauge',
      help: 'With a \\ and a\nbreak.',
      samples: [
        { value: 1.5 },
        { labels: { node: 0, name: 'a"b\\c\nd' }, value: Number.POSITIVE_INFINITY },
        { labels: { node: 1 }, value: Number.NaN },
      ],
    },
  ]);
  t.is(
    text,
    [
      '# HELP skerry_x_bytes With a \\\\ and a\\nbreak.',
      '# TYPE skerry_x_bytes gauge',
      'skerry_x_bytes 1.5',
      'skerry_x_bytes{node="0",name="a\\"b\\\\c\\nd"} +Inf',
      'skerry_x_bytes{node="1"} NaN',
      '',
    ].join('\n'),
  );
  t.is(prometheusText([]), '');
});

test('counters of nodes become one metric each, with the node as label', (t) => {
  const metrics = nodeCounters([
    { node: 0, counters: { callsSent: 7, deadLetters: 0 } },
    { node: 1, counters: { callsSent: 9 } },
  ]);
  t.deepEqual(metrics[0], {
    name: 'skerry_calls_sent_total',
    kind: 'counter',
    help: 'Calls sent, by node.',
    samples: [
      { labels: { node: 0 }, value: 7 },
      { labels: { node: 1 }, value: 9 },
    ],
  });
  t.is(metrics[1]!.name, 'skerry_dead_letters_total');
  t.is(metrics[1]!.samples.length, 1);
  t.like(nodeGauges([{ node: 0, counters: { entities: 1 } }])[0], { name: 'skerry_entities', kind: 'gauge' });
});

test('the process, and several sources as one', async (t) => {
  const metrics = await allGauges(processGauges('1.2.3'), { read: async () => nodeCounters([]) }).read();
  const value = (name: string) => metrics.find((metric) => metric.name === name)!.samples[0]!.value;
  t.true(value('process_resident_memory_bytes') > 1e6);
  t.true(value('process_cpu_seconds_total') > 0);
  t.true(Math.abs(value('process_start_time_seconds') * 1000 + performance.now() - Date.now()) < 60_000);
  t.true(prometheusText(metrics).includes(`skerry_build_info{version="1.2.3",node="${process.version}"} 1`));
});
