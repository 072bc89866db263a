-- One session of a developer with the server, in a real Neovim without a screen.
--
-- Every step is written to the report as one JSON line {step, ok, detail}; test_neovim.py reads it and owns the
-- list of steps. A step that fails does not stop the next ones. Every wait is for a condition.
local patience = tonumber(vim.env.SPECDRIFT_PATIENCE) -- milliseconds
local root = vim.fn.getcwd()
local report = assert(io.open(vim.env.SPECDRIFT_REPORT, 'w'))
local told = {} -- what a person would have been told: good to know when a step fails

local function write(step, ok, detail)
  report:write(vim.json.encode({ step = step, ok = ok, detail = detail or '' }), '\n')
  report:flush()
end

local function show(value)
  return type(value) == 'string' and value or (vim.inspect(value):gsub('%s+', ' '))
end

local function step(name, run)
  local ok, problem = xpcall(run, debug.traceback)
  if not ok then
    patience = math.min(patience, 3000) -- the session has failed: the other steps only tell how far
  end
  write(name, ok, not ok and problem .. '\nmessages: ' .. show(told) or nil)
end

--- Waits until `condition` gives a value and returns it; else fails and shows what `state` gives.
local function await(what, condition, state)
  local value
  local function met()
    value = condition()
    return value ~= nil and value ~= false
  end
  if not vim.wait(patience, met, 20) then
    error(('waited in vain for %s; now: %s'):format(what, state and show(state()) or '?'), 2)
  end
  return value
end

local notify = vim.notify
vim.notify = function(message, ...)
  table.insert(told, message)
  return notify(message, ...)
end

local requests = {} -- method -> how often it was sent
vim.api.nvim_create_autocmd('LspRequest', {
  callback = function(event)
    local request = event.data.request
    if request.type == 'pending' then
      requests[request.method] = (requests[request.method] or 0) + 1
    end
  end,
})

local function client()
  return vim.lsp.get_clients({ name = 'specdrift' })[1]
end

--- Opens a file of the project and waits until the server is attached to it.
local function open(path)
  vim.cmd.edit(vim.fn.fnameescape(root .. '/' .. path))
  local buffer = vim.api.nvim_get_current_buf()
  await('a client on ' .. path, function()
    local here = vim.lsp.get_clients({ name = 'specdrift', bufnr = buffer })[1]
    return here and here.initialized
  end)
  return buffer
end

local function lines(buffer)
  return vim.api.nvim_buf_get_lines(buffer, 0, -1, false)
end

--- The line (from 0) that holds this text.
local function line_of(buffer, text)
  for number, line in ipairs(lines(buffer)) do
    if line:find(text, 1, true) then
      return number - 1
    end
  end
  error('no line has ' .. text)
end

local function replace_line(buffer, text, new)
  local line = line_of(buffer, text)
  vim.api.nvim_buf_set_lines(buffer, line, line + 1, false, { new })
end

local function findings(buffer)
  return vim.tbl_map(function(each)
    return { rule = each.code, line = each.lnum, message = each.message, source = each.source, column = each.col }
  end, vim.diagnostic.get(buffer))
end

--- The findings of one rule whose line lies between two texts (the end excluded).
local function of_rule(buffer, rule, first, last)
  local from = first and line_of(buffer, first) or 0
  local to = last and line_of(buffer, last) or vim.api.nvim_buf_line_count(buffer)
  return vim.tbl_filter(function(each)
    return each.rule == rule and each.line >= from and each.line < to
  end, findings(buffer))
end

local function await_one(buffer, rule, first, last)
  return await(rule, function()
    local found = of_rule(buffer, rule, first, last)
    return #found == 1 and found[1]
  end, function()
    return findings(buffer)
  end)
end

local function await_none(buffer, rule, first, last)
  await('no ' .. rule, function()
    return #of_rule(buffer, rule, first, last) == 0
  end, function()
    return findings(buffer)
  end)
end

local function place_cursor(finding)
  vim.api.nvim_win_set_cursor(0, { finding.line + 1, finding.column })
end

local function disk(path)
  return table.concat(vim.fn.readfile(root .. '/' .. path), '\n')
end

