//! L08: what nothing uses, and names that hide others.

mod using;

lints! { let_unused, define_unused, param_unused, enum_unused, kind_unused, field_unused, argument_unused, alias_unused, import_unused, shadowed, word_unused, same_words,
}
