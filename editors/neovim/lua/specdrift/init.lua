--- What a user configures and calls. How the server is found is in specdrift.server.
local M = {}

local NAME = 'specdrift'

---@class specdrift.Options
---@field cmd? string[] command that starts the server on stdio; no search then
---@field interpreter? string Python that has the package; no search then
---@field env? table<string, string>|fun(): table<string, string> added to the server's environment; a function is asked at each start
---@field agent? table the agent's settings: model, effort, prompt, maxCost, maxTokens, maxRounds, provider, baseUrl, mcpServers
---@field trusted? boolean|fun(root: string): boolean may the server run the project's own Python? Default: no
---@field codelens? boolean show code lenses and keep them fresh. Default: yes
---@field keymaps? boolean|table<string, string> see |specdrift-keymaps|. Default: none

---@type specdrift.Options
M.options = { codelens = true, keymaps = false, trusted = false }

M.keymaps = { lens = 'grx', explain = 'gre', check = 'grc' }

--- Choose options and enable the server. Calling it is optional: `vim.lsp.enable('specdrift')` alone takes the defaults.
---@param options? specdrift.Options
function M.setup(options)
  M.options = vim.tbl_extend('force', M.options, options or {})
  vim.lsp.config(NAME, { settings = { specdrift = { codeLens = M.options.codelens, agent = M.options.agent } } })
  vim.lsp.enable(NAME)
end

--- May the server run this project's own Python, and may it be started from the project's environment?
---@param root? string
---@return boolean
function M.trusted(root)
  local trusted = M.options.trusted
  if type(trusted) == 'function' then
    return root ~= nil and trusted(root) == true
  end
  return trusted == true
end

--- The client of this buffer, else any client.
---@return vim.lsp.Client?
function M.client()
  return vim.lsp.get_clients({ name = NAME, bufnr = 0 })[1] or vim.lsp.get_clients({ name = NAME })[1]
end

--- Run a command of the server; a failure is told.
local function execute(command, arguments, done)
  local client = M.client()
  if not client then
    return vim.notify('Specdrift: the server does not run', vim.log.levels.WARN)
  end
  client:request('workspace/executeCommand', { command = command, arguments = arguments }, function(failure, result)
    if failure then
      return vim.notify('Specdrift: ' .. failure.message, vim.log.levels.ERROR)
    end
    done(result, client)
  end, 0)
end

--- Calls `done` when none of these clients is left. One that does not end by itself is killed.
local function when_gone(clients, done)
  local timer = assert(vim.uv.new_timer())
  local ticks = 0
  timer:start(0, 50, vim.schedule_wrap(function()
    if timer:is_closing() then
      return
    end
    ticks = ticks + 1
    local left = vim.tbl_filter(function(client)
      return vim.lsp.get_client_by_id(client.id) ~= nil
    end, clients)
    if #left == 0 or ticks > 200 then
      timer:close()
      return done()
    end
    if ticks == 60 then
      for _, client in ipairs(left) do
        client.rpc.terminate()
      end
    end
  end))
end

--- Stop every server and start it anew for the same buffers; searches for the command again.
function M.restart()
  require('specdrift.server').forget()
  local clients = vim.lsp.get_clients({ name = NAME })
  if #clients == 0 then
    return vim.lsp.enable(NAME)
  end
  local buffers = {}
  for _, client in ipairs(clients) do
    buffers[client.id] = vim.tbl_keys(client.attached_buffers)
    client:stop()
  end
  when_gone(clients, function()
    for _, client in ipairs(clients) do
      require('specdrift.server').find(client.config.root_dir, function(command)
        if not command then
          return require('specdrift.server').tell_not_found()
        end
        for _, buffer in ipairs(buffers[client.id]) do
          if vim.api.nvim_buf_is_loaded(buffer) then
            vim.lsp.start(client.config, { bufnr = buffer })
          end
        end
      end)
    end
  end)
end

local function show_page(rule, markdown)
  local name = 'specdrift://rules/' .. rule
  local buffer = vim.fn.bufadd(name)
  vim.fn.bufload(buffer)
  vim.bo[buffer].buftype = 'nofile'
  vim.bo[buffer].bufhidden = 'wipe'
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, vim.split(markdown, '\r?\n'))
  vim.bo[buffer].modifiable = false
  vim.cmd.sbuffer(buffer)
  vim.bo[buffer].filetype = 'markdown'
end

local function rule_at_cursor()
  local line, column = unpack(vim.api.nvim_win_get_cursor(0))
  local here = vim.tbl_filter(function(each)
    return each.source == NAME
  end, vim.diagnostic.get(0, { lnum = line - 1 }))
  for _, each in ipairs(here) do
    if each.col <= column and (each.end_lnum >= line or column < each.end_col) then
      return each.code
    end
  end
  return here[1] and here[1].code
end

--- Show the page of a rule: the one named, the one under the cursor, or one to pick.
---@param rule? string
function M.explain(rule)
  rule = rule or rule_at_cursor()
  if not rule then
    return execute('specdrift.server.listRules', {}, function(rules)
      vim.ui.select(rules, {
        prompt = 'Explain rule:',
        format_item = function(each)
          return each.name .. '  ' .. each.summary
        end,
      }, function(choice)
        if choice then
          M.explain(choice.name)
        end
      end)
    end)
  end
  execute('specdrift.server.explainRule', { rule }, function(page)
    show_page(rule, page.markdown)
  end)