local function run()
  local spec, app

  step('the server attaches to the spec', function()
    spec = open('openapi.yaml')
    assert(client().root_dir == root, 'root: ' .. tostring(client().root_dir))
  end)

  step('an operation without a route is found in the spec', function()
    local finding = await_one(spec, 'operation-not-implemented', '/books/{book_id}:', 'components:')
    assert(finding.source == 'specdrift', 'source: ' .. tostring(finding.source))
    assert(finding.message:find('/books/{book_id}', 1, true), finding.message)
    assert(#of_rule(spec, 'operation-not-implemented') == 1, show(findings(spec)))
  end)

  step('a hover on the finding repeats its message', function()
    local finding = await_one(spec, 'operation-not-implemented')
    place_cursor(finding)
    local answer = assert(client():request_sync('textDocument/hover',
      vim.lsp.util.make_position_params(0, client().offset_encoding), patience, spec))
    assert(answer.result, show(answer))
    local text = table.concat(vim.lsp.util.convert_input_to_markdown_lines(answer.result.contents), '\n')
    assert(text:find(finding.message, 1, true), text)
  end)

  step('a route without an operation is found in the code', function()
    app = open('app/main.py')
    await_one(app, 'route-not-in-spec', '/stock', 'END OF STOCK')
  end)

  step('a column without a migration is found in the models', function()
    local models = open('app/models.py')
    await_one(models, 'model-change-without-migration', 'class Book', 'END OF BOOK')
  end)

  step('a revision without a rollback is found in the migrations', function()
    local revision = open('migrations/versions/0001_books.py')
    await_one(revision, 'migration-without-rollback')
  end)

  step('a hover on a route names the other end', function()
    vim.api.nvim_set_current_buf(app)
    vim.api.nvim_win_set_cursor(0, { line_of(app, 'def list_books') + 1, 5 })
    local answer = assert(client():request_sync('textDocument/hover',
      vim.lsp.util.make_position_params(0, client().offset_encoding), patience, app))
    assert(answer.result, show(answer))
    local text = table.concat(vim.lsp.util.convert_input_to_markdown_lines(answer.result.contents), '\n')
    assert(text:find('openapi.yaml', 1, true), text)
  end)

  step('a code lens on a route leads to the operation', function()
    vim.api.nvim_set_current_buf(app)
    local route = { line_of(app, '@app.get("/books")'), line_of(app, 'def list_books') }
    local lens = await('a resolved lens on the route', function()
      for _, each in ipairs(vim.lsp.codelens.get(app)) do
        local line = each.range.start.line
        if line >= route[1] and line <= route[2] and each.command and each.command.command == 'specdrift.showReferences' then
          return each
        end
      end
    end, function()
      return vim.lsp.codelens.get(app)
    end)
    vim.api.nvim_win_set_cursor(0, { lens.range.start.line + 1, 0 })
    vim.ui.select = function(items, _, choose) -- a line may have several lenses
      for _, item in ipairs(items) do
        if item.lens.command.title == lens.command.title then
          return choose(item)
        end
      end
    end
    vim.lsp.codelens.run()
    await('the spec', function()
      return vim.api.nvim_get_current_buf() == spec
    end, function()
      return vim.api.nvim_buf_get_name(0)
    end)
    local line = vim.api.nvim_win_get_cursor(0)[1] - 1
    assert(line >= line_of(spec, '/books:') and line < line_of(spec, '/books/{book_id}:'), 'line ' .. line)
  end)

  step('an unsaved edit of the code moves findings in the spec', function()
    local before = disk('app/main.py')
    replace_line(app, '@app.get("/books")', '@app.get("/volumes")')
    await_one(spec, 'operation-not-implemented', '/books:', '/books/{book_id}:')
    replace_line(app, '@app.get("/volumes")', '@app.get("/books")')
    await_none(spec, 'operation-not-implemented', '/books:', '/books/{book_id}:')
    await_one(spec, 'operation-not-implemented', '/books/{book_id}:', 'components:')
    assert(disk('app/main.py') == before, 'the file on disk has changed')
  end)

  local chosen
  step('the code action is listed without its edit', function()
    vim.api.nvim_set_current_buf(spec)
    local finding = await_one(spec, 'operation-not-implemented')
    place_cursor(finding)
    local parameters = vim.lsp.util.make_range_params(0, client().offset_encoding)
    parameters.context = { diagnostics = {}, triggerKind = 1 } -- some clients send no diagnostics
    local answer = assert(client():request_sync('textDocument/codeAction', parameters, patience, spec))
    assert(answer.result, show(answer))
    for _, action in ipairs(answer.result) do
      assert(action.edit == nil, 'built before it was asked for: ' .. action.title)
      if action.isPreferred and vim.startswith(action.title, 'Implement') then
        chosen = action
      end
    end
    assert(chosen, 'no preferred action Implement…: ' .. show(answer.result))
    assert(vim.startswith(chosen.kind, 'quickfix'), chosen.kind)
  end)

  step('the code action, resolved and applied, clears the finding', function()
    assert(chosen, 'no action')
    vim.api.nvim_set_current_buf(spec)
    place_cursor(await_one(spec, 'operation-not-implemented'))
    local asked = requests['codeAction/resolve'] or 0
    vim.lsp.buf.code_action({
      filter = function(action)
        return action.title == chosen.title
      end,
      apply = true,
    })
    await_none(spec, 'operation-not-implemented')
    assert((requests['codeAction/resolve'] or 0) > asked, 'codeAction/resolve was not sent')
    assert(not vim.bo[spec].modified, 'the spec was changed')
    vim.cmd('silent wall')
  end)

  step('a rule is explained in a window of its own', function()
    vim.api.nvim_set_current_buf(app)
    vim.cmd.SpecdriftExplain('operation-not-implemented')
    await('the page', function()
      return vim.endswith(vim.api.nvim_buf_get_name(0), 'specdrift://rules/operation-not-implemented')
    end, function()
      return vim.api.nvim_buf_get_name(0)
    end)
    assert(vim.bo.filetype == 'markdown', vim.bo.filetype)
    assert(table.concat(lines(0), '\n'):find('operation-not-implemented', 1, true), show(lines(0)))
    vim.cmd.close()
  end)

  step('rules are completed on the command line', function()
    local found = vim.fn.getcompletion('SpecdriftExplain migration-', 'cmdline')
    assert(vim.list_contains(found, 'migration-without-rollback'), show(found))
    assert(not vim.list_contains(found, 'operation-not-implemented'), show(found))
  end)

  step('a check of the project fills the quickfix list', function()
    vim.cmd.SpecdriftCheck()
    await('the rollback in the list', function()
      return vim.iter(vim.fn.getqflist()):any(function(item)
        return vim.endswith(vim.api.nvim_buf_get_name(item.bufnr), '0001_books.py')
          and item.text:find('migration-without-rollback', 1, true) ~= nil
      end)
    end, vim.fn.getqflist)
    vim.cmd.cclose()
  end)

  step('a migration that needs a value asks for it', function()
    local models = open('app/models.py')
    replace_line(models, 'pages: Mapped', '    isbn: Mapped[str] = mapped_column(String(20))')
    local found = await('the finding of the new column', function()
      return vim.iter(of_rule(models, 'model-change-without-migration')):find(function(each)
        return each.message:find('backfill', 1, true) ~= nil
      end)
    end, function()
      return findings(models)
    end)
    place_cursor(found)
    local asked
    vim.ui.input = function(options, done)
      asked = options.prompt
      done("'unknown'")
    end
    vim.lsp.buf.code_action({
      filter = function(action)
        return action.title:find('asks 1 question', 1, true) ~= nil
      end,
      apply = true,
    })
    local revision = await('the revision', function()
      return vim.iter(vim.api.nvim_list_bufs()):find(function(buffer)
        return vim.api.nvim_buf_get_name(buffer):find('add_books_isbn.py', 1, true) ~= nil and #lines(buffer) > 10
      end)
    end)
    assert(asked and asked:find('books.isbn must have a value', 1, true), show(asked))
    local text = table.concat(lines(revision), '\n')
    assert(text:find("Answered: backfill books.isbn = 'unknown'.", 1, true), text)
    local file = vim.api.nvim_buf_get_name(revision)
    vim.api.nvim_buf_delete(revision, { force = true })
    vim.fn.delete(file)
    replace_line(models, 'isbn: Mapped', '    pages: Mapped[int | None]')
  end)

  step('the agent says what it needs, once it is asked', function()
    local function said(words)
      return await(words, function()
        return vim.iter(told):any(function(message)
          return message:find(words, 1, true) ~= nil
        end)
      end, function()
        return told
      end)
    end
    vim.api.nvim_set_current_buf(app)
    assert(not vim.iter(told):any(function(message)
      return message:find('ANTHROPIC', 1, true) ~= nil
    end), show(told))
    vim.cmd('SpecdriftAgent')
    said('say what should be done')
    vim.cmd('SpecdriftAgent! ')
    said('no run is under way')
    vim.cmd('SpecdriftAgent let customers return books')
    said('ANTHROPIC_API_KEY')
  end)

  step('what came of a run is shown as plain text', function()
    local lines_of = require('specdrift.agent').lines
    local outcome = {
      run = 'r1', ended = 'done', ok = true, applied = true, verdict = { 'cleared: [a] b\nc' }, summary = 'It works.',
      tokens = 1200, cost = 0.05, seconds = 3.5,
    }
    local text = table.concat(lines_of(outcome), '\n')
    assert(text == 'The verdict holds; the change was applied\n1200 tokens, about $0.050, 3.5 s; run r1\n\ncleared: [a] b\nc\n\n'
      .. 'The model says:\n| It works.', text)
    text = table.concat(lines_of(vim.tbl_extend('force', outcome, { ok = false, ended = 'budget', cost = vim.NIL, summary = '' })), '\n')
    assert(vim.startswith(text, 'No change (budget)\n1200 tokens, cost not known'), text)
  end)

  step('of shared file types only the named files get the server', function()
    local server = require('specdrift.server')
    local function wanted(path)
      vim.cmd.edit(vim.fn.fnameescape(root .. '/' .. path))
      local answer
      server.root_dir(vim.api.nvim_get_current_buf(), function(folder) -- at once: the command is known by now
        answer = folder
      end)
      return answer
    end
    assert(wanted('specdrift.toml') == root)
    assert(wanted('alembic.ini') == root)
    assert(wanted('other.toml') == nil)
    assert(wanted('other.ini') == nil)
  end)

  step("the project's own environment is used only if the project is trusted", function()
    local folder = vim.fs.joinpath(root, '.venv', 'bin')
    local python = vim.fs.joinpath(folder, 'python')
    vim.fn.mkdir(folder, 'p')
    vim.fn.writefile({ '#!/bin/sh' }, python)
    vim.fn.setfperm(python, 'rwxr-xr-x')
    local plugin, server = require('specdrift'), require('specdrift.server')
    assert(server.candidates(root)[1][1] ~= python)
    plugin.options.trusted = function(asked)
      return asked == root
    end
    local trusted = server.candidates(root)[1][1]
    plugin.options.trusted = false
    vim.fn.delete(vim.fs.joinpath(root, '.venv'), 'rf')
    assert(trusted == python, trusted)
  end)

  step('the health check tells which command answered', function()
    vim.cmd.checkhealth('specdrift')
    local text = table.concat(lines(0), '\n')
    vim.cmd.bwipeout()
    assert(text:find('lsp_server: %w+ %d+%.%d+'), text)
    assert(text:find('1 server(s) running', 1, true), text)
  end)

  step('the keymaps are there when they are asked for', function()
    vim.api.nvim_set_current_buf(app)
    for _, key in ipairs({ 'grx', 'gre', 'grc' }) do
      assert(vim.fn.maparg(key, 'n', false, true).buffer == 1, key)
    end
  end)

  step('a restart brings a new server and the same findings', function()
    vim.api.nvim_set_current_buf(app)
    local old = client()
    vim.cmd.SpecdriftRestart()
    await('a new client on the code', function()
      local new = vim.lsp.get_clients({ name = 'specdrift', bufnr = app })[1]
      return new and new.id ~= old.id and new.initialized
    end)
    assert(#vim.lsp.get_clients({ name = 'specdrift' }) == 1, 'more than one client')
    await_one(app, 'route-not-in-spec', '/stock', 'END OF STOCK')
    await_none(spec, 'operation-not-implemented')
  end)

  step('the server ends when it is told to', function()
    local last = assert(client(), 'no client')
    last:stop()
    await('the end of the process', function()
      return vim.lsp.get_client_by_id(last.id) == nil
    end)
    assert(not vim.iter(told):any(function(message)
      return message:find('exit code', 1, true) ~= nil -- Neovim's words for an end that it did not expect
    end), show(told))
  end)
end

-- After VimEnter, as for a person: only then are the plugins loaded and the windows there.
vim.api.nvim_create_autocmd('VimEnter', {
  callback = vim.schedule_wrap(function()
    local ok, problem = xpcall(run, debug.traceback)
    if not ok then
      write('session', false, problem)
    end
    report:close()
    vim.cmd(ok and 'qall!' or 'cquit 1')
  end),
})
