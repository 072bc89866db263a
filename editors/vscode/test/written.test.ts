import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeToLook } from '../src/written';

test('the new endpoint is shown, not its import and not its test', () => {
  const place = placeToLook([
    { uri: 'test_books.py', exists: false, edits: [{ start: 0, end: 0, text: 'def test_books() -> None:\n    ...\n'.repeat(9) }] },
    {
      uri: 'books.py', exists: true, edits: [
        { start: 2, end: 2, text: 'from datetime import date\n' },
        { start: 40, end: 40, text: '\n\n@router.get("/")\ndef list_books() -> list[Book]:\n    ...\n' },
      ],
    },
  ]);
  assert.deepEqual(place, { uri: 'books.py', line: 43 }); // one line of import above, two empty lines before
});

test('lines that an edit takes away move what stands below', () => {
  const place = placeToLook([{
    uri: 'books.py', exists: true, edits: [{ start: 2, end: 5, text: '' }, { start: 10, end: 10, text: 'x = 1\n' }],
  }]);
  assert.deepEqual(place, { uri: 'books.py', line: 7 });
});

test('a new file alone is shown from its top', () => {
  const place = placeToLook([{ uri: 'versions/1.py', exists: false, edits: [{ start: 0, end: 0, text: '\n\nx\n' }] }]);
  assert.deepEqual(place, { uri: 'versions/1.py', line: 0 });
});

test('an edit of nothing leads nowhere', () => {
  assert.equal(placeToLook([]), undefined);
});
