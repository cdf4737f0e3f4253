import { contract } from 'skerry';

export interface Line {
  from: string;
  text: string;
}

/** A room to talk in; its id is its name. */
export interface Room {
  /** Answers with what was said last, and lets the caller hear what follows. */
  enter(): Promise<Line[]>;
  say(text: string): void;
}
export const Room = contract<Room>('Room', {
  enter: { access: 'client' },
  say: { access: 'client', rate: '5/s' },
});

/** Implemented by clients. */
export interface RoomView {
  said(line: Line): void;
}
export const RoomView = contract<RoomView>('RoomView', { said: {} });
