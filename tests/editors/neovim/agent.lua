-- A run of the agent in a real Neovim: asked for, confirmed, and shown. The report has one JSON object.
local patience = tonumber(vim.env.SPECDRIFT_PATIENCE) -- milliseconds
local root = vim.fn.getcwd()
local seen = { questions = {}, told = {} }

local function answer(items, options, choose)
  table.insert(seen.questions, options.prompt)
  for index, item in ipairs(items) do
    if (options.format_item or tostring)(item):find('Apply', 1, true) then
      return choose(item, index)
    end
  end
  choose(nil)
end

vim.notify = function(message)
  table.insert(seen.told, message)
end

local function run()
  vim.ui.select = answer
  vim.fn.confirm = function(text) -- how some versions ask
    table.insert(seen.questions, text)
    return 1
  end
  vim.cmd.edit(vim.fn.fnameescape(root .. '/openapi.yaml'))
  seen.attached = vim.wait(patience, function()
    local client = vim.lsp.get_clients({ name = 'specdrift', bufnr = 0 })[1]
    return client ~= nil and client.initialized == true
  end, 20)
  vim.cmd('SpecdriftAgent let people count the shelves')
  seen.shown = vim.wait(patience, function()
    return vim.startswith(vim.api.nvim_buf_get_name(0), 'specdrift://runs/')
  end, 20)
  seen.page = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
  local app = vim.fn.bufnr(root .. '/app/main.py')
  seen.app = app ~= -1 and table.concat(vim.api.nvim_buf_get_lines(app, 0, -1, false), '\n') or ''
end

vim.api.nvim_create_autocmd('VimEnter', {
  callback = vim.schedule_wrap(function()
    local ok, problem = xpcall(run, debug.traceback)
    seen.problem = not ok and problem or nil
    vim.fn.writefile({ vim.json.encode(seen) }, vim.env.SPECDRIFT_REPORT)
    vim.cmd('qall!')
  end),
})
