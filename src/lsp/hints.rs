//! What the text does not say: types of constants, what a count counts, in which zone a time is; and which argument
//! of a function is being typed.

use super::complete;
use super::outline;
use super::server::{Reply, Server};
use super::workspace::View;
use crate::data::Type;
use crate::policy_set::PolicySet;
use crate::sema::Typed;
use crate::source::Span;
use crate::syntax::ast::{self, ItemKind};
use gen_lsp_types as lsp;

pub fn hints(server: &mut Server, params: lsp::InlayHintParams) -> Reply<Option<Vec<lsp::InlayHint>>> {
    let Some(view) = server.workspace.view(&params.text_document.uri) else { return Ok(None) };
    let encoding = server.workspace.encoding;
    let policies = server.workspace.policies(&view);
    let within = view.lines.bytes(params.range, encoding);
    let mut found: Vec<(usize, String, lsp::InlayHintKind)> = Vec::new();
    constants(policies, &view, &mut found);
    times(policies, &view, &mut found);
    counts(policies, &view, &mut found);
    found.retain(|(at, ..)| within.start <= *at && *at <= within.end);
    found.sort_by_key(|(at, ..)| *at);
    let hint = |(at, label, kind): (usize, String, lsp::InlayHintKind)| {
        let is_type = kind == lsp::InlayHintKind::Type;
        lsp::InlayHint {
            position: view.lines.position(at, encoding),
            label: label.into(),
            kind: Some(kind),
            padding_left: (!is_type).then_some(true),
            text_edits: None,
            tooltip: None,
            padding_right: None,
            data: None,
        }
    };
    Ok(Some(found.into_iter().map(hint).collect()))
}

type Found = Vec<(usize, String, lsp::InlayHintKind)>;

fn of_file<'v>(policies: &PolicySet, view: &'v View) -> impl Iterator<Item = &'v Typed> + use<'v> {
    view.analysis.notes(policies).types.iter().filter(|t| t.span.file == view.file)
}

fn type_of<'v>(policies: &PolicySet, view: &'v View, span: Span) -> Option<&'v Typed> {
    let types = &view.analysis.notes(policies).types;
    types.binary_search_by_key(&span, |t| t.span).ok().map(|at| &types[at])
}

/// `let limit` → `: money`
fn constants(policies: &PolicySet, view: &View, out: &mut Found) {
    let schema = view.analysis.schema();
    let Some(file) = outline::file(policies, view.file) else { return };
    for item in &file.items {
        let ItemKind::Let(item) = &item.kind else { continue };
        let name = match &item.value.kind {
            ast::ExprKind::Set(elements) => {
                let first = elements.iter().find_map(|e| type_of(policies, view, e.span));
                first.map(|t| format!("set of {}", schema.type_name(&t.ty)))
            }
            ast::ExprKind::Quantity { .. } if type_of(policies, view, item.value.span).is_none() => {
                Some("duration".into())
            }
            _ => type_of(policies, view, item.value.span).map(|t| schema.type_name(&t.ty)),
        };
        if let Some(name) = name {
            out.push((item.name.span.end as usize, format!(": {name}"), lsp::InlayHintKind::Type));
        }
    }
}

/// `2025-01-31T09:00` → `Europe/Berlin`: a time without an offset is one in the file's zone.
fn times(policies: &PolicySet, view: &View, out: &mut Found) {
    let zone = zone(policies, view);
    for typed in of_file(policies, view).filter(|t| t.ty == Type::Timestamp) {
        let text = policies.sources().text(typed.span);
        let literal = text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('T');
        let clock = text.split_once('T').map_or("", |(_, clock)| clock);
        if literal && !clock.contains(['Z', '+', '-']) {
            out.push((typed.span.end as usize, zone.clone(), lsp::InlayHintKind::Parameter));
        }
    }
}

/// The file's own time zone, or that of the only policy of the set.
fn zone(policies: &PolicySet, view: &View) -> String {
    let of = |file: &ast::File| {
        file.items.iter().find_map(|item| match &item.kind {
            ItemKind::Policy(policy) => Some(policy.timezone.as_ref().map_or("UTC".to_owned(), |t| t.text.clone())),
            _ => None,
        })
    };
    let own = outline::file(policies, view.file).and_then(of);
    let all: Vec<String> = policies.files().iter().filter_map(|(_, file)| of(file)).collect();
    own.or_else(|| (all.len() == 1).then(|| all[0].clone())).unwrap_or_else(|| "UTC".into())
}

