/**
 * What runs inside the control thread of a host in a cluster: its own connection to NATS, the control store, the Member with its timers, and nothing else. No game code
 * runs here, so that nothing keeps a lease from being renewed, or from ending.
 */
import { writeSync } from 'node:fs';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { NatsConnection, NatsUnusableError } from '../../transport/nats/connection.ts';
import { withoutSecrets } from '../../transport/nats/endpoints.ts';
import { Doorbell } from '../../transport/ring/doorbell.ts';
import { SystemClock } from '../base/clock.ts';
import { Prng } from '../base/prng.ts';
import type { Lease } from '../cluster/lease.ts';
import { LeaseCell } from '../cluster/lease-cell.ts';
import type { ExitReason } from '../cluster/lease-owner.ts';
import { LEASE_PROFILES } from '../cluster/lease-profile.ts';
import type { StoreEvent } from '../cluster/machine.ts';
import { ControlStoreError, NatsControlStore } from '../cluster/nats-control-store.ts';
import { PeerTable } from '../cluster/peer-table.ts';
import { SlotTable } from '../cluster/slot-table.ts';
import { BlackBoxReader } from '../runtime/black-box.ts';
import { clusterReport } from './cluster-report.ts';
import type { ControlStart, FromControlThread, LocalNodeStart, ToControlThread } from './control-messages.ts';
import { ControlShell, type LocalNode } from './control-shell.ts';
import { createLog } from './log.ts';
import type { ToControl } from './thread-messages.ts';

/** Between two attempts to reach a NATS that is not there. */
const PATIENCE_MS = 1000;
/** The main thread may be blocked: then nobody else ends the process. There is no hurry, because nothing runs without a lease. */
const EXIT_MS_MAX = 5000;
const RTT_MS_MAX = 500;

const start = workerData as ControlStart;
const port = parentPort!;
const tell = (message: FromControlThread): void => port.postMessage(message);
const log = createLog(start.log, { host: start.host, node: 'control' });
const warn = (line: string): void => log.warn({}, line);
const TAKEN = `host id '${start.host}' is in use: another host of cluster ${start.cluster} runs under it. Choose one with --host-id`;
const profile = LEASE_PROFILES[start.profile];
const clock = new SystemClock();

async function connect(): Promise<NatsConnection> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await NatsConnection.open({ url: start.nats, name: `skerry ${start.host} control`, warn });
    } catch (error) {
      const isAbsent = error instanceof NatsUnusableError && error.trouble === 'absent';
      if (!isAbsent || !start.isPatient) throw error;
      if (attempt === 1) warn(`${error.message}; waiting for it`);
      await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    }
  }
}

/** `hear`: what the node says. Nothing any more once it was closed, whatever is still on its way: its thread is gone. */
function localNode({ port: toNode, bell, box }: LocalNodeStart, hear: (message: ToControl) => void): LocalNode {
  const doorbell = new Doorbell(bell);
  const reader = new BlackBoxReader(box);
  const ear = listen(toNode, hear);
  return {
    post: (message) => toNode.postMessage(message),
    wake: () => doorbell.wake(),
    get beat() {
      return reader.beat;
    },
    close: ear,
  };
}

function listen(toNode: MessagePort, hear: (message: ToControl) => void): () => void {
  let isOpen = true;
  toNode.on('message', (message: ToControl) => {
    if (isOpen) hear(message);
  });
  return () => {
    isOpen = false;
    toNode.close();
  };
}

/** Every lease is in the log: with it somebody can tell afterwards what this host had a right to. */
class ToldLease extends LeaseCell {
  override store(lease: Lease): void {
    super.store(lease);
    log.debug({ inc: start.inc, ...lease }, 'lease');
  }
}

const lease = start.log.logLevel === 'debug' ? new ToldLease(start.lease) : new LeaseCell(start.lease);

/** The shell, the connection, and how both end. */
class ControlThread {
  private readonly connection: NatsConnection;
  private readonly shell: ControlShell;
  private lastResort: NodeJS.Timeout | undefined;

