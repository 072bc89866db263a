--- :checkhealth specdrift
local M = {}

function M.check()
  vim.health.start('specdrift')
  if vim.fn.has('nvim-0.11') == 0 then
    return vim.health.error('Neovim 0.11 or newer is needed')
  end
  local root = vim.fn.getcwd()
  vim.health.info('Trusted to run the Python of ' .. root .. ': ' .. tostring(require('specdrift').trusted(root)))
  local candidates = require('specdrift.server').candidates(root)
  for _, command in ipairs(candidates) do
    local text = table.concat(command, ' ')
    local asked = vim.list_extend(vim.list_slice(command), { '--version' })
    local started, result = pcall(function()
      return vim.system(asked, { text = true, timeout = 10000 }):wait()
    end)
    if started and result.code == 0 then
      vim.health.ok(text .. ': ' .. vim.trim(result.stdout))
    else
      vim.health.warn(text .. ': ' .. (started and vim.trim(result.stderr) or tostring(result)))
    end
  end
  if #candidates == 0 then
    vim.health.error('No Python was found', { 'Install Python 3.11 or newer and the package: pip install specdrift' })
  end
  local clients = vim.lsp.get_clients({ name = 'specdrift' })
  vim.health.info(('%d server(s) running; see also :checkhealth vim.lsp'):format(#clients))
end

return M
