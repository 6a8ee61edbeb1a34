//! The kinds of tokens and nodes of the lossless tree.

macro_rules! kinds {
    (tokens { $($(#[$doc:meta])* $token:ident,)* } nodes { $($node:ident = $rule:ident,)* }) => {
        /// Kind of a token or node of the tree. Nodes are named as in the grammar.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum SyntaxKind {
            $($(#[$doc])* $token,)*
            /// The whole text.
            File,
            /// What did not fit the grammar. Its error has been told.
            Skipped,
            $($node,)*
        }

        const ALL: &[SyntaxKind] =
            &[$(SyntaxKind::$token,)* SyntaxKind::File, SyntaxKind::Skipped, $(SyntaxKind::$node,)*];

        /// The nodes that a rule of the grammar makes, one in the other; none for those that are single words, or only
        /// group others.
        pub fn node_kinds(rule: super::parse::Rule) -> &'static [SyntaxKind] {
            match rule {
                $(super::parse::Rule::$rule => &[SyntaxKind::$node],)*
                super::parse::Rule::sole_text => &[SyntaxKind::Expr, SyntaxKind::Operand],
                _ => &[],
            }
        }
    };
}

kinds! {
    tokens {
        /// Spaces and line ends.
        Blank,
        /// `// …`
        Remark,
        /// `/// …`
        DocRemark,
        Word,
        /// A number, date or timestamp.
        Number,
        /// `"…"`
        Text,
        /// A text without its closing quote.
        OpenText,
        /// `'…'`, which the language does not have.
        SingleQuoted,
        /// `` `…` ``
        Quoted,
        /// `/…/`
        Regex,
        OpenBrace,
        CloseBrace,
        OpenParen,
        CloseParen,
        OpenBracket,
        CloseBracket,
        Sign,
        /// Anything else.
        Unknown,
        Eof,
    }
    nodes {
        ImportItem = import_item,
        PolicyItem = policy_item,
        PolicyHead = policy_head,
        OwnerClause = owner_clause,
        TimezoneClause = timezone_clause,
        FiscalClause = fiscal_clause,
        BusinessClause = business_clause,
        Weekdays = weekdays,
        ExceptTable = except_table,
        EnumItem = enum_item,
        EnumHead = enum_head,
        EnumBody = enum_body,
        EnumWord = enum_word,
        TableItem = table_item,
        TableHead = table_head,
        TableKey = table_key,
        TableValid = table_valid,
        RecordItem = record_item,
        RecordHead = record_head,
        RecordAt = record_at,
        RecordBy = record_by,
        Identity = identity,
        Fields = fields,
        Field = field,
        Mark = mark,
        TypeExpr = type_expr,
        RefType = ref_type,
        EnumType = enum_type,
        LetItem = let_item,
        ParamItem = param_item,
        LaterValues = later_values,
        LaterValue = later_value,
        DefineItem = define_item,
        DefineParams = define_params,
        DefineParam = define_param,
        RuleItem = rule_item,
        RuleHead = rule_head,
        ReviseItem = revise_item,
        ReviseHead = revise_head,
        OnClause = on_clause,
        EachTrigger = each_trigger,
        EndOf = end_of,
        RecordTrigger = record_trigger,
        SequenceTrigger = sequence_trigger,
        SequenceHead = sequence_head,
        SequenceWithin = sequence_within,
        Step = step,
        Repeat = repeat,
        FindingTrigger = finding_trigger,
        SeveralTrigger = several_trigger,
        WhereClause = where_clause,
        WhenClause = when_clause,
        UnlessClause = unless_clause,
        NeedClause = need_clause,
        AggregateClause = aggregate_clause,
        ToClause = to_clause,
        SeverityClause = severity_clause,
        CiteClause = cite_clause,
        BecauseClause = because_clause,
        ConsequenceClause = consequence_clause,
        PurposeClause = purpose_clause,
        LegalBasisClause = legal_basis_clause,
        RetentionClause = retention_clause,
        EffectiveClause = effective_clause,
        OnceClause = once_clause,
        WaiveItem = waive_item,
        WaiveHead = waive_head,
        WaiveCover = waive_cover,
        FromClause = from_clause,
        UntilClause = until_clause,
        ApprovedClause = approved_clause,
        ReasonClause = reason_clause,
        CharterItem = charter_item,
        CharterHead = charter_head,
        ExemptLine = exempt_line,
        EveryLine = every_line,
        WaiversLine = waivers_line,
        SelfLine = self_line,
        SeverityLine = severity_line,
        RankLine = rank_line,
        MetricItem = metric_item,
        MetricHead = metric_head,
        MetricValue = metric_value,
        PerPeriod = per_period,
        SourceItem = source_item,
        SourceHead = source_head,
        FormatClause = format_clause,
        FilesClause = files_clause,
        DelimiterClause = delimiter_clause,
        SourceEach = source_each,
        SourceWhere = source_where,
        SourceMap = source_map,
        MapEntry = map_entry,
        MapExpr = map_expr,
        MapCast = map_cast,
        MapParen = map_paren,
        MapConstant = map_constant,
        MapCall = map_call,
        MapPath = map_path,
        PathEvery = path_every,
        PathIndex = path_index,
        PathFilter = path_filter,
        MapKey = map_key,
        Cast = cast,
        CastWords = cast_words,
        CastWord = cast_word,
        MapCond = map_cond,
        MapTest = map_test,
        TestItem = test_item,
        TestHead = test_head,
        GivenClause = given_clause,
        Like = like,
        DefaultItem = default_item,
        DefaultHead = default_head,
        CasesClause = cases_clause,
        Grid = grid,
        Cell = cell,
        GivenFields = given_fields,
        GivenField = given_field,
        Malformed = malformed,
        GivenList = given_list,
        AsOfClause = as_of_clause,
        SetClause = set_clause,
        ExpectClause = expect_clause,
        RatesItem = rates_item,
        RatesValid = rates_valid,
        Expr = expr,
        SumExpr = sum_expr,
        IgnoringCase = ignoring_case,
        Operand = operand,
        Paren = paren,
        Set = set,
        Call = call,
        HistoryCall = history_call,
        MedianCall = median_call,
        History = history,
        Alias = alias,
        Filter = filter,
        Keys = keys,
        EveryOf = every_of,
        Window = window,
        Length = length,
        Path = path,
        Quantity = quantity,
        Percent = percent,
    }
}

impl SyntaxKind {
    /// Blanks and remarks.
    pub fn is_trivia(self) -> bool {
        matches!(self, SyntaxKind::Blank | SyntaxKind::Remark | SyntaxKind::DocRemark)
    }
}

/// The language of the tree, as `rowan` wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bylaws {}

impl rowan::Language for Bylaws {
    type Kind = SyntaxKind;

    fn kind_from_raw(raw: rowan::SyntaxKind) -> SyntaxKind {
        ALL.get(usize::from(raw.0)).copied().unwrap_or(SyntaxKind::Unknown)
    }

    fn kind_to_raw(kind: SyntaxKind) -> rowan::SyntaxKind {
        rowan::SyntaxKind(kind as u16)
    }
}

/// A node of the tree, with its parent and place.
pub type SyntaxNode = rowan::SyntaxNode<Bylaws>;
/// A token of the tree.
pub type SyntaxToken = rowan::SyntaxToken<Bylaws>;
/// A node or token of the tree.
pub type SyntaxElement = rowan::SyntaxElement<Bylaws>;
