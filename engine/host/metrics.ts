/** What a host tells about itself in figures, and the text format that Prometheus reads. */

export interface Sample {
  readonly labels?: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export interface Metric {
  /** With its unit last: `skerry_mailbox_frames`, `skerry_calls_sent_total`. Counters end in `_total`. */
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** Where figures come from. Read once for every scrape, so it may ask the nodes. */
export interface Gauges {
  read(): readonly Metric[] | Promise<readonly Metric[]>;
}

/** Several sources as one. A source that fails fails the reading. */
export function allGauges(...sources: readonly Gauges[]): Gauges {
  return { read: async () => (await Promise.all(sources.map((source) => source.read()))).flat() };
}

/** Plain counters of nodes, `{ callsSent: 7 }`, as `skerry_calls_sent_total{node="0"} 7`. */
export function nodeCounters(
  nodes: readonly { readonly node: number; readonly counters: Readonly<Record<string, number>> }[],
): Metric[] {
  return figuresOf(nodes, 'counter', '_total');
}

/** Plain figures of nodes that go up and down, `{ entities: 7 }`, as `skerry_entities{node="0"} 7`. */
export function nodeGauges(
  nodes: readonly { readonly node: number; readonly counters: Readonly<Record<string, number>> }[],
): Metric[] {
  return figuresOf(nodes, 'gauge', '');
}

function figuresOf(
  nodes: readonly { readonly node: number; readonly counters: Readonly<Record<string, number>> }[],
  kind: Metric['kind'],
  suffix: string,
): Metric[] {
  const names = new Set(nodes.flatMap(({ counters }) => Object.keys(counters)));
  return [...names].map((name) => ({
    name: `skerry_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}${suffix}`,
    kind,
    help: `${name[0]!.toUpperCase()}${name.slice(1).replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}, by node.`,
    samples: nodes
      .filter(({ counters }) => counters[name] !== undefined)
      .map(({ node, counters }) => ({ labels: { node }, value: counters[name]! })),
  }));
}

/** The process as a whole; names as other programs have them, so that ready-made dashboards fit. */
export function processGauges(version: string): Gauges {
  return {
    read() {
      const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
      const { user, system } = process.cpuUsage();
      return [
        one('skerry_build_info', 'gauge', 'The version that runs; always 1.', 1, { version, node: process.version }),
        one('process_cpu_seconds_total', 'counter', 'CPU time of all threads, in seconds.', (user + system) / 1e6),
        one('process_resident_memory_bytes', 'gauge', 'Resident memory.', rss),
        one('process_start_time_seconds', 'gauge', 'Start, in seconds of Unix time.', performance.timeOrigin / 1000),
        one('nodejs_heap_size_used_bytes', 'gauge', 'Used heap of the main thread.', heapUsed),
        one('nodejs_external_memory_bytes', 'gauge', 'Memory outside of the heap.', external + arrayBuffers),
      ];
    },
  };
}

function one(name: string, kind: Metric['kind'], help: string, value: number, labels?: Sample['labels']): Metric {
  return { name, kind, help, samples: [labels === undefined ? { value } : { labels, value }] };
}

export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export function prometheusText(metrics: readonly Metric[]): string {
  const lines: string[] = [];
  for (const { name, kind, help, samples } of metrics) {
    lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${kind}`);
    for (const { labels, value } of samples) lines.push(`${name}${labelText(labels)} ${numberText(value)}`);
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function labelText(labels: Sample['labels'] = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    const text = String(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    return `${name}="${text}"`;
  });
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
