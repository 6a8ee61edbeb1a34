//! The life of a server: what comes in, in which order, and who answers.

use super::uri::path_of;
use super::wire::{self, Incoming};
use super::workspace::{Document, Workspace};
use super::{
    actions, advice, capabilities, complete, diagnostics, format, hints, hover, names, symbols, tests, tokens,
};
use crate::io::Files;
use gen_lsp_types as lsp;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, Sender};

/// Why a request has no result.
#[derive(Debug)]
pub struct Refusal {
    code: ErrorCode,
    message: String,
}

impl Refusal {
    /// It was understood, and cannot be done: the editor shows the message.
    pub fn new(message: impl Into<String>) -> Refusal {
        Refusal { code: ErrorCode::RequestFailed, message: message.into() }
    }
}

pub type Reply<T> = Result<T, Refusal>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// Before `initialize`.
    Begun,
    Running,
    /// After `shutdown`.
    Stopped,
}

pub struct Server<'d> {
    life: Life,
    out: Sender<Message>,
    pub client: capabilities::Client,
    pub workspace: Workspace<'d>,
    /// By path: what the editor was told last.
    pub told: HashMap<String, diagnostics::Told>,
    /// What the editor was told that it cannot be read.
    pub unread: Vec<String>,
    /// Why the lints cannot be run.
    pub wrong_settings: Vec<String>,
    /// By path: the colours that the editor has.
    pub tokens: HashMap<String, tokens::Sent>,
    pub results: u64,
    requests: i32,
    /// For what works beside.
    beside: Sender<Incoming>,
}

/// Serves until the client says `exit` or the input ends. Whether it was shut down before, as it should be.
pub(crate) fn serve(disk: &dyn Files, input: impl Read + Send + 'static, output: impl Write + Send + 'static) -> bool {
    let (beside, incoming) = wire::reader(input);
    let (out, writer) = wire::writer(output);
    let mut server = Server {
        life: Life::Begun,
        out,
        client: capabilities::Client::default(),
        workspace: Workspace::new(disk),
        told: HashMap::new(),
        unread: Vec::new(),
        wrong_settings: Vec::new(),
        tokens: HashMap::new(),
        results: 0,
        requests: 0,
        beside,
    };
    let in_order = server.run(&incoming);
    drop(server);
    let _ = writer.join();
    in_order
}

