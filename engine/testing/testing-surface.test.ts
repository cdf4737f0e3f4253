import test from 'ava';
import * as own from 'skerry/testing';

test('the door exports what is promised', (t) => {
  t.deepEqual(Object.keys(own), ['checkStore', 'startCluster']);
});
