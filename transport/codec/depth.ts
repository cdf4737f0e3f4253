/** Deepest nesting of a value on the wire; deeper (or cyclic) is a TypeError at the sender, InvalidMessageError at a decoder. */
export const DEPTH_MAX = 32;
