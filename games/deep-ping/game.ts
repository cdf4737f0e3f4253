import { defineGame, entity } from 'skerry';
import { DeepPinger } from './contracts.ts';
import { DeepPingerEntity } from './deep-pinger.ts';

export default defineGame({
  name: 'deep-ping',
  entities: [entity(DeepPinger, DeepPingerEntity, { autoCreate: true, persistent: false })],
  async onStart(node) {
    const pinger = node.getProxy(DeepPinger, 5);
    const requestId = 1;
    const reply = await pinger.ping(requestId, 10);
    console.log(`ping ${requestId} went through 10 entities and came back as ${reply}`);
    pinger.poke('hello from onStart');
    await pinger.settle();
  },
});
