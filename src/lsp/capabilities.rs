//! What the client can do, and what is offered to it.

use super::position::Encoding;
use super::uri::path_of;
use super::{tests, tokens};
use gen_lsp_types as lsp;
use serde_json::Value;

/// What of the client's side matters.
#[derive(Clone, Copy, Debug, Default)]
pub struct Client {
    pub encoding: Encoding,
    /// It tells of changed files where it is asked to.
    pub watches: bool,
    /// Completions may have places to fill in.
    pub snippets: bool,
    /// Related places of a diagnostic are shown.
    pub related: bool,
    /// Edits may name the version of the text that they are for.
    pub versioned_edits: bool,
}

impl Client {
    pub fn of(params: &lsp::InitializeParams) -> Client {
        let all = &params.capabilities;
        let text = all.text_document.as_ref();
        let workspace = all.workspace.as_ref();
        let offered = all.general.as_ref().and_then(|g| g.position_encodings.as_deref());
        let completion = text.and_then(|t| t.completion.as_ref()).and_then(|c| c.completion_item.as_ref());
        let published = text.and_then(|t| t.publish_diagnostics.as_ref());
        let watched = workspace.and_then(|w| w.did_change_watched_files.as_ref());
        let edits = workspace.and_then(|w| w.workspace_edit.as_ref());
        Client {
            encoding: Encoding::chosen(offered),
            watches: watched.and_then(|w| w.dynamic_registration) == Some(true),
            snippets: completion.and_then(|c| c.snippet_support) == Some(true),
            related: published.is_some_and(|p| p.diagnostics_capabilities.related_information == Some(true)),
            versioned_edits: edits.and_then(|e| e.document_changes) == Some(true),
        }
    }
}

/// Paths of the folders that are open.
pub fn folders(params: &lsp::InitializeParams) -> Vec<String> {
    match &params.workspace_folders_initialize_params.workspace_folders {
        Some(lsp::WorkspaceFolders::WorkspaceFolderList(folders)) if !folders.is_empty() => {
            folders.iter().map(|f| path_of(&f.uri.0)).collect()
        }
        #[allow(deprecated)]
        _ => params.root_uri.iter().map(|uri| path_of(&uri.0)).collect(),
    }
}

/// `{ "sets": ["policies", ["common", "branches/berlin"]] }`: which paths are one policy set each.
pub fn named_sets(settings: Option<&Value>) -> Vec<Vec<String>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let set = |value: &Value| match value {
        Value::Array(paths) => paths.iter().filter_map(text).collect(),
        one => text(one).into_iter().collect::<Vec<_>>(),
    };
    let sets = settings.and_then(|s| s.get("sets")).and_then(Value::as_array);
    sets.into_iter().flatten().map(set).filter(|paths| !paths.is_empty()).collect()
}

pub fn offered(encoding: Encoding) -> lsp::InitializeResult {
    let yes = Some(true);
    let sync = lsp::TextDocumentSyncOptions {
        open_close: yes,
        change: Some(lsp::TextDocumentSyncKind::Incremental),
        save: Some(true.into()),
        ..Default::default()
    };
    let folders = lsp::WorkspaceFoldersServerCapabilities { supported: yes, change_notifications: Some(true.into()) };
    let texts = |all: &[&str]| all.iter().map(|text| text.to_string()).collect::<Vec<_>>();
    let completion =
        lsp::CompletionOptions { trigger_characters: Some(texts(&[".", "{", "\""])), ..Default::default() };
    let signature = lsp::SignatureHelpOptions { trigger_characters: Some(texts(&["(", ","])), ..Default::default() };
    let actions = lsp::CodeActionOptions {
        code_action_kinds: Some(vec![lsp::CodeActionKind::QuickFix, lsp::CodeActionKind::SourceFixAll]),
        ..Default::default()
    };
    let tokens = lsp::SemanticTokensOptions {
        legend: lsp::SemanticTokensLegend {
            token_types: texts(&tokens::TYPES),
            token_modifiers: texts(&tokens::MODIFIERS),
        },
        range: Some(true.into()),
        full: Some(lsp::SemanticTokensFullDelta { delta: yes }.into()),
        ..Default::default()
    };
    let commands = lsp::ExecuteCommandOptions {
        commands: texts(&[tests::RUN_TEST, tests::RUN_TESTS, tests::RUN_SET_TESTS]),
        ..Default::default()
    };
    let capabilities = lsp::ServerCapabilities {
        position_encoding: Some(encoding.kind()),
        text_document_sync: Some(sync.into()),
        hover_provider: Some(true.into()),
        definition_provider: Some(true.into()),
        references_provider: Some(true.into()),
        document_highlight_provider: Some(true.into()),
        rename_provider: Some(lsp::RenameOptions { prepare_provider: yes, ..Default::default() }.into()),
        document_formatting_provider: Some(true.into()),
        completion_provider: Some(completion),
        signature_help_provider: Some(signature),
        code_action_provider: Some(actions.into()),
        code_lens_provider: Some(lsp::CodeLensOptions::default()),
        document_symbol_provider: Some(true.into()),
        workspace_symbol_provider: Some(true.into()),
        folding_range_provider: Some(true.into()),
        document_link_provider: Some(lsp::DocumentLinkOptions::default()),
        inlay_hint_provider: Some(true.into()),
        semantic_tokens_provider: Some(tokens.into()),
        execute_command_provider: Some(commands),
        workspace: Some(lsp::WorkspaceOptions { workspace_folders: Some(folders), ..Default::default() }),
        ..Default::default()
    };
    let version = Some(env!("CARGO_PKG_VERSION").to_owned());
    lsp::InitializeResult { capabilities, server_info: Some(lsp::ServerInfo { name: "bylaws".into(), version }) }
}
