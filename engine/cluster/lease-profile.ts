import { CLOCK_RATE_ERROR } from './instant.ts';

/**
 * The times of leases and of the master's seat, all in milliseconds. One profile for the whole cluster: it stands in the control store,
 * and a host with another one is refused.
 *
 *   owner       s_k ──── renewed every renewMs ──── s_k + execMs │ + turnMs │ + killMs          has stopped
 *   observer         o ─────────────────────────────────────────────────────────── o + deadMs   may declare the death
 */
export interface LeaseProfile {
  readonly name: string;
  readonly renewMs: number;
  /** After this long a request to the control store has an unknown outcome. */
  readonly storeTimeoutMs: number;
  /** No turn starts and no effect leaves later than this after the last acknowledged renewal was sent. */
  readonly execMs: number;
  /** What a running slice may take after that, before its thread is ended. */
  readonly turnMs: number;
  /** What ending a thread may take, before the process ends itself. */
  readonly killMs: number;
  /** A record that did not change for this long on an observer's clock may be declared dead. */
  readonly deadMs: number;
  /** Watches are hints; everything is read again this often. */
  readonly pollMs: number;
  /** A master that could not renew its seat for this long acts no more. */
  readonly giveUpMs: number;
  /** A seat that was not renewed for this long may be taken. */
  readonly takeOverMs: number;
  /** Standbys wait this much longer for every host before them. */
  readonly rankMs: number;
}

export type LeaseProfileName = 'default' | 'lan' | 'ci';

export const LEASE_PROFILES: Readonly<Record<LeaseProfileName, LeaseProfile>> = Object.freeze({
  default: {
    name: 'default',
    renewMs: 1000,
    storeTimeoutMs: 1000,
    execMs: 4000,
    turnMs: 750,
    killMs: 250,
    deadMs: 6000,
    pollMs: 2000,
    giveUpMs: 3000,
    takeOverMs: 4500,
    rankMs: 100,
  },
  lan: {
    name: 'lan',
    renewMs: 250,
    storeTimeoutMs: 500,
    execMs: 1500,
    turnMs: 350,
    killMs: 150,
    deadMs: 2400,
    pollMs: 750,
    giveUpMs: 1100,
    takeOverMs: 1650,
    rankMs: 50,
  },
  ci: {
    name: 'ci',
    renewMs: 100,
    storeTimeoutMs: 200,
    execMs: 600,
    turnMs: 150,
    killMs: 100,
    deadMs: 1200,
    pollMs: 300,
    giveUpMs: 450,
    takeOverMs: 675,
    rankMs: 25,
  },
});

/** An owner has stopped this long after it sent its last acknowledged renewal, on its own clock. */
export function stopMs(profile: LeaseProfile): number {
  return profile.execMs + profile.turnMs + profile.killMs;
}

/**
 * The least `deadMs` that is safe. The owner has stopped after at most stop / (1 - e) of real time; the observer has waited at least
 * dead / (1 + e), and it began no earlier than the owner: it cannot have seen a renewal before that was sent.
 */
export function deadMsMin(profile: LeaseProfile, rateError = CLOCK_RATE_ERROR): number {
  return (stopMs(profile) * (1 + rateError)) / (1 - rateError);
}

/** What is wrong with a profile, one line each; empty when it is sound. */
export function profileFaults(profile: LeaseProfile): string[] {
  const { name, renewMs, storeTimeoutMs, execMs, deadMs, giveUpMs, takeOverMs } = profile;
  const faults: string[] = [];
  if (deadMs <= deadMsMin(profile)) faults.push(`${name}: deadMs is not above ${deadMsMin(profile).toFixed(1)}`);
  if (3 * renewMs + storeTimeoutMs > execMs) faults.push(`${name}: two lost renewals and a slow one end the lease`);
  if (2 * renewMs + storeTimeoutMs > giveUpMs) faults.push(`${name}: one lost renewal and a slow one end the seat`);
  if (takeOverMs < 1.5 * giveUpMs) faults.push(`${name}: the seat is taken before its holder gives up`);
  return faults;
}
