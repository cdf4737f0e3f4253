import type { HostRecord, NodeRef } from '../../cluster/control-record.ts';
import { isGone } from '../../cluster/control-record.ts';
import { ControlView } from '../../cluster/control-view.ts';
import type { Instant } from '../../cluster/instant.ts';
import { KeyWriter, type WriteVerdict } from '../../cluster/key-writer.ts';
import { LeaseObserver } from '../../cluster/lease-observer.ts';
import { LeaseOwner } from '../../cluster/lease-owner.ts';
import { stopMs } from '../../cluster/lease-profile.ts';
import type { Env } from '../../cluster/machine.ts';
import { Master } from '../../cluster/master.ts';
import { RequestRouter } from '../../cluster/request-router.ts';
import { SessionReceiver } from '../../cluster/session-receiver.ts';
import { SlotGate } from '../../cluster/slot-gate.ts';
import { ViewBarrier } from '../../cluster/view-barrier.ts';
import type { SimCall, SimFrame } from './sim-frame.ts';
import { type SimParts, SOUND_PARTS } from './sim-parts.ts';

/** The master goes by its own observation and gives the slots away without declaring the death first. */
class NoDeathMaster extends Master {
  protected override records(env: Env): HostRecord[] {
    return super
      .records(env)
      .map((record) =>
        !isGone(record) && this.observer.isOverdue(record.host, env.now) ? { ...record, state: 'dead' } : record,
      );
  }
}

class SilentObserver extends LeaseObserver {
  override challenge(): void {}
}

/** Counted from when the answer came. */
class LeaseFromAck extends LeaseOwner {
  protected override startOf(_sentAt: Instant, now: Instant): Instant {
    return now;
  }
}

/** Does not notice that the machine was suspended. */
class MonotonicOwner extends LeaseOwner {
  protected override startOf(sentAt: Instant): Instant {
    return { mono: sentAt.mono, wall: Number.POSITIVE_INFINITY };
  }

  protected override elapsedMs(now: Instant): number {
    return now.mono - this.from!.mono;
  }
}

/** Takes its own death for one more revision, and renews over it. */
class UndeadOwner extends LeaseOwner {
  protected override isDeath(): boolean {
    return false;
  }
}

class WallClockObserver extends LeaseObserver {
  protected override waitedMs(since: Instant, now: Instant): number {
    return Math.max(now.wall - since.wall, now.mono - since.mono);
  }
}

/** Takes a time-out for a success. */
class CredulousWriter extends KeyWriter {
  protected override onUnknown(): WriteVerdict {
    const attempt = this.lastAttempt();
    return this.done(Math.max(attempt.expected, attempt.above) + 1, attempt);
  }
}

class NoBarrier extends ViewBarrier {
  protected override isSealed(): boolean {
    return true;
  }
}

/** Goes by whatever it is told last, old or not. */
class CredulousView extends ControlView {
  protected override judge(): 'fresh' {
    return 'fresh';
  }
}

class ForgetfulReceiver extends SessionReceiver<SimFrame> {
  protected override isDuplicate(): boolean {
    return false;
  }

  override receive(_seq: number, frame: SimFrame, _bytes: number, out: SimFrame[]): void {
    super.receive(_seq, frame, _bytes, []);
    out.push(frame);
  }
}

/** Takes messages of owners whose slot has gone to another. */
class TrustingGate extends SlotGate {
  override isStale(): boolean {
    return false;
  }
}

/** Looks at the owner of a slot but not at the epoch, and takes what comes behind a bounce. */
class HastyGate extends SlotGate {
  override admit(
    slot: number,
    epoch: number,
    source: Parameters<SlotGate['admit']>[2],
  ): 'accept' | 'bounce' | 'refuse' {
    const verdict = super.admit(slot, epoch, source);
    if (verdict === 'bounce') this.sync(slot, source);
    return verdict;
  }
}

/** Sends again what may have been executed. */
class InsistentRouter extends RequestRouter<SimCall> {
  protected override onLost(pending: Parameters<RequestRouter<SimCall>['park']>[0]): void {
    this.park(pending);
  }
}

const member = (parts: Partial<SimParts['member']>): Partial<SimParts> => ({
  member: { ...SOUND_PARTS.member, ...parts },
});

/** One planted bug each: what the simulator has to find. */
export const MUTANTS: Readonly<Record<string, Partial<SimParts>>> = {
  'slots are reassigned without declaring the death': member({
    master: (...args) => new NoDeathMaster(...args),
    observer: (...args) => new SilentObserver(...args),
  }),
  'a death is declared before the owner has stopped': {
    profile: { ...SOUND_PARTS.profile, deadMs: stopMs(SOUND_PARTS.profile) / 2 },
  },
  'the lease is counted from the answer': member({ owner: (...args) => new LeaseFromAck(...args) }),
  'the owner does not look at the wall clock': member({ owner: (...args) => new MonotonicOwner(...args) }),
  'the observer goes by the wall clock': member({ observer: (...args) => new WallClockObserver(...args) }),
  'a host that was declared dead goes on': member({ owner: (...args) => new UndeadOwner(...args) }),
  'a write that timed out is taken for done': member({ writer: (...args) => new CredulousWriter(...args) }),
  'the view goes back to older answers': member({ view: (ms) => new CredulousView(ms) }),
  'the view barrier is skipped': member({ barrier: (self) => new NoBarrier(self) }),
  'the claim in the store is skipped': { claims: false },
  'effects leave without a look at the lease': { outputGate: false },
  'frames that came twice are handed over twice': { receiver: () => new ForgetfulReceiver(32, 3200) },
  'requests are forwarded instead of bounced': { bounces: false },
  'what comes behind a bounce is taken': { gate: (self: NodeRef) => new HastyGate(self) },
  'messages of former owners are taken': { gate: (self: NodeRef) => new TrustingGate(self) },
  'requests that may have run are sent again': { router: () => new InsistentRouter() },
  'a frozen slot goes on by itself': { unfreezesByTimer: true },
  'a new run has the incarnation of the one before': { freshIncarnations: false },
};

export function mutant(name: string): SimParts {
  return { ...SOUND_PARTS, ...MUTANTS[name] };
}
