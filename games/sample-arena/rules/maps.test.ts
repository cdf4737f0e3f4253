import test from 'ava';
import { ARENAS, arrival, MAPS } from './maps.ts';
import { isFree } from './movement.ts';
import { PICKUP_RADIUS, PLAYER_RADIUS, PORTAL_RADIUS } from './numbers.ts';
import { Pace } from './pace.ts';

for (const id of ARENAS) {
  const map = MAPS[id];
  test(`${id}: starts, spots, portals and arrivals are free`, (t) => {
    for (const start of map.starts) t.true(isFree(map, start, PLAYER_RADIUS + 20), `start ${JSON.stringify(start)}`);
    for (const spot of map.spots) t.true(isFree(map, spot, PICKUP_RADIUS + 4), `spot ${JSON.stringify(spot)}`);
    for (const portal of map.portals) {
      const back = arrival(MAPS[portal.to], id);
      t.truthy(back, `${portal.to} leads back to ${id}`);
      t.true(isFree(MAPS[portal.to], back!, PLAYER_RADIUS + 20));
      const away = arrival(map, portal.to)!;
      t.true(Math.hypot(away.x - portal.x, away.y - portal.y) > PORTAL_RADIUS + 30, 'nobody arrives in the portal');
    }
  });
}

test('percentiles of the last samples', (t) => {
  const pace = new Pace(100);
  t.deepEqual(pace.percentiles(), { p50: 0, p99: 0, max: 0 });
  for (let i = 1; i <= 300; i++) pace.add(i);
  t.deepEqual(pace.percentiles(), { p50: 251, p99: 300, max: 300 });
});
