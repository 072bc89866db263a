import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findServer, SERVER_ARGUMENTS, type Candidate, type Probe, type Surroundings } from '../src/interpreter';

interface World extends Partial<Omit<Surroundings, 'isFile' | 'probe' | 'activeInterpreter'>> {
  /** Files that exist. */
  files?: string[];
  /** Those that have the server; the others answer that they have not. */
  servers?: string[];
  active?: string;
}

function world({ files = [], servers = [], active, ...rest }: World): Surroundings & { probed: Candidate[] } {
  const probed: Candidate[] = [];
  return {
    windows: false, searchPath: '/usr/bin', home: '/home/ada', folders: ['/code/shop'], trusted: true,
    interpreter: '', path: [], ...rest, probed,
    activeInterpreter: async () => active,
    isFile: file => files.includes(file) || servers.includes(file),
    probe: async (candidate): Promise<Probe> => {
      probed.push(candidate);
      return servers.includes(candidate.command) ? { ok: true, version: '1.2.3' } : { ok: false, reason: 'not installed' };
    },
  };
}

const everywhere = [
  '/code/shop/.venv/bin/python', '/code/shop/venv/bin/python', '/opt/active/bin/python',
  '/usr/bin/lsp_server', '/usr/bin/python3', '/usr/bin/python',
];

test('the setting for the interpreter comes first and runs the package as a module', async () => {
  const { found } = await findServer(world({ interpreter: '/opt/py/bin/python', servers: ['/opt/py/bin/python', ...everywhere] }));
  assert.deepEqual(found, {
    command: '/opt/py/bin/python', args: SERVER_ARGUMENTS, source: 'setting specdrift.interpreter', version: '1.2.3',
  });
});

test('a setting that does not work is said, not silently replaced', async () => {
  const search = await findServer(world({ interpreter: '/opt/gone', servers: everywhere, active: '/opt/active/bin/python' }));
  assert.equal(search.found, undefined);
  assert.deepEqual(search.tried.map(each => [each.candidate.command, each.reason]), [['/opt/gone', 'there is no such file']]);
});

test('home and workspace folder are understood in settings, relative paths start at the first folder', async () => {
  for (const [interpreter, command] of [
    ['~/py/bin/python', '/home/ada/py/bin/python'],
    ['${workspaceFolder}/env/bin/python', '/code/shop/env/bin/python'],
    ['env/bin/python', '/code/shop/env/bin/python'],
    ['./env/bin/python', '/code/shop/env/bin/python'],
    ['python3', '/usr/bin/python3'],
  ] as const) {
    const { found } = await findServer(world({ interpreter, servers: [command] }));
    assert.equal(found?.command, command, interpreter);
  }
});

test('the command in specdrift.path keeps its arguments', async () => {
  const { found } = await findServer(world({ path: ['uvx', '--from', 'specdrift', 'lsp_server'], servers: ['/usr/bin/uvx', ...everywhere] }));
  assert.equal(found?.command, '/usr/bin/uvx');
  assert.deepEqual(found?.args, ['--from', 'specdrift', 'lsp_server']);
});

test('the order without settings, each candidate once', async () => {
  const around = world({ files: everywhere, active: '/code/shop/.venv/bin/python' });
  const search = await findServer(around);
  assert.equal(search.found, undefined);
  assert.deepEqual(around.probed.map(each => [each.source, each.command]), [
    ['Python extension', '/code/shop/.venv/bin/python'],
    ['workspace environment', '/code/shop/venv/bin/python'],
    ['lsp_server on PATH', '/usr/bin/lsp_server'],
    ['Python on PATH', '/usr/bin/python3'],
    ['Python on PATH', '/usr/bin/python'],
  ]);
});

test('the search stops at the first that answers', async () => {
  const around = world({ files: everywhere, servers: ['/usr/bin/lsp_server'], active: '/opt/active/bin/python' });
  const search = await findServer(around);
  assert.equal(search.found?.source, 'lsp_server on PATH');
  assert.deepEqual(search.found?.args, []);
  assert.equal(search.tried.length, 3);
});

test('every workspace folder is looked at', async () => {
  const { found } = await findServer(world({ folders: ['/code/site', '/code/api'], servers: ['/code/api/.venv/bin/python'] }));
  assert.equal(found?.command, '/code/api/.venv/bin/python');
});

test('in an untrusted workspace nothing inside of it is started', async () => {
  const inside = ['/code/shop/.venv/bin/python', '/code/shop/bin/lsp_server', '/code/shop/bin/python3'];
  const around = world({
    trusted: false, searchPath: '/code/shop/bin:/usr/bin', active: '/code/shop/.venv/bin/python',
    servers: [...inside, '/usr/bin/python3'],
  });
  const { found } = await findServer(around);
  assert.equal(found?.command, '/usr/bin/python3');
  assert.deepEqual(around.probed.map(each => each.command), ['/usr/bin/python3']);
});

test('in an untrusted workspace a setting that points into it is refused', async () => {
  for (const settings of [{ interpreter: '${workspaceFolder}/.venv/bin/python' }, { path: ['bin/../tools/serve'] }]) {
    const around = world({ ...settings, trusted: false, servers: ['/code/shop/.venv/bin/python', '/code/shop/tools/serve'] });
    const { found, tried } = await findServer(around);
    assert.equal(found, undefined);
    assert.match(tried[0]?.reason ?? '', /not trusted/);
    assert.deepEqual(around.probed, []);
  }
});

test('a folder beside the workspace with a similar name is outside of it', async () => {
  const { found } = await findServer(world({
    trusted: false, searchPath: '/code/shop-tools:/code/..bin', servers: ['/code/shop-tools/lsp_server'],
  }));
  assert.equal(found?.command, '/code/shop-tools/lsp_server');
});

test('relative entries of PATH are passed over', async () => {
  const { found } = await findServer(world({ searchPath: '.:bin::/usr/bin', servers: ['lsp_server', 'bin/lsp_server', '/usr/bin/lsp_server'] }));
  assert.equal(found?.command, '/usr/bin/lsp_server');
});

test('on Windows programs end in .exe and environments have Scripts', async () => {
  const windows = { windows: true, folders: ['C:\\shop'], searchPath: 'C:\\Tools;C:\\Python' };
  const first = await findServer(world({ ...windows, servers: ['C:\\shop\\.venv\\Scripts\\python.exe'] }));
  assert.equal(first.found?.source, 'workspace environment');
  const second = await findServer(world({ ...windows, servers: ['C:\\Python\\python.exe'] }));
  assert.equal(second.found?.command, 'C:\\Python\\python.exe');
  const third = await findServer(world({ ...windows, trusted: false, interpreter: 'c:\\SHOP\\env\\python.exe', servers: ['c:\\SHOP\\env\\python.exe'] }));
  assert.equal(third.found, undefined, 'letter case does not lead out of the workspace');
});
