import { defineGame, entity, GameError } from 'skerry';
import { Room } from './contracts.ts';
import { RoomEntity } from './room.ts';

export default defineGame({
  name: 'chat',
  entities: [entity(Room, RoomEntity)],
  gateway: {
    authenticate(ticket) {
      const { name } = (ticket ?? {}) as { name?: unknown };
      // A real game checks a password or a signed token here.
      if (typeof name !== 'string' || !/^\w{1,16}$/.test(name)) throw new GameError('name');
      return { id: name };
    },
    static: 'web',
  },
});
