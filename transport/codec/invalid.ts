import { InvalidMessageError } from '../../engine/base/errors.ts';

/** What decoders throw for bytes that no encoder of ours writes. */
export function invalid(what: string): InvalidMessageError {
  return new InvalidMessageError('invalid', `The message is not valid: ${what}.`);
}

export function truncated(): InvalidMessageError {
  return invalid('it ends too early');
}

export function leftover(): InvalidMessageError {
  return invalid('something is left over at its end');
}
