--- A task for the agent, and what came of it. The run itself is the server's; nothing is said before a command is called.
local M = {}

local RUN = 'specdrift.server.runAgent'
local CANCELLED = -32800 -- RequestCancelled of the protocol

local running ---@type { client: vim.lsp.Client, id: integer }?

--- What the server answers, as lines for people: first the verdict, the model's words last.
---@return string[]
function M.lines(outcome)
  local head = 'No change (' .. outcome.ended .. ')'
  if outcome.ok then
    head = 'The verdict holds; the change was ' .. (outcome.applied and 'applied' or 'not applied')
  end
  local cost = type(outcome.cost) == 'number' and ('about $%.3f'):format(outcome.cost) or 'cost not known'
  local lines = { head, ('%d tokens, %s, %s s; run %s'):format(outcome.tokens, cost, outcome.seconds, outcome.run), '' }
  for _, line in ipairs(outcome.verdict) do
    vim.list_extend(lines, vim.split(line, '\r?\n'))
  end
  if vim.trim(outcome.summary) ~= '' then
    vim.list_extend(lines, { '', 'The model says:' })
    for _, line in ipairs(vim.split(vim.trim(outcome.summary), '\r?\n')) do
      table.insert(lines, '| ' .. line)
    end
  end
  return lines
end

--- Shows an outcome in a buffer of its own, as plain text.
local function show(outcome)
  local buffer = vim.fn.bufadd('specdrift://runs/' .. outcome.run)
  vim.fn.bufload(buffer)
  vim.bo[buffer].buftype = 'nofile'
  vim.bo[buffer].bufhidden = 'wipe'
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, M.lines(outcome))
  vim.bo[buffer].modifiable = false
  vim.cmd('botright sbuffer ' .. buffer)
end

--- Begin a run. `task` has the form that the server takes.
---@param client vim.lsp.Client?
---@param task table
function M.run(client, task)
  if not client then
    return vim.notify('Specdrift: the server does not run', vim.log.levels.WARN)
  end
  if running then
    return vim.notify('Specdrift: a run is under way; :SpecdriftAgent! cancels it', vim.log.levels.WARN)
  end
  local sent, id = client:request('workspace/executeCommand', { command = RUN, arguments = { task } }, function(failure, outcome)
    running = nil
    if failure then
      if failure.code ~= CANCELLED then
        vim.notify('Specdrift: ' .. failure.message, vim.log.levels.ERROR)
      end
      return
    end
    show(outcome)
  end, 0)
  running = sent and id and { client = client, id = id } or nil
end

--- End the run that is under way; nothing of it is left.
function M.cancel()
  if not running then
    return vim.notify('Specdrift: no run is under way')
  end
  running.client:cancel_request(running.id)
  running = nil
end

--- A task in words; without words the story under the cursor, in a Markdown buffer.
---@param words string
function M.ask(words)
  local task = { uri = vim.uri_from_bufnr(0), task = words }
  if vim.trim(words) == '' then
    if vim.bo.filetype ~= 'markdown' then
      return vim.notify('Specdrift: say what should be done, or place the cursor in a story of a Markdown file', vim.log.levels.WARN)
    end
    task = { uri = task.uri, line = vim.api.nvim_win_get_cursor(0)[1] - 1, kind = 'implement-story' }
  end
  M.run(require('specdrift').client(), task)
end

--- For |vim.lsp.commands|: an action of the server.
---@param command lsp.Command
---@param context lsp.HandlerContext
function M.run_action(command, context)
  M.run(vim.lsp.get_client_by_id(context.client_id), command.arguments[1])
end

return M