/// `count(gift over 30 days) > 5` → `records of gift`: what a bare number is of.
fn counts(policies: &PolicySet, view: &View, out: &mut Found) {
    let Some(file) = outline::file(policies, view.file) else { return };
    for item in &file.items {
        let clauses = match &item.kind {
            ItemKind::Rule(rule) | ItemKind::Revise(rule) => &rule.clauses,
            _ => continue,
        };
        let mut counted = None;
        for clause in clauses {
            match &clause.kind {
                ast::ClauseKind::Aggregate(aggregate) if aggregate.func == ast::Func::Count => {
                    counted = clauses.iter().find_map(|c| match &c.kind {
                        ast::ClauseKind::On(ast::Trigger::Record { kind, .. }) => Some(kind.text.clone()),
                        _ => None,
                    });
                }
                ast::ClauseKind::To(limit) => {
                    if let (ast::ExprKind::Number(_), Some(kind)) = (&limit.kind, &counted) {
                        out.push((
                            limit.span.end as usize,
                            format!("records of {kind}"),
                            lsp::InlayHintKind::Parameter,
                        ));
                    }
                }
                ast::ClauseKind::When(e) | ast::ClauseKind::Where(e) | ast::ClauseKind::Unless { condition: e, .. } => {
                    compared(e, policies, view, out);
                }
                ast::ClauseKind::On(ast::Trigger::Record { filter: Some(e), .. }) => compared(e, policies, view, out),
                _ => {}
            }
        }
    }
}

fn compared(e: &ast::Expr, policies: &PolicySet, view: &View, out: &mut Found) {
    let schema = view.analysis.schema();
    use ast::ExprKind as K;
    match &e.kind {
        K::And(parts) | K::Or(parts) => parts.iter().for_each(|part| compared(part, policies, view, out)),
        K::Not(of) => compared(of, policies, view, out),
        K::History(history) => history.filter.iter().for_each(|filter| compared(filter, policies, view, out)),
        K::Compare { left, right, .. } => {
            for (number, other) in [(right, left), (left, right)] {
                let K::Number(_) = &number.kind else { continue };
                let label = match &other.kind {
                    K::History(h) if h.func == ast::Func::Count => Some(format!("records of {}", h.kind.text)),
                    K::History(h) if h.func == ast::Func::Distinct => Some("different values".to_owned()),
                    _ => type_of(policies, view, other.span)
                        .filter(|t| t.ty == Type::Decimal)
                        .map(|t| schema.type_name(&t.ty)),
                };
                out.extend(label.map(|label| (number.span.end as usize, label, lsp::InlayHintKind::Parameter)));
            }
        }
        _ => {}
    }
}

/// The arguments of the function that is being called.
pub fn signature(server: &mut Server, params: lsp::SignatureHelpParams) -> Reply<Option<lsp::SignatureHelp>> {
    let place = params.text_document_position_params;
    let Some(view) = server.workspace.view(&place.text_document.uri) else { return Ok(None) };
    let offset = server.workspace.offset(&view, place.position);
    let Some((name, argument)) = complete::call_around(&view, offset) else { return Ok(None) };
    let policies = server.workspace.policies(&view);
    let items = policies.files().iter().flat_map(|(_, file)| &file.items);
    let mut defined = items.filter_map(|item| match &item.kind {
        ItemKind::Define(define) if define.name.text == name => Some((item, define)),
        _ => None,
    });
    let Some((item, define)) = defined.next() else { return Ok(None) };
    let sources = policies.sources();
    let arguments: Vec<String> =
        define.params.iter().map(|(name, ty)| format!("{}: {}", name.text, sources.text(ty.span))).collect();
    let doc = item.doc.clone().map(|value| lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value });
    let parameter = |label: &String| lsp::ParameterInformation { label: label.clone().into(), documentation: None };
    let signature = lsp::SignatureInformation {
        label: format!("{}({})", define.name.text, arguments.join(", ")),
        documentation: doc.map(Into::into),
        parameters: Some(arguments.iter().map(parameter).collect()),
        active_parameter: None,
    };
    Ok(Some(lsp::SignatureHelp {
        signatures: vec![signature],
        active_signature: Some(0),
        active_parameter: Some(lsp::ActiveParameter::Int(argument as u32)),
    }))
}
