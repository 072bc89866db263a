import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askAll, type Input, type Person, type Question } from '../src/ask';

const VALUE: Question = {
  key: 'backfill', subject: 'users.phone', text: 'users.phone must have a value', choices: [],
  expected: 'an SQL expression', suggestion: null, otherwise: 'the upgrade stops if there are rows',
};
const ZONE: Question = { ...VALUE, key: 'assume_timezone', suggestion: 'UTC', otherwise: '' };
const RENAME: Question = {
  ...VALUE, key: 'rename_columns', subject: 'users.nick', text: 'was users.nick renamed?',
  choices: [{ answer: 'alias', text: 'renamed to alias' }, { answer: null, text: 'dropped' }],
};

/** Somebody who types these texts and takes these choices, and what they saw. */
function person(texts: (string | undefined)[], choice = 0): Person & { readonly seen: Input[] } {
  const seen: Input[] = [];
  return {
    seen,
    choose: (_, choices) => Promise.resolve(choices[choice]),
    type: input => {
      seen.push(input);
      return Promise.resolve(texts.shift());
    },
  };
}

test('answers stand under the key and the subject of their questions', async () => {
  const answers = await askAll([RENAME, VALUE], { backfill: { 'users.city': '1' } }, person(["'-'"]));
  assert.deepEqual(answers, { rename_columns: { 'users.nick': 'alias' }, backfill: { 'users.city': '1', 'users.phone': "'-'" } });
});

test('a choice may be none of it', async () => {
  assert.deepEqual(await askAll([RENAME], {}, person([], 1)), { rename_columns: { 'users.nick': null } });
});

test('nothing typed is an answer where the question says what then happens', async () => {
  const somebody = person(['  ']);
  assert.deepEqual(await askAll([VALUE], {}, somebody), { backfill: { 'users.phone': null } });
  assert.equal(somebody.seen[0]?.prompt, 'an SQL expression; empty: the upgrade stops if there are rows');
});

test('where there must be an answer, nothing typed is giving up', async () => {
  const somebody = person(['']);
  assert.equal(await askAll([ZONE], {}, somebody), undefined);
  assert.deepEqual([somebody.seen[0]?.value, somebody.seen[0]?.optional], ['UTC', false]);
});

test('who gives up is not asked on', async () => {
  const somebody = person([undefined, "'-'"]);
  assert.equal(await askAll([VALUE, VALUE], {}, somebody), undefined);
  assert.equal(somebody.seen.length, 1);
});
