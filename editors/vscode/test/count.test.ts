import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countFindings, describe, plural } from '../src/count';

test('only our own findings are counted', () => {
  const count = countFindings([
    { source: 'specdrift', severity: 0 },
    { source: 'specdrift', severity: 1 },
    { source: 'specdrift', severity: 1 },
    { source: 'specdrift', severity: 3 },
    { source: 'Pylance', severity: 0 },
    { severity: 0 },
  ]);
  assert.deepEqual(count, { error: 1, warning: 2, info: 1, total: 4 });
  assert.equal(describe(count), '1 error, 2 warnings, 1 note');
});

test('nothing found has words of its own', () => {
  assert.equal(describe(countFindings([])), 'no findings');
  assert.equal(plural(0, 'place', 'places'), '');
});
