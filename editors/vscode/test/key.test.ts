import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environmentOf, keyOf, SECRET } from '../src/key';

test('a kept key is in the server\'s environment', async () => {
  const kept = new Map([[SECRET, 'sk-ant-x']]);
  assert.deepEqual(await environmentOf({ get: async name => kept.get(name) }), { ANTHROPIC_API_KEY: 'sk-ant-x' });
});

test('without one the person\'s own environment is left as it is', async () => {
  assert.deepEqual(await environmentOf({ get: async () => undefined }), {});
  assert.deepEqual(await environmentOf({ get: async () => '' }), {});
});

test('a machine without a keyring starts the server all the same', async () => {
  assert.deepEqual(await environmentOf({ get: () => Promise.reject(new Error('no keyring')) }), {});
});

test('what is pasted is trimmed, and what cannot be a key is none', () => {
  assert.equal(keyOf('  sk-ant-x\n'), 'sk-ant-x');
  for (const text of ['', '   ', 'two words', 'a\nb', 'schlüssel']) assert.equal(keyOf(text), undefined);
});
