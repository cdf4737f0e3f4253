import { defineGame, entity } from 'skerry';
import {
  Brittle,
  Clockwork,
  Gate,
  Made,
  Member,
  Party,
  Probe,
  ProbeToo,
  Small,
  Ticker,
  Values,
} from './contracts.fixture.ts';
import { GateEntity } from './gate.fixture.ts';
import { BrittleEntity, MadeEntity, MemberEntity, PartyEntity, SmallEntity } from './lives.fixture.ts';
import { ProbeEntity } from './probe.fixture.ts';
import { ClockworkEntity, TickerEntity } from './ticker.fixture.ts';
import { ValuesEntity } from './values.fixture.ts';

export { journals } from './journals.fixture.ts';

/** What the tests of the runtime are made with. */
export default defineGame({
  name: 'probe',
  entities: [
    entity(Values, ValuesEntity),
    entity(Gate, GateEntity, { idleTimeout: 'never' }),
    entity([Probe, ProbeToo], ProbeEntity),
    entity(Made, MadeEntity, { autoCreate: false, idleTimeout: '2s' }),
    entity(Brittle, BrittleEntity, { idleTimeout: '2s' }),
    entity(Small, SmallEntity, { mailboxMax: 4 }),
    entity(Ticker, TickerEntity, { tasks: { tick: { every: '50ms' } }, idleTimeout: 'never' }),
    entity(Clockwork, ClockworkEntity, { tasks: { strike: { cron: '0 * * * *' } }, idleTimeout: 'never' }),
    entity(Party, PartyEntity, { affinity: (id) => id }),
    entity(Member, MemberEntity, { affinity: (id) => String(id).split('.')[0]! }),
  ],
});
