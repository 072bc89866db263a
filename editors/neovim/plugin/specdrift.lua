-- Commands; the work is done by the module `specdrift`, loaded when it is first needed.
if vim.g.loaded_specdrift then
  return
end
vim.g.loaded_specdrift = true

local command = vim.api.nvim_create_user_command

command('SpecdriftCheck', function()
  require('specdrift').check()
end, { desc = 'Check every file of the project, into the quickfix list' })

command('SpecdriftExplain', function(call)
  require('specdrift').explain(call.fargs[1])
end, {
  nargs = '?',
  desc = 'Show the page of a rule',
  complete = function(lead)
    return require('specdrift').complete_rules(lead)
  end,
})

command('SpecdriftUnknowns', function()
  require('specdrift').unknowns()
end, { desc = 'List what could not be read, in the quickfix list' })

command('SpecdriftAskProject', function()
  require('specdrift').ask_project()
end, { desc = "Let the project's own Python fill what its text leaves open" })

command('SpecdriftApplyMigration', function()
  require('specdrift').apply_migration()
end, { desc = 'Apply migrations to the development database; asks first' })

command('SpecdriftAgent', function(call)
  local agent = require('specdrift.agent')
  if call.bang then
    return agent.cancel()
  end
  agent.ask(call.args)
end, { nargs = '*', bang = true, desc = 'Give the agent a task, or the story under the cursor; with ! cancel its run' })

command('SpecdriftRestart', function()
  require('specdrift').restart()
end, { desc = 'Stop the server and start it anew' })

command('SpecdriftLog', function()
  vim.cmd.tabedit(vim.fn.fnameescape(vim.lsp.get_log_path()))
end, { desc = "Open Neovim's log of language servers" })

vim.lsp.commands['specdrift.showReferences'] = function(...)
  return require('specdrift').show_references(...)
end

vim.lsp.commands['specdrift.answer'] = function(...)
  return require('specdrift.questions').answer(...)
end

vim.lsp.commands['specdrift.server.runAgent'] = function(...)
  return require('specdrift.agent').run_action(...)
end

vim.api.nvim_create_autocmd('LspAttach', {
  group = vim.api.nvim_create_augroup('specdrift', {}),
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'specdrift' then
      require('specdrift').on_attach(client, event.buf)
    end
  end,
})