impl Server<'_> {
    fn run(&mut self, incoming: &Receiver<Incoming>) -> bool {
        let mut waiting = VecDeque::new();
        loop {
            if waiting.is_empty() {
                let due = self.workspace.is_due();
                let next = match self.workspace.unadvised() {
                    _ if due => incoming.try_recv().ok(),
                    Some(_) => incoming.recv_timeout(advice::PAUSE).ok(),
                    None => incoming.recv().ok(),
                };
                match next {
                    Some(next) => waiting.push_back(next),
                    None if due => {
                        self.workspace.refresh();
                        diagnostics::publish(self);
                        continue;
                    }
                    None => {
                        advice::begin(self);
                        diagnostics::publish(self);
                        continue;
                    }
                }
            }
            waiting.extend(incoming.try_iter());
            self.call_off(&mut waiting);
            match waiting.pop_front() {
                Some(Incoming::Message(Message::Request(request))) => self.request(request),
                Some(Incoming::Message(Message::Notification(note))) if note.method == "exit" => {
                    return self.life == Life::Stopped;
                }
                Some(Incoming::Message(Message::Notification(note))) => self.notification(note),
                Some(Incoming::Ran(id, results)) => {
                    let result = tests::end(self, *results);
                    self.send(Response::new_ok(id, result));
                }
                Some(Incoming::Advised(advice)) => {
                    advice::end(self, *advice);
                    diagnostics::publish(self);
                }
                Some(Incoming::End) => return false,
                Some(Incoming::Malformed(why)) => self.log(lsp::MessageType::Error, &why),
                Some(Incoming::Message(Message::Response(_))) | None => {}
            }
        }
    }

    /// Answers requests that wait and that the client does not want any more.
    fn call_off(&mut self, waiting: &mut VecDeque<Incoming>) {
        let called_off = |incoming: &Incoming| match incoming {
            Incoming::Message(Message::Notification(note)) if note.method == "$/cancelRequest" => {
                serde_json::from_value::<RequestId>(note.params.get("id").cloned().unwrap_or_default()).ok()
            }
            _ => None,
        };
        let ids: Vec<RequestId> = waiting.iter().filter_map(called_off).collect();
        for id in ids {
            let is_it = |i: &Incoming| matches!(i, Incoming::Message(Message::Request(r)) if r.id == id);
            if let Some(at) = waiting.iter().position(is_it) {
                waiting.remove(at);
                let message = "called off by the client".to_owned();
                self.send(Response::new_err(id, ErrorCode::RequestCanceled as i32, message));
            }
        }
    }

    /// Where results go that come later.
    pub fn beside(&self) -> Sender<Incoming> {
        self.beside.clone()
    }

    fn send(&self, message: impl Into<Message>) {
        // Where nobody reads any more, the input ends too.
        let _ = self.out.send(message.into());
    }

    pub fn notify<N: lsp::Notification>(&self, params: N::Params) {
        self.send(Notification::new(N::METHOD.to_string(), params));
    }

    /// Asks the client; its answer changes nothing.
    pub fn ask<R: lsp::Request>(&mut self, params: R::Params) {
        self.requests += 1;
        let id = RequestId::from(format!("bylaws-{}", self.requests));
        self.send(Request::new(id, R::METHOD.to_string(), params));
    }

    pub fn log(&self, kind: lsp::MessageType, message: &str) {
        self.notify::<lsp::LogMessageNotification>(lsp::LogMessageParams { kind, message: message.to_owned() });
    }

    pub fn show(&self, kind: lsp::MessageType, message: &str) {
        self.notify::<lsp::ShowMessageNotification>(lsp::ShowMessageParams { kind, message: message.to_owned() });
    }

    fn request(&mut self, request: Request) {
        let Request { id, method, params } = request;
        let reply = match (self.life, method.as_str()) {
            (Life::Begun, "initialize") => self.initialize(params),
            (Life::Begun, _) => Err(Refusal {
                code: ErrorCode::ServerNotInitialized,
                message: "the first request is `initialize`".into(),
            }),
            (Life::Running, "shutdown") => {
                self.life = Life::Stopped;
                Ok(Value::Null)
            }
            (Life::Stopped, _) => Err(Refusal { code: ErrorCode::InvalidRequest, message: "it was shut down".into() }),
            (Life::Running, "initialize") => {
                Err(Refusal { code: ErrorCode::InvalidRequest, message: "it is initialized already".into() })
            }
            (Life::Running, "workspace/executeCommand") => {
                match read(params).and_then(|params| tests::begin(self, id.clone(), params)) {
                    Ok(()) => return,
                    Err(refusal) => Err(refusal),
                }
            }
            (Life::Running, method) => self.answer(method, params),
        };
        self.send(match reply {
            Ok(result) => Response::new_ok(id, result),
            Err(refusal) => Response::new_err(id, refusal.code as i32, refusal.message),
        });
    }

    fn answer(&mut self, method: &str, params: Value) -> Reply<Value> {
        match method {
            "textDocument/formatting" => self.by::<lsp::DocumentFormattingRequest>(params, format::whole),
            "textDocument/hover" => self.by::<lsp::HoverRequest>(params, hover::hover),
            "textDocument/definition" => self.by::<lsp::DefinitionRequest>(params, names::definition),
            "textDocument/references" => self.by::<lsp::ReferencesRequest>(params, names::references),
            "textDocument/documentHighlight" => self.by::<lsp::DocumentHighlightRequest>(params, names::highlights),
            "textDocument/prepareRename" => self.by::<lsp::PrepareRenameRequest>(params, names::prepare_rename),
            "textDocument/completion" => self.by::<lsp::CompletionRequest>(params, complete::complete),
            "textDocument/signatureHelp" => self.by::<lsp::SignatureHelpRequest>(params, hints::signature),
            "textDocument/inlayHint" => self.by::<lsp::InlayHintRequest>(params, hints::hints),
            "textDocument/codeAction" => self.by::<lsp::CodeActionRequest>(params, actions::actions),
            "textDocument/codeLens" => self.by::<lsp::CodeLensRequest>(params, actions::lenses),
            "textDocument/documentSymbol" => self.by::<lsp::DocumentSymbolRequest>(params, symbols::of_file),
            "workspace/symbol" => self.by::<lsp::WorkspaceSymbolRequest>(params, symbols::of_workspace),
            "textDocument/foldingRange" => self.by::<lsp::FoldingRangeRequest>(params, symbols::folding),
            "textDocument/documentLink" => self.by::<lsp::DocumentLinkRequest>(params, symbols::links),
            "textDocument/semanticTokens/full" => self.by::<lsp::SemanticTokensRequest>(params, tokens::full),
            "textDocument/semanticTokens/full/delta" => {
                self.by::<lsp::SemanticTokensDeltaRequest>(params, tokens::delta)
            }
            "textDocument/semanticTokens/range" => self.by::<lsp::SemanticTokensRangeRequest>(params, tokens::range),
            "textDocument/rename" => self.by::<lsp::RenameRequest>(params, names::rename),
            _ => Err(Refusal { code: ErrorCode::MethodNotFound, message: format!("`{method}` is not known here") }),
        }
    }

    /// Answers by a function of the request's own types.
    fn by<R: lsp::Request>(
        &mut self,
        params: Value,
        with: impl FnOnce(&mut Self, R::Params) -> Reply<R::Result>,
    ) -> Reply<Value> {
        let result = with(self, read(params)?)?;
        serde_json::to_value(result).map_err(|e| Refusal {
            code: ErrorCode::InternalError,
            message: format!("the answer cannot be written: {e}"),
        })
    }

    fn initialize(&mut self, params: Value) -> Reply<Value> {
        let params: lsp::InitializeParams = read(params)?;
        self.client = capabilities::Client::of(&params);
        self.workspace.encoding = self.client.encoding;
        self.workspace.folders = capabilities::folders(&params);
        self.workspace.name_sets(capabilities::named_sets(params.initialization_options.as_ref()));
        self.life = Life::Running;
        serde_json::to_value(capabilities::offered(self.client.encoding))
            .map_err(|e| Refusal { code: ErrorCode::InternalError, message: e.to_string() })
    }

    fn notification(&mut self, note: Notification) {
        if self.life != Life::Running {
            return;
        }
        let method = note.method.clone();
        if let Err(refusal) = self.take(note) {
            self.log(lsp::MessageType::Error, &format!("`{method}`: {}", refusal.message));
        }
    }

    fn take(&mut self, note: Notification) -> Reply<()> {
        let params = note.params;
        match note.method.as_str() {
            "initialized" => self.watch(),
            "textDocument/didOpen" => {
                let lsp::DidOpenTextDocumentParams { text_document: text } = read(params)?;
                let path = path_of(&text.uri.0);
                let document = Document { uri: text.uri.0, version: text.version, text: text.text.into() };
                self.workspace.open.insert(path, document);
                self.workspace.disk_changed();
                self.workspace.regroup();
            }
            "textDocument/didChange" => {
                let lsp::DidChangeTextDocumentParams { text_document: text, content_changes } = read(params)?;
                let path = path_of(&text.text_document_identifier.uri.0);
                let encoding = self.workspace.encoding;
                let Some(document) = self.workspace.open.get_mut(&path) else {
                    return Err(Refusal::new(format!("`{path}` is not open")));
                };
                document.apply(content_changes, encoding);
                document.version = text.version;
                self.workspace.changed();
            }
            "textDocument/didClose" => {
                let lsp::DidCloseTextDocumentParams { text_document: text } = read(params)?;
                let path = path_of(&text.uri.0);
                self.workspace.open.remove(&path);
                self.tokens.remove(&path);
                self.workspace.disk_changed();
                self.workspace.regroup();
                diagnostics::publish(self);
            }
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => {
                self.workspace.disk_changed();
                self.workspace.regroup();
            }
            "workspace/didChangeWorkspaceFolders" => {
                let lsp::DidChangeWorkspaceFoldersParams { event } = read(params)?;
                let removed: Vec<String> = event.removed.iter().map(|f| path_of(&f.uri.0)).collect();
                self.workspace.folders.retain(|f| !removed.contains(f));
                self.workspace.folders.extend(event.added.iter().map(|f| path_of(&f.uri.0)));
                self.workspace.regroup();
            }
            "workspace/didChangeConfiguration" => {
                // Some clients only say that something has changed.
                if let Some(settings) = params.get("settings").filter(|s| !s.is_null()) {
                    let own = settings.get("bylaws").unwrap_or(settings);
                    self.workspace.name_sets(capabilities::named_sets(Some(own)));
                }
            }
            // What else an editor tells changes nothing here.
            _ => {}
        }
        Ok(())
    }

    /// Asks to be told of files that other programs write.
    fn watch(&mut self) {
        if !self.client.watches {
            return;
        }
        let watcher = serde_json::json!({ "watchers": [{ "globPattern": "**/{*.bylaw,bylaws.toml}" }] });
        let registration = lsp::Registration {
            id: "bylaws-files".into(),
            method: "workspace/didChangeWatchedFiles".into(),
            register_options: Some(watcher),
        };
        self.ask::<lsp::RegistrationRequest>(lsp::RegistrationParams { registrations: vec![registration] });
    }
}

fn read<T: DeserializeOwned>(params: Value) -> Reply<T> {
    serde_json::from_value(params)
        .map_err(|e| Refusal { code: ErrorCode::InvalidParams, message: format!("the parameters cannot be read: {e}") })
}
