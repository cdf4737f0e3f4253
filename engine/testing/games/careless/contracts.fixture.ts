import { contract } from 'skerry';

/** Makes mistakes that must not end its node. */
export interface Careless {
  fail(): Promise<void>;
  forget(other: Careless): Promise<void>;
  forgetOwn(): Promise<void>;
  misspell(): Promise<void>;
  failOneWay(): void;
}
export const Careless = contract<Careless>('Careless', {
  fail: {},
  forget: {},
  forgetOwn: {},
  misspell: {},
  failOneWay: {},
});
