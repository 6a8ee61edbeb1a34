//! L06: what a rule rests on, who answers for it, and what its tests show.

lints! {
    cite, test, one_side, severity, consequence, policy, doc, exception_untested, wording_untested, no_source, cite_spelling,
    says_nothing, same_test, owner,
}

/// The wordings of a set, one of each rule: what is told of a rule is told once.
fn rules<'a>(context: &crate::lint::Context<'a>) -> impl Iterator<Item = &'a crate::sema::hir::Rule> {
    // They are sorted by name.
    let all = &context.hir.rules;
    all.iter().enumerate().filter(move |(i, rule)| *i == 0 || all[i - 1].name != rule.name).map(|(_, rule)| rule)
}
