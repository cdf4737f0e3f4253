import type { FrameHandler } from '../link.ts';
import { RingLinkReader } from './ring-link-reader.ts';
import type { RingLinkWriter } from './ring-link-writer.ts';

const FRAMES_PER_DRAIN = 1024;

/**
 * Hands over what is left in a link after the thread of one of its sides is known to have ended (its worker's 'exit' event);
 * returns how many frames. The memory is not used again.
 *
 * The reader died: these are the frames whose handler cannot have begun, because the reader stores TAKEN before it hands a
 * frame over. That is proof enough to send them again. Call it on the thread of the writer and pass the writer, so that
 * frames that were not flushed, or waited in overflow, are listed behind the others. A large frame of which the dead reader
 * had already taken some pieces is not listed: its first bytes are gone, so it counts as unknown.
 *
 * The writer died: these are the frames it published; what it wrote behind its last TAIL is not seen. Its living reader
 * simply drains until nothing is pending; this function is for when the reader is gone as well.
 *
 * Throws LinkCorruptError as `drain` does, after handing over what came before the damage.
 */
export function takeRemaining(memory: SharedArrayBuffer, handler: FrameHandler, writer?: RingLinkWriter): number {
  const successor = new RingLinkReader(memory);
  let frames = 0;
  for (;;) {
    writer?.flush();
    if (!successor.pending()) {
      if (writer === undefined || writer.backlog === 0) return frames;
    }
    frames += successor.drain(handler, FRAMES_PER_DRAIN);
  }
}
