--- Where a project begins and which command starts its server. Knows nothing of commands and windows.
local M = {}

--- In this order: the first marker that is found in a folder above the file decides.
M.root_markers = { 'specdrift.toml', '.git', 'pyproject.toml', 'alembic.ini' }

--- Of these file types only these files concern the server.
local names = {
  toml = { ['pyproject.toml'] = true, ['specdrift.toml'] = true },
  dosini = { ['alembic.ini'] = true },
}

local windows = vim.fn.has('win32') == 1

--- `-P` keeps the current folder off the module path: a project with a folder `lsp_server` of its own must not be run.
local function module(python)
  return { python, '-P', '-m', 'lsp_server' }
end

--- Commands worth a try, the best first; the second value tells whether a person has chosen it.
---@param root string
---@return string[][], boolean
function M.candidates(root)
  local options = require('specdrift').options
  if options.cmd then
    return { options.cmd }, true
  end
  if options.interpreter then
    return { module(vim.fn.expand(options.interpreter)) }, true
  end
  local found = {}
  if require('specdrift').trusted(root) then
    for _, environment in ipairs({ '.venv', 'venv' }) do
      local python = vim.fs.joinpath(root, environment, windows and 'Scripts/python.exe' or 'bin/python')
      if vim.fn.executable(python) == 1 then
        table.insert(found, module(python))
      end
    end
  end
  for _, name in ipairs({ 'lsp_server', 'python3', 'python' }) do
    local program = vim.fn.exepath(name)
    if program ~= '' then
      table.insert(found, name == 'lsp_server' and { program } or module(program))
    end
  end
  return found, false
end

local commands = {} ---@type table<string, string[]> by root: what has answered

--- Calls `done` with the first command that answers `--version`, or with nil. Does not block.
---@param root string
---@param done fun(command: string[]?)
function M.find(root, done)
  local candidates, chosen = M.candidates(root)
  if chosen then
    return done(candidates[1])
  end
  if commands[root] then
    return done(commands[root])
  end
  local function try(index)
    local command = candidates[index]
    if not command then
      return done(nil)
    end
    local asked = vim.list_extend(vim.list_slice(command), { '--version' })
    local started = pcall(vim.system, asked, { text = true, timeout = 10000 }, vim.schedule_wrap(function(result)
      if result.code == 0 then
        commands[root] = command
        return done(command)
      end
      try(index + 1)
    end))
    if not started then
      try(index + 1)
    end
  end
  try(1)
end

--- Forget what was found: the next start searches again.
function M.forget()
  commands = {}
end

--- For `root_dir` of |vim.lsp.Config|: no call of `on_dir` means that the server is not for this buffer.
---@param buffer integer
---@param on_dir fun(root: string)
function M.root_dir(buffer, on_dir)
  local wanted = names[vim.bo[buffer].filetype]
  if wanted and not wanted[vim.fs.basename(vim.api.nvim_buf_get_name(buffer))] then
    return
  end
  local root
  for _, marker in ipairs(M.root_markers) do
    root = root or vim.fs.root(buffer, marker)
  end
  if not root then
    return
  end
  M.find(root, function(command)
    if command then
      on_dir(root)
    else
      M.tell_not_found()
    end
  end)
end

function M.tell_not_found()
  vim.notify_once(
    'Specdrift found no Python 3.11 or newer with the package specdrift; see :checkhealth specdrift',
    vim.log.levels.WARN
  )
end

--- For `cmd` of |vim.lsp.Config|.
function M.start(dispatchers, config)
  local root = config and config.root_dir or vim.fn.getcwd()
  local candidates, chosen = M.candidates(root)
  local command = not chosen and commands[root] or candidates[1]
  if not command then
    error('Specdrift: no Python was found')
  end
  local env = require('specdrift').options.env
  return vim.lsp.rpc.start(command, dispatchers, { env = type(env) == 'function' and env() or env })
end

return M
