import { defineGame, entity } from 'skerry';
import { spawnBots } from './bots/spawn.ts';
import { Arena, Lobby, Player, ScoreBoard } from './contracts.ts';
import { ArenaEntity } from './entities/arena.ts';
import { LobbyEntity } from './entities/lobby.ts';
import { PlayerEntity } from './entities/player.ts';
import { ScoreBoardEntity } from './entities/score-board.ts';
import { principalOf } from './ticket.ts';

export default defineGame({
  name: 'sample-arena',
  entities: [
    entity(Lobby, LobbyEntity),
    entity(Player, PlayerEntity, { persistent: true }),
    entity(Arena, ArenaEntity, { tasks: { tick: { every: '50ms' } } }),
    entity(ScoreBoard, ScoreBoardEntity, { tasks: { publish: { every: '1s' } } }),
  ],
  compute: { cover: './compute/cover.ts' },
  gateway: {
    authenticate: (ticket) => principalOf(ticket),
    static: 'web',
  },
  onStart() {
    spawnBots(process.argv, process.env.SKERRY_PORT);
  },
});
