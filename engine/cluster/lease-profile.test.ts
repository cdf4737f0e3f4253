import test from 'ava';
import { longestElapsedMs, shortestElapsedMs } from './instant.ts';
import { deadMsMin, LEASE_PROFILES, profileFaults, stopMs } from './lease-profile.ts';

for (const profile of Object.values(LEASE_PROFILES)) {
  test(`profile ${profile.name}: an owner has stopped before its death can be declared`, (t) => {
    t.deepEqual(profileFaults(profile), []);
    // The slowest owner and the fastest observer that the clock model allows.
    t.true(stopMs(profile) / 0.99 < profile.deadMs / 1.01);
  });
}

test('the figures of the documentation', (t) => {
  t.is(stopMs(LEASE_PROFILES.default), 5000);
  t.is(Math.ceil(deadMsMin(LEASE_PROFILES.default)), 5102);
  t.is(stopMs(LEASE_PROFILES.lan), 2000);
  t.is(stopMs(LEASE_PROFILES.ci), 850);
});

test('a profile that breaks a condition says which', (t) => {
  const sound = LEASE_PROFILES.ci;
  t.regex(profileFaults({ ...sound, deadMs: stopMs(sound) })[0]!, /deadMs/);
  t.regex(profileFaults({ ...sound, renewMs: 150 })[0]!, /end the lease/);
  t.regex(profileFaults({ ...sound, giveUpMs: 350, takeOverMs: 700 })[0]!, /end the seat/);
  t.regex(profileFaults({ ...sound, takeOverMs: 500 })[0]!, /before its holder gives up/);
});

test('elapsed time: owners over-estimate, observers under-estimate', (t) => {
  const since = { mono: 100, wall: 5000 };
  t.is(longestElapsedMs(since, { mono: 150, wall: 5040 }), 50, 'the wall was set back a little');
  t.is(longestElapsedMs(since, { mono: 100, wall: 65_000 }), 60_000, 'suspended: only the wall moved');
  t.is(longestElapsedMs(since, { mono: 110, wall: -9e9 }), 10, 'a jump backward');
  t.is(longestElapsedMs(since, { mono: 99, wall: 5001 }), Number.POSITIVE_INFINITY, 'a monotonic clock that is not');
  t.is(shortestElapsedMs(since, { mono: 150, wall: 9e9 }), 50, 'a jump forward kills nobody');
});