end

--- Names of rules for the command line's completion.
---@return string[]
function M.complete_rules(lead)
  local client = M.client()
  local answer = client
    and client:request_sync('workspace/executeCommand', { command = 'specdrift.server.listRules', arguments = {} }, 1000)
  local found = {}
  for _, rule in ipairs(answer and answer.result or {}) do
    if vim.startswith(rule.name, lead) then
      table.insert(found, rule.name)
    end
  end
  return found
end

local LETTERS = { 'E', 'W', 'I', 'N' }

--- Check every file of the project and put what is found into the quickfix list.
function M.check()
  execute('specdrift.server.checkWorkspace', {}, function(report, client)
    local locations = {}
    for _, document in ipairs(report.documents) do
      for _, diagnostic in ipairs(document.diagnostics) do
        table.insert(locations, { uri = document.uri, range = diagnostic.range, diagnostic = diagnostic })
      end
    end
    local items = vim.lsp.util.locations_to_items(locations, client.offset_encoding)
    for _, item in ipairs(items) do
      local diagnostic = item.user_data.diagnostic
      item.text = ('%s [%s]'):format(diagnostic.message, diagnostic.code)
      item.type = LETTERS[diagnostic.severity or 1]
    end
    vim.fn.setqflist({}, ' ', { title = 'Specdrift', items = items })
    local summary = report.summary
    vim.notify(('Specdrift: %d errors, %d warnings, %d notes; %d places could not be read'):format(
      summary.error, summary.warning, summary.info, summary.unknown))
    if #items > 0 then
      vim.cmd('botright copen')
    end
  end)
end

--- Put what could not be read into the quickfix list: places about which silence is not agreement.
function M.unknowns()
  execute('specdrift.server.listUnknowns', {}, function(unknowns, client)
    local items, elsewhere = {}, 0
    for _, unknown in ipairs(unknowns) do
      if unknown.uri then
        local item = vim.lsp.util.locations_to_items({ unknown }, client.offset_encoding)[1]
        item.text, item.type = unknown.what, 'I'
        table.insert(items, item)
      else
        elsewhere = elsewhere + 1
        table.insert(items, { text = unknown.what, type = 'I' })
      end
    end
    vim.fn.setqflist({}, ' ', { title = 'Specdrift: not known', items = items })
    vim.notify(('Specdrift: %d places could not be read'):format(#items - elsewhere))
    if #items > 0 then
      vim.cmd('botright copen')
    end
  end)
end

--- Let the project's own Python fill what its text leaves open. Only for a trusted project.
function M.ask_project()
  execute('specdrift.server.askProject', {}, function(answer)
    local failed = table.concat(answer.failures, '\n')
    vim.notify(failed == '' and 'Specdrift: the project has been asked' or 'Specdrift: ' .. failed,
      failed == '' and vim.log.levels.INFO or vim.log.levels.WARN)
  end)
end

--- Apply migrations to the development database, up to the revision in this buffer, else to the head. The server asks first.
function M.apply_migration()
  execute('specdrift.server.applyMigration', { vim.uri_from_bufnr(0) }, function() end)
end

--- For |vim.lsp.commands|: a code lens's click. One location: go there; more: the quickfix list.
---@param command lsp.Command arguments: uri, position, locations
---@param context lsp.HandlerContext
function M.show_references(command, context)
  local locations = command.arguments[3]
  local client = vim.lsp.get_client_by_id(context.client_id)
  if not client or #locations == 0 then
    return vim.notify('Specdrift: nothing on the other end')
  end
  if #locations == 1 then
    return vim.lsp.util.show_document(locations[1], client.offset_encoding, { focus = true })
  end
  vim.fn.setqflist({}, ' ', {
    title = command.title,
    items = vim.lsp.util.locations_to_items(locations, client.offset_encoding),
  })
  vim.cmd('botright copen')
end

local function refresh_lenses(buffer)
  if vim.lsp.codelens.enable then -- newer versions keep lenses fresh by themselves
    return vim.lsp.codelens.enable(true, { bufnr = buffer })
  end
  local group = vim.api.nvim_create_augroup('specdrift.lenses.' .. buffer, {})
  local function refresh()
    vim.lsp.codelens.refresh({ bufnr = buffer })
  end
  vim.api.nvim_create_autocmd({ 'BufEnter', 'InsertLeave', 'TextChanged', 'BufWritePost' }, {
    group = group,
    buffer = buffer,
    callback = refresh,
  })
  refresh()
end

--- Called when the server is attached to a buffer.
---@param client vim.lsp.Client
---@param buffer integer
function M.on_attach(client, buffer)
  if M.options.codelens and client:supports_method('textDocument/codeLens') then
    refresh_lenses(buffer)
  end
  local wanted = M.options.keymaps
  if not wanted then
    return
  end
  local keys = type(wanted) == 'table' and wanted or M.keymaps
  local actions = {
    lens = { vim.lsp.codelens.run, 'Run the code lens of this line' },
    explain = { M.explain, 'Explain the rule under the cursor' },
    check = { M.check, 'Check the project' },
  }
  for name, key in pairs(keys) do
    local action = assert(actions[name], 'specdrift: no such keymap: ' .. name)
    vim.keymap.set('n', key, function()
      action[1]()
    end, { buffer = buffer, desc = 'Specdrift: ' .. action[2] })
  end
end

return M