  private constructor(connection: NatsConnection, store: NatsControlStore) {
    this.connection = connection;
    this.shell = new ControlShell({
      self: { host: start.host, inc: start.inc },
      workers: start.workers,
      epochFloor: start.epochFloor,
      locals: start.locals,
      profile,
      clock,
      random: new Prng(start.seed, 'control'),
      store,
      slots: new SlotTable(start.slotTable),
      peers: new PeerTable(start.peers),
      lease,
      nodes: start.nodes.map((about, index) => this.node(index, about)),
      events: {
        serving: (founds) => tell({ kind: 'serving', founds }),
        fenced: () => tell({ kind: 'fenced' }),
        resumed: () => tell({ kind: 'resumed' }),
        emptied: () => tell({ kind: 'emptied' }),
        held: (count) => tell({ kind: 'held', count }),
        hold: (reason) => tell({ kind: 'hold', reason }),
        endThreads: (nodes) => tell({ kind: 'end-threads', nodes }),
        exit: (reason) => this.exit(reason),
        taken: () => tell({ kind: 'failed', message: TAKEN }),
      },
    });
    port.on('message', (message: ToControlThread) => this.onMessage(message));
    tell({ kind: 'opened', agreed: store.agreed });
  }

  static async open(): Promise<ControlThread> {
    const connection = await connect();
    const { cluster, settings, drawn } = start;
    const timeoutMs = profile.storeTimeoutMs;
    let control: ControlThread | undefined;
    const store = await NatsControlStore.open(
      { connection, cluster, timeoutMs, settings, drawn, warn },
      (event: StoreEvent) => control?.shell.onStore(event),
    );
    control = new ControlThread(connection, store);
    return control;
  }

  private node(index: number, about: LocalNodeStart): LocalNode {
    return localNode(about, (message) => this.shell.onNode(index, message));
  }

  private onMessage(message: ToControlThread): void {
    switch (message.kind) {
      case 'join':
        this.shell.join();
        return;
      case 'life':
        this.shell.replace(message.node, message.life, this.node(message.node, message.start));
        return;
      case 'holds':
        this.shell.hold(message.slots);
        return;
      case 'drain':
        this.shell.drain();
        return;
      case 'retired':
        this.shell.retire();
        return;
      case 'report':
        void this.report(message.id);
        return;
      case 'exit-heard':
        clearTimeout(this.lastResort);
    }
  }

  private async report(id: number): Promise<void> {
    const rttMs = await roundTrip(this.connection);
    const now = clock.now();
    const { untilMono } = lease.load();
    const nats = { url: withoutSecrets(start.nats), rttMs, reconnects: this.connection.losses };
    const about = { cluster: start.cluster, profile: profile.name, nats, now };
    const leaseMs = Math.max(0, untilMono - now);
    tell({ kind: 'report', id, report: clusterReport(this.shell.member, { ...about, leaseMs }) });
  }

  /** The lease is closed for good by now. */
  private exit(reason: ExitReason): void {
    if (reason === 'stop-overdue') {
      // What has to stop does not: nothing gentler is left, and this needs no other thread.
      writeSync(
        2,
        `skerry: ${start.host}: a node runs on without a lease and does not end: the process kills itself\n`,
      );
      kill();
      return;
    }
    tell({ kind: 'exit', reason });
    if (reason === 'declared-dead') this.lastResort = setTimeout(kill, EXIT_MS_MAX);
    this.shell.close();
    void this.connection.close().catch(() => {});
  }
}

function kill(): void {
  process.kill(process.pid, 'SIGKILL');
}

async function roundTrip(connection: NatsConnection): Promise<number | undefined> {
  if (!connection.isConnected) return undefined;
  const since = clock.now();
  let timer: NodeJS.Timeout | undefined;
  const impatience = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), RTT_MS_MAX);
  });
  const answer = connection.settled().then(
    () => clock.now() - since,
    () => undefined,
  );
  const found = await Promise.race([answer, impatience]);
  clearTimeout(timer);
  return found;
}

ControlThread.open().catch((error: unknown) => {
  const isKnown = error instanceof NatsUnusableError || error instanceof ControlStoreError;
  tell({ kind: 'failed', message: isKnown ? error.message : String((error as Error).stack ?? error) });
});
