--- Asks a person what a repair has to know: `vim.ui.select` where there are choices, `vim.ui.input` for a value.
local M = {}

--- Asks one question. `done` gets the answer (vim.NIL: none of it), or nil if the person gave up.
local function ask(question, done)
  if #question.choices > 0 then
    return vim.ui.select(question.choices, {
      prompt = question.text,
      format_item = function(choice)
        return choice.text
      end,
    }, function(choice)
      done(choice and choice.answer)
    end)
  end
  local optional = question.otherwise ~= ''
  local prompt = question.text .. ' (' .. question.expected .. (optional and '; empty: ' .. question.otherwise or '') .. ') '
  local suggestion = type(question.suggestion) == 'string' and question.suggestion or nil
  vim.ui.input({ prompt = prompt, default = suggestion }, function(text)
    if text ~= nil and vim.trim(text) == '' then
      return done(optional and vim.NIL or nil)
    end
    done(text)
  end)
end

--- Asks the questions one after the other and adds the answers; `done` is not called if the person gives up.
local function ask_all(questions, number, answers, done)
  local question = questions[number]
  if not question then
    return done(answers)
  end
  ask(question, function(answer)
    if answer == nil then
      return vim.notify('Specdrift: nothing was changed')
    end
    answers[question.key] = answers[question.key] or {}
    answers[question.key][question.subject] = answer
    ask_all(questions, number + 1, answers, done)
  end)
end

--- For |vim.lsp.commands|: a code action that needs answers. The server applies the edit once it has them.
---@param command lsp.Command arguments: what the server wants back
---@param context lsp.HandlerContext
function M.answer(command, context)
  local client = vim.lsp.get_client_by_id(context.client_id)
  if not client then
    return
  end
  local function send(answers)
    local parameters = { command = 'specdrift.server.answer', arguments = { command.arguments[1], answers } }
    client:request('workspace/executeCommand', parameters, function(failure, result)
      if failure then
        return vim.notify('Specdrift: ' .. failure.message, vim.log.levels.ERROR)
      end
      if #result.questions > 0 then
        return ask_all(result.questions, 1, answers or {}, send)
      end
      vim.notify('Specdrift: ' .. command.title:gsub(' %(asks.*', '') .. ': done')
    end, context.bufnr)
  end
  send(nil)
end

return M
