// What grammar/*.pest reads, for editors. Nodes are named as there; only conditions are trees by precedence here,
// which the program builds later. tests/editors.rs compares both over every policy of the project.

/* global grammar, seq, choice, optional, repeat, repeat1, token, field, alias, prec, reserved */

/** How tightly operators bind: the order in expressions.pest, loosest first. */
const OR = 1, AND = 2, NOT = 3, COMPARE = 4, DEFAULT = 5, SUM = 6, PRODUCT = 7, SIGN = 8;

const FUNCTIONS = ['count', 'sum', 'min', 'max', 'avg', 'distinct', 'first', 'last'];
const SOFT = [...FUNCTIONS, 'median', 'exists', 'no', 'malformed', 'every'];
const RESERVED = ['and', 'or', 'not', 'in', 'true', 'false'];
const AGGREGATES = ['sum', 'min', 'max', 'avg', 'distinct'];
const PERIODS = ['day', 'month', 'quarter', 'year', 'fiscal_quarter', 'fiscal_year'];
const COMPARISONS = ['==', '!=', '<=', '>=', '<', '>'];
const TESTS = ['in_domain', 'starts_with', 'ends_with', 'contains', 'overlaps', 'under'];

/** One or more with commas between them. */
const list = (rule) => seq(rule, repeat(seq(',', rule)));
/** Any number of them, and a comma behind the last. */
const listed = (rule) => optional(seq(list(rule), optional(',')));
const braced = ($, head, clause) => seq(head, '{', repeat(clause), '}');

