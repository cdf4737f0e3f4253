/** THE list of goals. Ratios hold on the same work, in the same run; they are what the engine is judged by. */
export interface Goal {
  readonly figure: string;
  /** What the ratio is to; undefined for a goal in the figure's own unit. Of several the best one counts. */
  readonly to?: readonly string[];
  readonly atLeast?: number;
  readonly atMost?: number;
}

const CODECS = ['json', 'cbor-x', 'msgpack'];

export const GOALS: readonly Goal[] = [
  ...['call-thread.k256', 'call-thread.k4096'].flatMap((figure): Goal[] => [
    { figure, to: ['bare'], atLeast: 0.8 },
    { figure, to: ['post'], atLeast: 10 },
    { figure, to: ['post-batched'], atLeast: 2.5 },
  ]),
  { figure: 'call-thread.contended', to: ['post-batched'], atLeast: 1 },
  { figure: 'call-thread.k1.p50', to: ['bare'], atMost: 1.5 },
  { figure: 'call-thread.k1.p99', to: ['bare'], atMost: 3 },
  { figure: 'call-thread.oneway', to: ['post'], atLeast: 15 },
  { figure: 'call-local.k256', to: ['bare'], atLeast: 0.4 },
  ...['call-host.k256', 'call-host.k4096'].map((figure): Goal => ({ figure, to: ['nats'], atLeast: 0.5 })),
  { figure: 'call-host.k4096', to: ['nats-single'], atLeast: 2.5 },
  { figure: 'wake.p50', to: ['bare'], atMost: 1.5 },
  { figure: 'wake.p99', to: ['bare'], atMost: 1.5 },
  { figure: 'idle.cpu', atMost: 1 },
  ...['codec.tuple', 'codec.state'].flatMap((figure): Goal[] => [
    { figure: `${figure}.encode`, to: CODECS, atLeast: 10 },
    { figure: `${figure}.decode`, to: CODECS, atLeast: 4 },
  ]),
  { figure: 'gateway.call.c1', to: ['bare'], atLeast: 0.8 },
  { figure: 'gateway.call.c256', to: ['bare'], atLeast: 0.8 },
  { figure: 'gateway.broadcast', to: ['bare'], atLeast: 0.8 },
  { figure: 'gateway.join', to: ['bare'], atLeast: 0.5 },
  { figure: 'gateway.idle-bytes', to: ['bare'], atMost: 1.5 },
  ...['', '.quick', '.slow'].map((kind): Goal => ({ figure: `overload.goodput${kind}`, to: ['peak'], atLeast: 0.8 })),
  ...['store.flushed.k64', 'store.autosave'].map((figure): Goal => ({ figure, to: ['bare'], atLeast: 0.8 })),
  { figure: 'store.restart', atMost: 1_000_000 },
  { figure: 'lock.entity', atMost: 150 },
  { figure: 'overload.memory', atMost: 32 * 1024 * 1024 },
  { figure: 'priority.high.p99', to: ['unloaded'], atMost: 5 },
  { figure: 'entity.idle-bytes', atMost: 600 },
  { figure: 'entity.activate', atLeast: 1_000_000 },
];

export const goalsOf = (figure: string): readonly Goal[] => GOALS.filter((goal) => goal.figure === figure);
