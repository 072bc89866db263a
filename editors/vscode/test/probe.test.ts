// Real processes: node plays the program that is asked.
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { probe } from '../src/probe';
import type { Probe } from '../src/interpreter';

function ask(script: string, milliseconds = 20_000): Promise<Probe> {
  return probe({ command: process.execPath, args: ['-e', script, '--'] }, { folder: tmpdir(), milliseconds });
}

test('a server says its version', async () => {
  for (const name of ['specdrift', 'lsp_server']) {
    assert.deepEqual(await ask(`console.log('${name} 0.3.1')`), { ok: true, version: '0.3.1' });
  }
});

test('it is asked with --version as the last argument', async () => {
  assert.deepEqual(await ask(`console.log('specdrift 1.0', process.argv.at(-1))`), { ok: true, version: '1.0' });
  assert.deepEqual(await ask(`if (process.argv.at(-1) === '--version') console.log('specdrift 2.0')`), { ok: true, version: '2.0' });
});

test('a Python without the package', async () => {
  assert.deepEqual(
    await ask(`console.error('/usr/bin/python: No module named lsp_server'); process.exit(1)`),
    { ok: false, reason: 'the package specdrift is not installed there' },
  );
});

test('a Python that is too old', async () => {
  assert.deepEqual(
    await ask(`console.error('Unknown option: -P\\nusage: python [option]'); process.exit(2)`),
    { ok: false, reason: 'this Python is older than 3.11' },
  );
});

test('any other failure is told in its last line', async () => {
  assert.deepEqual(
    await ask(`console.error('Traceback\\n  ...\\nImportError: broken pygls'); process.exit(1)`),
    { ok: false, reason: 'ImportError: broken pygls' },
  );
});

test('another program of the same name', async () => {
  const answer = await ask(`console.log('hello')`);
  assert.ok(!answer.ok);
  assert.match(answer.reason, /another program/);
});

test('a program that hangs is ended', async () => {
  assert.deepEqual(await ask(`setInterval(() => {}, 1000)`, 500), { ok: false, reason: 'no answer within 0.5 s' });
});

test('a program that is not there', async () => {
  const answer = await probe({ command: '/nowhere/python', args: [] }, { folder: tmpdir(), milliseconds: 1000 });
  assert.ok(!answer.ok);
  assert.match(answer.reason, /ENOENT/);
});
