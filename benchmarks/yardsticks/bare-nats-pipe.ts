/** Records of 16 bytes through NATS, by hand, nothing checked, counted or sent again. */
import { connect } from 'nats';
import { overNats } from './over-nats.ts';

const RECORD_WORDS = 4;

/** A program for `Pair`. `name` begins its subjects; a message has up to `recordsMax` records. */
export const bareNats = (name: string, recordsMax: number): void =>
  overNats(async (natsPort, role, handle, done) => {
    const connection = await connect({ servers: `127.0.0.1:${natsPort}` });
    const [own, other] =
      role === 'caller' ? [`${name}.caller`, `${name}.callee`] : [`${name}.callee`, `${name}.caller`];
    connection.subscribe(own, {
      callback(_error, { data }) {
        const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
        for (let at = 0; at < data.length; at += RECORD_WORDS * 4) {
          handle(
            view.getInt32(at, true),
            view.getInt32(at + 4, true),
            view.getInt32(at + 8, true),
            view.getInt32(at + 12, true),
          );
        }
        done();
      },
    });
    await connection.flush();
    let words = new Int32Array(recordsMax * RECORD_WORDS);
    let length = 0;
    const flush = (): void => {
      if (length === 0) return;
      // The client keeps a view until the end of the turn.
      connection.publish(other, new Uint8Array(words.buffer, 0, length * 4));
      words = new Int32Array(recordsMax * RECORD_WORDS);
      length = 0;
    };
    return {
      write(call, target, a, b) {
        words[length++] = call;
        words[length++] = target;
        words[length++] = a;
        words[length++] = b;
        if (length === words.length) flush();
      },
      flush,
    };
  });