module.exports = grammar({
  name: 'bylaw',

  word: $ => $.word,

  // A value that is called `every`, before another word.
  conflicts: $ => [[$._value_name, $.every_of]],

  externals: $ => [
    $.unit,
    $.business_days,
    $._percent,
    $.history_kind,
    $.cast_unit,
    $.date,
    $.timestamp,
    // Never asked for by the grammar: valid only while an error is mended.
    $._error_sentinel,
  ],

  extras: $ => [/[ \t\r\n]/, $.doc_comment, $.comment],

  // Keywords are names as well, but for these in these places.
  reserved: {
    global: _ => [],
    value: _ => RESERVED,
    step: _ => [...RESERVED, 'where', 'as', 'then'],
  },

  supertypes: $ => [$.item, $.clause],

  rules: {
    file: $ => repeat($.item),

    // ---------------------------------------------------------------- words

    // `///` before `//`: of two that fit alike the first is taken.
    doc_comment: _ => token(/\/\/\/([^\/\n][^\n]*)?/),
    comment: _ => token(/\/\/[^\n]*/),

    word: _ => /[A-Za-z_][A-Za-z0-9_]*/,
    bool: _ => choice('true', 'false'),
    number: _ => /[0-9][0-9_]*(\.[0-9][0-9_]*)?/,
    month_day: _ => /[0-9]{2}-[0-9]{2}/,
    quantity: $ => seq($.number, choice($.unit, $.business_days)),
    percent: $ => seq($.number, alias($._percent, '%')),
    string: $ => seq(
      '"',
      repeat(choice(alias($._text, $.text), $.escape)),
      token.immediate('"'),
    ),
    _text: _ => token.immediate(prec(1, /[^"\\\n]+/)),
    escape: _ => token.immediate(prec(1, /\\[^\n]/)),
    regex: _ => token(/\/([^\/\\\n]|\\[^\n])+\//),
    quoted: _ => token(/`[^`\n]+`/),

    _name: $ => alias(reserved('value', $.word), $.name),
    // With words that begin a value of another kind, where that does not follow.
    _value_name: $ => choice($._name, ...SOFT.map(word => alias(word, $.name))),
    path: $ => prec.right(seq($._name, repeat(seq('.', $.word)))),
    alias: $ => seq('as', $.word),

    // ---------------------------------------------------------------- conditions and values

    expr: $ => $._expr,
    _expr: $ => choice(
      $.operand,
      alias($.not_expr, $.unary_expr),
      $.unary_expr,
      alias($.logical, $.binary_expr),
      alias($.comparison, $.binary_expr),
      alias($.sum_binary, $.binary_expr),
    ),
    not_expr: $ => prec(NOT, seq(field('operator', 'not'), field('operand', $._expr))),
    unary_expr: $ => prec(SIGN, seq(field('operator', '-'), field('operand', $._expr))),
    logical: $ => choice(
      prec.left(OR, seq(field('left', $._expr), field('operator', 'or'), field('right', $._expr))),
      prec.left(AND, seq(field('left', $._expr), field('operator', 'and'), field('right', $._expr))),
    ),
    comparison: $ => prec.left(COMPARE, seq(
      field('left', $._expr),
      choice(
        seq(
          field('operator', choice(...COMPARISONS, ...TESTS, $._in)),
          field('right', $._expr),
        ),
        seq(field('operator', 'matches'), field('right', $.regex)),
      ),
      optional($.ignoring_case),
    )),
    _in: $ => choice('in', seq('not', 'in')),
    ignoring_case: _ => seq('ignoring', 'case'),
    sum_binary: $ => arithmetic($._expr),

    sum_expr: $ => $._sum,
    _sum: $ => choice(
      $.operand,
      alias($.sum_unary, $.unary_expr),
      alias($.sum_only, $.binary_expr),
    ),
    sum_unary: $ => prec(SIGN, seq(field('operator', '-'), field('operand', $._sum))),
    sum_only: $ => arithmetic($._sum),

    operand: $ => prec.right(seq($._primary, repeat($._postfix))),
    _primary: $ => choice(
      $.string, $.median_call, $.history_call, $.history, $.every_of, $.call, $.bool, $._value_name, $.timestamp, $.date,
      $.percent, $.quantity, $.number, $.paren, $.set,
    ),
    _postfix: $ => choice(seq('.', field('field', $.word)), $.optional, $.presence),
    optional: _ => '?',
    presence: _ => choice('present', 'absent'),

    paren: $ => seq('(', $.expr, ')'),
    set: $ => seq('{', listed($.expr), '}'),
    call: $ => seq(
      field('function', choice($._name, ...['exists', 'no', 'malformed'].map(word => alias(word, $.name)))),
      '(', listed($.expr), ')',
    ),

    history_call: $ => seq(field('function', choice(...FUNCTIONS)), '(', $.path, optional($._history_tail), ')'),
    median_call: $ => seq(field('function', 'median'), '(', $.history_call, repeat($.keys), ')'),
    history: $ => prec.right(seq(choice('exists', 'no'), $.history_kind, optional($._history_tail))),
    _history_tail: $ => prec.right(choice(
      seq($.alias, repeat(choice($.window, $.keys)), optional($.filter)),
      seq(repeat1(choice($.window, $.keys)), optional($.filter)),
      $.filter,
    )),
    filter: $ => seq('where', $.expr),
    keys: $ => prec.right(choice(
      seq(choice('by', 'per'), choice($._key, alias($.period_path, $.path)), repeat(seq(',', $._key))),
      seq('across', 'everyone'),
    )),
    _key: $ => choice($.every_of, $.path),
    // A field that is named like a period, where that does not end there: `per day, giver`.
    period_path: $ => prec.right(-1, seq(choice(...PERIODS.map(word => alias(word, $.name))), repeat(seq('.', $.word)))),
    every_of: $ => prec.right(seq('every', $.path, 'of', $.path, optional($.optional))),
    window: $ => choice(
      seq('within', $.length, $.direction),
      seq('over', choice($.all_time, $.period, $.length)),
      seq('in', $.period),
    ),
    length: $ => choice($.quantity, $.number, $.path),
    direction: _ => choice('before', 'after', 'around'),
    all_time: _ => seq('all', 'time'),
    period: _ => seq(optional('calendar'), choice(...PERIODS)),

    // ---------------------------------------------------------------- items

    item: $ => choice(
      $.rule_item, $.revise_item, $.record_item, $.table_item, $.source_item, $.test_item, $.enum_item, $.let_item,
      $.define_item, $.param_item, $.waive_item, $.charter_item, $.metric_item, $.default_item, $.policy_item,
      $.import_item, $.rates_item,
    ),
    import_item: $ => seq('import', field('path', $.string)),

    policy_item: $ => braced($, $.policy_head, choice(
      $.owner_clause, $.timezone_clause, $.fiscal_clause, $.business_clause,
    )),
    policy_head: $ => seq('policy', field('name', $.word), optional(field('title', $.string))),
    owner_clause: $ => seq('owner', $.string),
    timezone_clause: $ => seq('timezone', $.string),
    fiscal_clause: $ => seq('fiscal_year', 'starts', $.month_day),
    business_clause: $ => seq('business_days', $.weekdays, optional($.except_table)),
    weekdays: $ => seq($._weekday, choice(seq('to', $._weekday), repeat(seq(',', $._weekday)))),
    _weekday: $ => alias($.word, $.weekday),
    except_table: $ => seq('except', field('table', $.word), optional(seq('unless', field('field', $.word)))),

    enum_item: $ => seq($.enum_head, $.enum_body),
    enum_head: $ => seq('enum', field('name', $.word)),
    enum_body: $ => seq('{', listed($.enum_word), '}'),
    enum_word: $ => seq(field('name', $.word), optional(seq('=', field('spelling', $.string)))),

    table_item: $ => seq($.table_head, $.fields),
    table_head: $ => seq('table', field('name', $.word), repeat(choice($.table_key, $.table_valid))),
    table_key: $ => seq('key', $.word),
    table_valid: $ => seq('valid', 'from', $.word, optional(seq('until', $.word))),
    rates_item: $ => seq('rates', field('name', $.word), optional($.rates_valid)),
    rates_valid: $ => seq('valid', 'for', $.length),
    record_item: $ => seq($.record_head, $.fields),
    record_head: $ => seq('record', field('name', $.word), repeat(choice($.record_at, $.record_by, $.identity))),
    record_at: $ => seq('at', $.path),
    record_by: $ => seq('by', $.path),
    identity: $ => seq('identity', list($.path)),

    fields: $ => seq('{', listed($.field), '}'),
    field: $ => seq(field('name', $.word), ':', field('type', $.type_expr), repeat($.mark)),
    mark: _ => seq('@', token.immediate(/[A-Za-z_][A-Za-z0-9_]*/)),
    type_expr: $ => seq(
      repeat(seq(choice('list', 'set'), 'of')),
      choice($.ref_type, $.enum_type, $.fields, ...[$.word, 'ref', 'list', 'set'].map(word => alias(word, $.type))),
      optional($.optional),
    ),
    ref_type: $ => seq('ref', $.word),
    enum_type: $ => seq('enum', $.enum_body),

    let_item: $ => seq('let', field('name', $.word), '=', field('value', $.expr)),
    param_item: $ => seq(
      'param', field('name', $.word), ':', field('type', $.type_expr), '=', field('value', $.expr),
      optional($.later_values),
    ),
    later_values: $ => seq('{', repeat(seq($.later_value, optional(','))), '}'),
    later_value: $ => seq('from', $.sum_expr, ':', $.expr),
    define_item: $ => seq('define', field('name', $.word), $.define_params, '=', field('value', $.expr)),
    define_params: $ => seq('(', listed($.define_param), ')'),
    define_param: $ => seq(field('name', $.word), ':', field('type', $.type_expr)),

    rule_item: $ => braced($, $.rule_head, $.clause),
    rule_head: $ => seq(
      field('verb', choice('forbid', 'require', 'limit')), field('name', $.word), optional(field('title', $.string)),
    ),
    revise_item: $ => braced($, $.revise_head, $.clause),
    revise_head: $ => seq('revise', field('name', $.word), optional(field('title', $.string)), $.effective_clause),
    clause: $ => choice(
      $.on_clause, $.when_clause, $.unless_clause, $.severity_clause, $.cite_clause, $.because_clause,
      $.consequence_clause, $.need_clause, $.to_clause, $.where_clause, $.aggregate_clause, $.effective_clause,
      $.purpose_clause, $.legal_basis_clause, $.retention_clause, $.once_clause,
    ),
    on_clause: $ => seq('on', choice(
      $.each_trigger, $.sequence_trigger, $.finding_trigger, $.several_trigger, $.record_trigger,
    )),
    each_trigger: $ => prec.right(seq(
      'each', field('kind', $.word), optional($.alias), 'at', choice($.end_of, 'as_of'), optional($.filter),
    )),
    end_of: $ => seq('end', 'of', $.period),
    record_trigger: $ => trigger($, field('kind', $.word)),
    several_trigger: $ => trigger($, seq(field('kind', $.word), repeat1(seq(',', field('kind', $.word))))),
    finding_trigger: $ => trigger($, 'finding'),
    sequence_trigger: $ => seq($.sequence_head, '{', $.step, repeat(seq('then', $.step)), '}'),
    sequence_head: $ => seq('sequence', repeat(choice($.keys, $.sequence_within))),
    sequence_within: $ => seq('within', $.length),
    step: $ => seq(
      optional('not'), optional($.repeat), alias(reserved('step', $.word), $.step_kind), optional($.alias),
      optional($.filter),
    ),
    repeat: $ => seq($.number, 'or', 'more', 'times'),
    where_clause: $ => seq('where', $.expr),
    when_clause: $ => seq('when', $.expr),
    unless_clause: $ => seq('unless', field('name', $.word), ':', $.expr),
    need_clause: $ => prec.right(seq('need', $.history_kind, optional($._history_tail))),
    aggregate_clause: $ => seq(
      field('function', choice('count', seq(choice(...AGGREGATES), $.sum_expr))),
      repeat(choice($.keys, $.window)),
    ),
    to_clause: $ => seq('to', $.expr),
    severity_clause: $ => seq('severity', $.word),
    cite_clause: $ => seq('cite', $.string),
    because_clause: $ => seq('because', $.template),
    // A text with expressions in it.
    template: $ => seq(
      '"',
      repeat(choice(
        alias($._template_text, $.text), $.escape, alias($._brace, $.escape), $.placeholder,
      )),
      token.immediate('"'),
    ),
    _template_text: _ => token.immediate(prec(1, /[^"\\\n{}]+/)),
    _brace: _ => choice(token.immediate(prec(1, '{{')), token.immediate(prec(1, '}}'))),
    placeholder: $ => seq(alias(token.immediate(prec(1, '{')), $.brace), $.expr, alias('}', $.brace)),
    consequence_clause: $ => seq('consequence', $.word),
    purpose_clause: $ => seq('purpose', $.string),
    legal_basis_clause: $ => seq('legal_basis', $.string),
    retention_clause: $ => seq('retention', $.sum_expr),
    effective_clause: $ => seq('effective', 'from', $.sum_expr, optional(seq('until', $.sum_expr))),
    once_clause: $ => seq('once', $.keys, 'per', $.period),

    waive_item: $ => braced($, $.waive_head, choice(
      $.from_clause, $.until_clause, $.approved_clause, $.reason_clause,
    )),
    waive_head: $ => seq('waive', field('rule', $.word), optional(seq('for', list($.waive_cover)))),
    waive_cover: $ => seq($.path, $.sum_expr),
    from_clause: $ => seq('from', $.sum_expr),
    until_clause: $ => seq('until', $.sum_expr),
    approved_clause: $ => seq('approved_by', choice($.string, $.number)),
    reason_clause: $ => seq('reason', $.string),

    charter_item: $ => braced($, $.charter_head, choice(
      $.exempt_line, $.every_line, $.waivers_line, $.self_line, $.severity_line, $.rank_line,
    )),
    charter_head: $ => seq('charter', optional(field('title', $.string))),
    exempt_line: _ => 'no_one_exempt',
    every_line: _ => seq('every', 'rule', choice('cites', seq('is', 'tested'))),
    waivers_line: $ => seq('waivers', 'at', 'most', $.sum_expr),
    self_line: $ => seq('no', 'self', 'approval', optional(seq('by', list($.path)))),
    severity_line: $ => seq('severity', $.word, 'has', $.word),
    rank_line: $ => seq('rank', 'is', list($.path)),

    metric_item: $ => braced($, $.metric_head, choice($.on_clause, $.where_clause, $.metric_value)),
    metric_head: $ => seq('metric', field('name', $.word), optional(field('title', $.string))),
    metric_value: $ => seq(
      field('function', choice('count', seq(choice(...AGGREGATES), $.sum_expr))),
      repeat(choice($.per_period, $.keys, $.window)),
    ),
    per_period: $ => prec(1, seq('per', $.period)),

    source_item: $ => braced($, $.source_head, choice(
      $.format_clause, $.files_clause, $.delimiter_clause, $.timezone_clause, $.source_each, $.source_where,
      $.source_map, $.identity,
    )),
    source_head: $ => seq('source', field('name', $.word), 'for', field('kind', $.word)),
    format_clause: $ => seq('format', $.word),
    files_clause: $ => seq('files', list($.string)),
    delimiter_clause: $ => seq('delimiter', $.string),
    source_each: $ => seq('each', $.map_path),
    source_where: $ => seq('where', $.map_cond),
    source_map: $ => seq('map', '{', repeat(seq($.map_entry, optional(','))), '}'),
    map_entry: $ => seq($.path, '=', $.map_expr),
    map_expr: $ => prec.right(seq($.map_cast, repeat(seq('??', $.map_cast)))),
    map_cast: $ => prec.right(seq(choice($.map_constant, $.map_call, $.map_paren, $.map_path), repeat($.cast))),
    map_paren: $ => seq('(', $.map_expr, ')'),
    map_constant: $ => prec(1, seq('constant', $._signed)),
    _signed: $ => choice($.operand, alias($.signed, $.unary_expr)),
    signed: $ => seq(field('operator', '-'), field('operand', $.operand)),
    map_call: $ => seq(field('function', $._name), '(', list($.map_expr), optional(','), ')'),
    map_path: $ => prec.right(seq(choice($.word, $.quoted, $.string), repeat($._path_step))),
    _path_step: $ => choice(
      seq('.', choice($.word, $.quoted, $.string)), $.path_every, $.path_index, $.path_filter,
    ),
    path_every: _ => seq('[', ']'),
    path_index: $ => seq('[', $.number, ']'),
    path_filter: $ => seq('[', $.map_key, '==', $.operand, ']'),
    map_key: $ => seq(choice($.word, $.quoted), repeat(seq('.', choice($.word, $.quoted)))),
    cast: $ => prec.right(seq('as', field('type', $.word), optional(choice($.cast_words, $.string, $.cast_unit)))),
    cast_words: $ => seq('{', listed($.cast_word), '}'),
    cast_word: $ => seq(choice($.word, $.string), ':', $.string, repeat(seq('|', $.string))),
    map_cond: $ => seq(
      repeat('not'), $.map_test, repeat(seq(choice('and', 'or'), repeat('not'), $.map_test)),
    ),
    map_test: $ => choice(
      seq('(', $.map_cond, ')'),
      seq($.map_path, choice(
        $.presence,
        seq(field('operator', $._in), $.set),
        seq(field('operator', 'matches'), $.regex),
        seq(
          field('operator', choice(...COMPARISONS, 'starts_with', 'ends_with', 'contains', 'in_domain')),
          $._signed,
        ),
      )),
    ),

    test_item: $ => braced($, $.test_head, choice(
      $.given_clause, $.default_item, $.cases_clause, $.as_of_clause, $.set_clause, $.expect_clause,
    )),
    test_head: $ => seq('test', field('title', $.string)),
    given_clause: $ => seq('given', field('kind', $.word), choice(
      $.grid,
      seq(repeat(choice($.alias, $.like)), optional($.given_fields)),
    )),
    like: $ => seq('like', $.word),
    default_item: $ => seq($.default_head, $.given_fields),
    default_head: $ => seq('default', field('kind', $.word)),
    cases_clause: $ => seq('cases', $.grid),
    grid: $ => seq('{', repeat1(seq('|', optional($.cell))), '}'),
    cell: $ => choice($.dashes, $._given_value),
    dashes: _ => token(/:?---+:?/),
    given_fields: $ => prec(1, seq('{', listed($.given_field), '}')),
    given_field: $ => seq(
      field('name', choice($.word, ...[...SOFT, ...RESERVED].map(word => alias(word, $.word)))), ':',
      field('value', $._given_value),
    ),
    _given_value: $ => choice($.malformed, $.not_given, $.given_fields, $.given_list, $.expr),
    not_given: _ => prec(1, seq('not', 'given')),
    malformed: $ => seq('malformed', $.string),
    given_list: $ => seq('[', listed($.expr), ']'),
    as_of_clause: $ => seq('as_of', $.expr),
    set_clause: $ => seq('set', field('name', $.word), '=', $.expr),
    expect_clause: $ => seq('expect', choice($.nothing_else, $.message, $.figure, $.expectation)),
    figure: $ => seq(
      'metric', field('metric', $.word),
      optional(seq('for', list($.figure_key))),
      optional(seq('on', $.expr)),
      'is', choice('nothing', seq($.expr, optional(seq('to', $.expr)))),
    ),
    figure_key: $ => choice($.presence, $.expr),
    nothing_else: _ => seq('nothing', 'else'),
    message: $ => seq('message', choice($.string, $.word)),
    expectation: $ => seq(
      field('verdict', choice($.word, alias('nothing', $.word))), field('rule', $.word),
      optional(seq('on', field('record', $.word))),
      optional(seq('for', $.expr)),
      optional(seq('by', field('exception', $.word))),
    ),
  },
});

/** What a rule is about: these records, with a name of their own, that the filter lets through. */
function trigger($, kinds) {
  return prec.right(seq(kinds, optional($.alias), optional($.filter)));
}

/** Operators that sums of values may have, too. */
function arithmetic(operand) {
  const level = (power, ...signs) => prec.left(power, seq(
    field('left', operand), field('operator', signs.length > 1 ? choice(...signs) : signs[0]), field('right', operand),
  ));
  return choice(level(DEFAULT, '??'), level(SUM, '+', '-'), level(PRODUCT, '*', '/'));
}
