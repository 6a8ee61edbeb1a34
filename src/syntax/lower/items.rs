//! Items other than rules, sources and tests.

use super::{Lower, child};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{
    BusinessDays, DefineItem, EnumItem, EnumWord, Expr, Field, Ident, ItemKind, KindItem, LetItem, ParamItem, Policy,
    RatesItem, TypeExpr, TypeExprKind,
};
use crate::syntax::parse::{Node, Rule};

impl Lower<'_> {
    /// An item that fits the grammar as a whole.
    pub fn item(&mut self, node: Node<'_>) -> Option<ItemKind> {
        Some(match node.as_rule() {
            Rule::rule_item => ItemKind::Rule(self.rule(node)?),
            Rule::revise_item => ItemKind::Revise(self.revise(node)?),
            Rule::record_item => {
                let mut item = self.kind_head(&child(&node, Rule::record_head)?)?;
                item.fields = self.fields(child(&node, Rule::fields)?);
                ItemKind::Record(item)
            }
            Rule::table_item => {
                let mut item = self.kind_head(&child(&node, Rule::table_head)?)?;
                item.fields = self.fields(child(&node, Rule::fields)?);
                ItemKind::Table(item)
            }
            Rule::source_item => ItemKind::Source(self.source(node)?),
            Rule::test_item => ItemKind::Test(self.test(node)?),
            Rule::metric_item => ItemKind::Metric(self.metric(node)?),
            Rule::waive_item => ItemKind::Waive(self.waive(node)?),
            Rule::default_item => ItemKind::Default(self.default_item(&node)?),
            Rule::charter_item => ItemKind::Charter(self.charter(node)?),
            Rule::enum_item => {
                let name = self.head_name(&child(&node, Rule::enum_head)?)?;
                ItemKind::Enum(EnumItem { name, words: self.enum_words(child(&node, Rule::enum_body)?) })
            }
            Rule::let_item => {
                let name = self.head_name(&node)?;
                ItemKind::Let(LetItem { name, value: self.expr(child(&node, Rule::expr)?) })
            }
            Rule::param_item => ItemKind::Param(ParamItem {
                name: self.head_name(&node)?,
                ty: self.type_expr(child(&node, Rule::type_expr)?),
                default: self.expr(child(&node, Rule::expr)?),
                later: match child(&node, Rule::later_values) {
                    Some(later) => later.into_inner().filter_map(|n| self.later_value(&n)).collect(),
                    None => Vec::new(),
                },
            }),
            Rule::define_item => ItemKind::Define(self.define(&node)?),
            Rule::policy_item => {
                let mut policy = self.policy_head(&child(&node, Rule::policy_head)?)?;
                node.into_inner().for_each(|n| self.policy_clause(n, &mut policy));
                ItemKind::Policy(policy)
            }
            Rule::import_item => ItemKind::Import(self.string(&child(&node, Rule::string)?)),
            Rule::rates_item => {
                let length = child(&node, Rule::rates_valid).and_then(|n| child(&n, Rule::length));
                let kind = rates_kind(self.head_name(&node)?);
                ItemKind::Rates(RatesItem { kind, valid: length.map(|n| self.length(n)) })
            }
            _ => return None,
        })
    }

    /// The first word behind a head's keyword.
    pub fn head_name(&self, node: &Node<'_>) -> Option<Ident> {
        child(node, Rule::word).map(|n| self.ident(&n))
    }

    fn later_value(&mut self, node: &Node<'_>) -> Option<(Expr, Expr)> {
        Some((self.expr(child(node, Rule::sum_expr)?), self.expr(child(node, Rule::expr)?)))
    }

    fn define(&mut self, node: &Node<'_>) -> Option<DefineItem> {
        let mut params = Vec::new();
        for param in child(node, Rule::define_params)?.into_inner().filter(|n| n.as_rule() == Rule::define_param) {
            params.push((self.head_name(&param)?, self.type_expr(child(&param, Rule::type_expr)?)));
        }
        Some(DefineItem { name: self.head_name(node)?, params, body: self.expr(child(node, Rule::expr)?) })
    }

    pub fn policy_head(&mut self, node: &Node<'_>) -> Option<Policy> {
        let title = child(node, Rule::string).map(|n| self.string(&n));
        Some(Policy {
            name: self.head_name(node)?,
            title,
            owner: None,
            timezone: None,
            fiscal_year: None,
            business_days: None,
        })
    }

    pub fn policy_clause(&mut self, node: Node<'_>, policy: &mut Policy) {
        let span = self.span(&node);
        let second = match node.as_rule() {
            Rule::owner_clause => {
                let text = child(&node, Rule::string).map(|n| self.string(&n));
                std::mem::replace(&mut policy.owner, text).map(|s| s.span)
            }
            Rule::timezone_clause => {
                let text = child(&node, Rule::string).map(|n| self.string(&n));
                std::mem::replace(&mut policy.timezone, text).map(|s| s.span)
            }
            Rule::fiscal_clause => {
                let start = child(&node, Rule::month_day).and_then(|n| {
                    let (month, day) = n.as_str().split_once('-')?;
                    Some((month.parse().ok()?, day.parse().ok()?, self.word_span(&n)))
                });
                std::mem::replace(&mut policy.fiscal_year, start).map(|(_, _, span)| span)
            }
            Rule::business_clause => {
                let days = self.business_days(&node);
                std::mem::replace(&mut policy.business_days, days).map(|d| d.span)
            }
            _ => return,
        };
        if let Some(first) = second {
            self.error(
                Diagnostic::error(Code::SyntaxError, "said twice in one policy", span, "the second time")
                    .label(first, "the first")
                    .help("keep one of them"),
            );
        }
    }

    fn business_days(&mut self, node: &Node<'_>) -> Option<BusinessDays> {
        let words = |node: &Node<'_>, rule| {
            let words = node.clone().into_inner().filter(|n| n.as_rule() == rule);
            words.map(|n| self.ident(&n)).collect::<Vec<_>>()
        };
        let days = child(node, Rule::weekdays)?;
        let mut table = child(node, Rule::except_table).map(|n| words(&n, Rule::word)).unwrap_or_default().into_iter();
        Some(BusinessDays {
            weekdays: words(&days, Rule::weekday),
            range: child(&days, Rule::kw_to).is_some(),
            except: table.next(),
            unless: table.next(),
            span: self.span(node),
        })
    }

    /// What stands before the fields of a table or record.
    pub fn kind_head(&mut self, node: &Node<'_>) -> Option<KindItem> {
        let mut item = KindItem {
            name: self.head_name(node)?,
            key: None,
            valid: None,
            at: None,
            by: None,
            identity: Vec::new(),
            fields: Vec::new(),
        };
        for node in node.clone().into_inner() {
            let span = self.span(&node);
            let twice = match node.as_rule() {
                Rule::table_key => std::mem::replace(&mut item.key, self.head_name(&node)).is_some(),
                Rule::table_valid => {
                    let mut words = node
                        .into_inner()
                        .filter(|n| n.as_rule() == Rule::word)
                        .map(|n| self.ident(&n))
                        .collect::<Vec<_>>();
                    let until = (words.len() > 1).then(|| words.pop()).flatten();
                    std::mem::replace(&mut item.valid, words.pop().map(|from| (from, until))).is_some()
                }
                Rule::record_at => {
                    let path = child(&node, Rule::path).map(|n| self.path(n));
                    std::mem::replace(&mut item.at, path).is_some()
                }
                Rule::record_by => {
                    let path = child(&node, Rule::path).map(|n| self.path(n));
                    std::mem::replace(&mut item.by, path).is_some()
                }
                Rule::identity => {
                    let paths = self.identity(node);
                    !std::mem::replace(&mut item.identity, paths).is_empty()
                }
                _ => false,
            };
            if twice {
                self.error(
                    Diagnostic::error(Code::SyntaxError, "said twice of one kind", span, "the second time")
                        .help("keep one of them"),
                );
            }
        }
        Some(item)
    }

    /// `identity id, line`
    pub(super) fn identity(&self, node: Node<'_>) -> Vec<Vec<Ident>> {
        node.into_inner().filter(|n| n.as_rule() == Rule::path).map(|n| self.path(n)).collect()
    }

    fn fields(&mut self, node: Node<'_>) -> Vec<Field> {
        node.into_inner().filter(|n| n.as_rule() == Rule::field).filter_map(|n| self.field(n)).collect()
    }

    pub fn field(&mut self, node: Node<'_>) -> Option<Field> {
        let marks = node
            .clone()
            .into_inner()
            .filter(|n| n.as_rule() == Rule::mark)
            .filter_map(|n| n.into_inner().next().map(|n| self.ident(&n)))
            .collect();
        Some(Field {
            doc: self.doc(&node),
            name: self.head_name(&node)?,
            ty: self.type_expr(child(&node, Rule::type_expr)?),
            marks,
            span: self.span(&node),
        })
    }

    fn type_expr(&mut self, node: Node<'_>) -> TypeExpr {
        let span = self.span(&node);
        let (mut wrappers, mut inner, mut optional) = (Vec::new(), None, false);
        for node in node.into_inner() {
            match node.as_rule() {
                Rule::list_of => wrappers.push((node.as_str().starts_with("list"), self.word_span(&node))),
                Rule::optional => optional = true,
                Rule::word => inner = Some((self.word_span(&node), TypeExprKind::Name(self.ident(&node)))),
                Rule::ref_type => {
                    inner = self.head_name(&node).map(|name| (self.span(&node), TypeExprKind::Ref(name)));
                }
                Rule::enum_type => {
                    let words = child(&node, Rule::enum_body).map(|n| self.enum_words(n)).unwrap_or_default();
                    inner = Some((self.span(&node), TypeExprKind::Enum(words)));
                }
                Rule::fields => inner = Some((self.span(&node), TypeExprKind::Struct(self.fields(node)))),
                _ => {}
            }
        }
        let (mut end, mut kind) = inner.unwrap_or((span, TypeExprKind::Struct(Vec::new())));
        if wrappers.len() > 1 {
            // No data that is worth it nests lists, and a bound on them bounds every later pass.
            self.error(
                Diagnostic::error(Code::SyntaxError, "a list of lists", span, "nested lists")
                    .help("give the inner list a record of its own: `{ values: list of int }`"),
            );
            wrappers.truncate(1);
        }
        for (list, wrapper) in wrappers {
            let element = Box::new(TypeExpr { kind, optional: false, span: end });
            kind = if list { TypeExprKind::List(element) } else { TypeExprKind::Set(element) };
            end = Span { start: wrapper.start, ..end };
        }
        TypeExpr { kind, optional, span }
    }

    fn enum_words(&mut self, node: Node<'_>) -> Vec<EnumWord> {
        node.into_inner().filter(|n| n.as_rule() == Rule::enum_word).filter_map(|n| self.enum_word(&n)).collect()
    }

    pub fn enum_word(&mut self, node: &Node<'_>) -> Option<EnumWord> {
        Some(EnumWord { name: self.head_name(node)?, spelling: child(node, Rule::string).map(|n| self.string(&n)) })
    }
}

/// The rows of a set of rates: a table with the language's own fields.
fn rates_kind(name: Ident) -> KindItem {
    let word = |text: &str| Ident { text: text.into(), span: name.span };
    let field = |(text, ty): (&str, &str)| Field {
        doc: None,
        name: word(text),
        ty: TypeExpr { kind: TypeExprKind::Name(word(ty)), optional: false, span: name.span },
        marks: Vec::new(),
        span: name.span,
    };
    KindItem {
        key: Some(word("date")),
        valid: None,
        at: None,
        by: None,
        identity: Vec::new(),
        fields: [("date", "date"), ("from", "text"), ("to", "text"), ("rate", "decimal")].map(field).into(),
        name,
    }
}
