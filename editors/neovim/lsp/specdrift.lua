-- The configuration that `vim.lsp.enable('specdrift')` finds. What a user may choose is asked of the
-- module `specdrift` when it is needed, so that `setup()` may come before or after.
local server = require('specdrift.server')

local languages = { dosini = 'ini' }

return {
  cmd = server.start,
  filetypes = { 'python', 'yaml', 'json', 'jsonc', 'markdown', 'toml', 'dosini', 'yaml.openapi', 'json.openapi' },
  get_language_id = function(_, filetype)
    filetype = filetype:match('^[^.]*')
    return languages[filetype] or filetype
  end,
  root_dir = server.root_dir,
  before_init = function(params, config)
    params.initializationOptions = vim.tbl_extend('force', {
      trusted = require('specdrift').trusted(config.root_dir),
      clientCommands = { 'specdrift.showReferences', 'specdrift.answer' },
    }, params.initializationOptions or {})
  end,
  settings = { specdrift = { codeLens = true } },
}
