-- Edits policies in Neovim, with its own client of `bylaws lsp`.
--   nvim --headless -u NONE -S nvim.lua, with BYLAWS and FOLDER in the environment
local program, folder = vim.env.BYLAWS, vim.env.FOLDER
local failed = false

local function check(what, is)
  if not is then
    failed = true
    io.stderr:write("not so: " .. what .. "\n")
  end
end

local function wait(what, is)
  check(what, vim.wait(60000, is, 5))
end

vim.cmd("edit " .. vim.fn.fnameescape(folder .. "/rules.bylaw"))
local buffer = vim.api.nvim_get_current_buf()
local id = vim.lsp.start_client({
  name = "bylaws",
  cmd = { program, "lsp" },
  root_dir = folder,
  workspace_folders = { { uri = vim.uri_from_fname(folder), name = "policies" } },
})
vim.lsp.buf_attach_client(buffer, id)
wait("it starts", function()
  return #vim.lsp.buf_get_clients(buffer) > 0
end)
local uri = vim.uri_from_bufnr(buffer)

local function ask(method, params)
  local answers, why = vim.lsp.buf_request_sync(buffer, method, params, 60000)
  check(method .. " is answered: " .. tostring(why), answers and answers[id] and not answers[id].err)
  return answers and answers[id] and answers[id].result
end

local function line_of(text)
  for number, line in ipairs(vim.api.nvim_buf_get_lines(buffer, 0, -1, false)) do
    local column = line:find(text, 1, true)
    if column then
      return number - 1, column - 1
    end
  end
  error(text .. " is not in the buffer")
end

local function at(text)
  local line, column = line_of(text)
  return { textDocument = { uri = uri }, position = { line = line, character = column } }
end

-- A slip as it is typed, its diagnostic, and its fix.
local line, column = line_of("value > cap")
vim.api.nvim_buf_set_text(buffer, line, column, line, column + 5, { "valeu" })
wait("the slip is told", function()
  return #vim.diagnostic.get(buffer) == 1
end)
local told = vim.diagnostic.get(buffer)[1] or {}
check("where it is", told.lnum == line and told.col == column)
check("what it is", (told.message or ""):find("no name `valeu` is known here", 1, true))
local range = { start = { line = line, character = column }, ["end"] = { line = line, character = column } }
local actions =
  ask("textDocument/codeAction", { textDocument = { uri = uri }, range = range, context = { diagnostics = {} } })
vim.lsp.util.apply_workspace_edit(actions[1].edit, vim.lsp.get_client_by_id(id).offset_encoding)
wait("the fix mends it", function()
  return #vim.diagnostic.get(buffer) == 0
end)
line_of("value > cap")

local hover = ask("textDocument/hover", at("cap and"))
check("hover", hover.contents.value:find("More than this needs an approval", 1, true))
local definition = ask("textDocument/definition", at("value > cap"))
check("definition", definition[1].uri == vim.uri_from_fname(folder .. "/records.bylaw"))
local completion = ask("textDocument/completion", at("value > cap"))
check("completion", #completion.items > 10)

-- Renaming edits the file that is not open, too.
local renamed = at("value > cap")
renamed.newName = "worth"
vim.lsp.util.apply_workspace_edit(ask("textDocument/rename", renamed), vim.lsp.get_client_by_id(id).offset_encoding)
line_of("worth > cap")
vim.lsp.buf_attach_client(vim.fn.bufnr(folder .. "/records.bylaw"), id)
wait("nothing is wrong after it", function()
  return #vim.diagnostic.get(buffer) == 0
end)

vim.api.nvim_buf_set_lines(buffer, -1, -1, false, { "let   late = 5" })
local edits = ask("textDocument/formatting", { textDocument = { uri = uri }, options = { tabSize = 2, insertSpaces = true } })
vim.lsp.util.apply_text_edits(edits, buffer, vim.lsp.get_client_by_id(id).offset_encoding)
line_of("let late = 5")

vim.lsp.stop_client(id)
wait("it ends", function()
  return vim.lsp.client_is_stopped(id)
end)
if failed then
  vim.cmd("cquit 1")
end
io.stderr:write("edited in Neovim\n")
vim.cmd("qall!")
