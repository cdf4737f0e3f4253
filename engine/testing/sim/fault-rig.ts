import type { Prng } from '../../base/prng.ts';
import type { Fault } from './fault.ts';
import type { SimLink } from './sim-network.ts';
import type { SimRun } from './sim-run.ts';
import type { SimWorld } from './sim-world.ts';

/** The world, and what only faults do to it. */
export interface FaultTarget extends SimWorld {
  readonly runs: ReadonlyMap<string, SimRun>;
  /** Hosts that no watch tells anything: they learn from polls alone. */
  readonly deaf: Set<string>;
  runOf(host: string): SimRun | undefined;
  /** `seen`: by a launcher, who declares the death at once. */
  crash(host: string, seen: boolean): void;
}

type Ends = readonly [from: string, to: string];

/** Does what a fault script says to a simulated cluster, and undoes it. */
export class FaultRig {
  /** Some slices take long. */
  longSlices = false;
  private readonly simulation: FaultTarget;
  private readonly random: Prng;

  constructor(simulation: FaultTarget, random: Prng) {
    this.simulation = simulation;
    this.random = random;
  }

  begin(fault: Fault): void {
    const { simulation } = this;
    const { time, network, store, entityStore, hosts } = simulation;
    const host = hosts[fault.host % hosts.length]!;
    const other = hosts[(fault.host + 1 + (fault.other % (hosts.length - 1))) % hosts.length]!;
    const run = simulation.runOf(host);
    const trouble = (ends: readonly Ends[], begin: Partial<SimLink>): void => {
      for (const [from, to] of ends) Object.assign(network.link(from, to), begin);
      time.after(fault.ms, () => {
        for (const [from, to] of ends) Object.assign(network.link(from, to), network.usual(from, to));
      });
    };
    const cut = (...ends: Ends[]): void => trouble(ends, { cut: true });
    const both: Ends[] = [
      [host, other],
      [other, host],
    ];
    const storeTrouble = (begin: Partial<typeof store.trouble>, end: Partial<typeof store.trouble>): void => {
      Object.assign(store.trouble, begin);
      time.after(fault.ms, () => Object.assign(store.trouble, end));
    };
    switch (fault.kind) {
      case 'crash':
      case 'crash-seen':
        simulation.crash(host, fault.kind === 'crash-seen');
        return;
      case 'pause':
        this.pause(run, undefined, fault.ms);
        return;
      case 'pause-node':
        this.pause(run, Math.floor(fault.level * 2.99), fault.ms);
        return;
      case 'long-slice':
        this.longSlices = true;
        time.after(fault.ms, () => {
          this.longSlices = false;
        });
        return;
      case 'suspend':
        run?.clock.freeze();
        this.pause(run, undefined, fault.ms);
        time.after(fault.ms, () => run?.clock.thaw());
        return;
      case 'wall-forward':
        run?.clock.jumpWall(fault.level * 3_600_000);
        return;
      case 'wall-back':
        run?.clock.jumpWall(-fault.level * 3_600_000);
        return;
      case 'wall-fast':
        // A bad time server, and one host that has another.
        for (const name of [host, other]) simulation.runOf(name)?.clock.speedWall(1.5 + 2.5 * fault.level);
        time.after(fault.ms, () => {
          for (const { clock } of simulation.runs.values()) clock.speedWall(1);
        });
        return;
      case 'mono-back':
        run?.clock.setBackMono(fault.level * 1000);
        if (run !== undefined) simulation.record({ kind: 'set-back', ...run.ref, ms: fault.level * 1000 });
        return;
      case 'drain':
        run?.drain();
        return;
      case 'cut-from-store':
        cut(['store', host]);
        return;
      case 'cut-to-store':
        cut([host, 'store']);
        return;
      case 'cut-store':
        cut([host, 'store'], ['store', host]);
        return;
      case 'cut-one-way':
        cut([host, other]);
        return;
      case 'cut-both-ways':
        cut(...both);
        return;
      case 'isolate':
        for (const end of [...hosts, 'store']) if (end !== host) cut([host, end], [end, host]);
        return;
      case 'loss':
        trouble(both, { loss: fault.level * 0.5 });
        return;
      case 'doubles':
        trouble(both, { doubles: fault.level * 0.5 });
        return;
      case 'slow':
        trouble(both, { delayMs: fault.level * 300, jitterMs: fault.level * 300 });
        return;
      case 'clog':
        for (const [from, to] of both) network.link(from, to).clogged ??= [];
        time.after(fault.ms, () => {
          for (const [from, to] of both) network.unclog(from, to);
        });
        return;
      case 'watch-lost':
        simulation.deaf.add(host);
        time.after(fault.ms, () => simulation.deaf.delete(host));
        return;
      case 'store-late':
        storeTrouble({ late: fault.level * 0.6 }, { late: 0 });
        return;
      case 'store-unanswered':
        storeTrouble({ unanswered: fault.level * 0.6 }, { unanswered: 0 });
        return;
      case 'store-stale':
        storeTrouble({ staleMs: fault.level * 800 }, { staleMs: 0 });
        return;
      case 'store-down':
        storeTrouble({ down: true }, { down: false });
        return;
      case 'records-slow':
        entityStore.slowMs = fault.level * 3000;
        time.after(fault.ms, () => {
          entityStore.slowMs = 0;
        });
        return;
      case 'store-lost-suffix':
        store.loseSuffix(1 + Math.floor(fault.level * 40));
    }
  }

  heal(): void {
    const { simulation } = this;
    simulation.network.heal();
    simulation.deaf.clear();
    Object.assign(simulation.store.trouble, { late: 0, unanswered: 0, staleMs: 0, down: false });
    simulation.entityStore.slowMs = 0;
    this.longSlices = false;
    for (const run of simulation.runs.values()) {
      run.clock.thaw();
      run.clock.speedWall(1);
      this.release(run);
    }
  }

  private pause(run: SimRun | undefined, node: number | undefined, ms: number): void {
    if (run === undefined) return;
    run.halt(node);
    const resume = this.random.next();
    this.simulation.time.after(ms + resume, () => {
      if (run.isHalted(node)) run.goOn(node);
    });
  }

  private release(run: SimRun): void {
    if (run.isHalted(undefined)) run.goOn();
    for (let node = 0; node < run.nodes.length; node++) if (run.isHalted(node)) run.goOn(node);
  }
}
