/** A frame, or a piece of one that is too large for one packet; the last piece says so. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

/** The pieces of a frame, none above `pieceBytesMax`. Views of the frame, not copies. */
export function piecesOf(frame: Uint8Array, pieceBytesMax: number): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  do {
    const end = Math.min(at + pieceBytesMax, frame.length);
    pieces.push({ bytes: frame.subarray(at, end), last: end === frame.length });
    at = end;
  } while (at < frame.length);
  return pieces;
}

/** Puts the frames of one session together again. Pieces come in order and without gaps: the session sees to that. */
export class Reassembly {
  private readonly frameBytesMax: number;
  private pieces: Uint8Array[] = [];
  private bytes = 0;

  constructor(frameBytesMax: number) {
    this.frameBytesMax = frameBytesMax;
  }

  /** Bytes that wait for the rest of their frame. */
  get waitingBytes(): number {
    return this.bytes;
  }

  /**
   * The frame, when this was its last piece. A view of the piece when there was only one. Throws RangeError for a frame above the bound: the sender
   * does not keep to the protocol, and the session is to be closed.
   */
  add({ bytes, last }: Piece): Uint8Array | undefined {
    if (this.bytes + bytes.length > this.frameBytesMax) {
      throw new RangeError(`A frame in pieces has more than ${this.frameBytesMax} bytes.`);
    }
    if (last && this.pieces.length === 0) return bytes;
    // Copied: the packet's memory is reused.
    this.pieces.push(bytes.slice());
    this.bytes += bytes.length;
    if (!last) return undefined;
    const frame = new Uint8Array(this.bytes);
    let at = 0;
    for (const piece of this.pieces) {
      frame.set(piece, at);
      at += piece.length;
    }
    this.pieces = [];
    this.bytes = 0;
    return frame;
  }
}
