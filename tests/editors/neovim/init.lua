-- What a user writes, as the plugin's README shows it. The server is searched, as for a user.
vim.opt.runtimepath:prepend(vim.env.SPECDRIFT_PLUGIN)
require('specdrift').setup({ keymaps = true })
