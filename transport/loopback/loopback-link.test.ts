import test from 'ava';
import { linkConformance } from '../link.conformance.ts';
import { LoopbackLink } from './loopback-link.ts';

linkConformance(test, 'loopback', (options = {}) => {
  const link = new LoopbackLink({ pageBytes: [4096, 4096, 4096], ...options });
  return { writer: link, reader: link };
});
