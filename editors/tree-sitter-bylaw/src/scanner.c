// The words whose meaning hangs on what stands around them, as grammar/lexical.pest and items.pest have it:
// a unit is on its number's line and is none of the words that may follow a bare number; the kind of record behind
// `exists`, `no` and `need` is any other word, even a clause's; a cast's unit is never the field of the next line; a date
// ends where no word goes on.

#include "tree_sitter/parser.h"
#include <string.h>

enum Symbol { UNIT, BUSINESS_DAYS, PERCENT, HISTORY_KIND, CAST_UNIT, DATE, TIMESTAMP, ERROR_SENTINEL };

// No word of the lists below is longer; of a longer one only the length matters.
#define LONGEST 31

static const char *const NOT_A_UNIT[] = {
  "and", "or", "not", "in", "present", "absent", "starts_with", "ends_with", "contains", "overlaps", "matches",
  "in_domain", "under", "ignoring", "as", "where", "within", "over", "before", "after", "around", "by", "per", "across",
  "from", "until", "then", "on", "when", "unless", "need", "count", "sum", "min", "max", "avg", "distinct", "to",
  "severity", "cite", "because", "consequence", "purpose", "legal_basis", "retention", "effective", "once", "given",
  "as_of", "set", "expect", "is", "for", NULL,
};

static const char *const NOT_A_KIND[] = {
  "present", "absent", "starts_with", "ends_with", "contains", "overlaps", "matches", "in_domain", "under", "ignoring",
  "within", "over", "where", "by", "per", "across", NULL,
};

static const char *const RESERVED[] = {"and", "or", "not", "in", "true", "false", NULL};

static bool is_digit(int32_t c) { return c >= '0' && c <= '9'; }

static bool begins_word(int32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

static bool in_word(int32_t c) { return begins_word(c) || is_digit(c); }

static bool is_one_of(const char *word, const char *const *words) {
  for (; *words; words++) {
    if (strcmp(word, *words) == 0) return true;
  }
  return false;
}

static void skip(TSLexer *lexer, bool line_ends) {
  while (lexer->lookahead == ' ' || lexer->lookahead == '\t' ||
         (line_ends && (lexer->lookahead == '\r' || lexer->lookahead == '\n'))) {
    lexer->advance(lexer, true);
  }
}

// Blanks behind a token, which do not belong to it.
static void pass_blanks(TSLexer *lexer) {
  while (lexer->lookahead == ' ' || lexer->lookahead == '\t' || lexer->lookahead == '\r' || lexer->lookahead == '\n') {
    lexer->advance(lexer, false);
  }
}

// Reads a word; its first letters are in `word`.
static void read_word(TSLexer *lexer, char word[LONGEST + 1]) {
  unsigned length = 0;
  while (in_word(lexer->lookahead)) {
    if (length < LONGEST) word[length++] = (char)lexer->lookahead;
    lexer->advance(lexer, false);
  }
  word[length] = '\0';
}

static bool found(TSLexer *lexer, enum Symbol symbol) {
  lexer->result_symbol = (TSSymbol)symbol;
  return true;
}

// `%`, a unit, or `business days`.
static bool behind_number(TSLexer *lexer) {
  char word[LONGEST + 1];
  skip(lexer, false);
  if (lexer->lookahead == '%') {
    lexer->advance(lexer, false);
    lexer->mark_end(lexer);
    return found(lexer, PERCENT);
  }
  if (!begins_word(lexer->lookahead)) return false;
  read_word(lexer, word);
  if (is_one_of(word, NOT_A_UNIT)) return false;
  lexer->mark_end(lexer);
  if (strcmp(word, "business") == 0 && (lexer->lookahead == ' ' || lexer->lookahead == '\t')) {
    while (lexer->lookahead == ' ' || lexer->lookahead == '\t') lexer->advance(lexer, false);
    read_word(lexer, word);
    if (strcmp(word, "days") == 0 || strcmp(word, "day") == 0) {
      lexer->mark_end(lexer);
      return found(lexer, BUSINESS_DAYS);
    }
  }
  return found(lexer, UNIT);
}

static bool history_kind(TSLexer *lexer) {
  char word[LONGEST + 1];
  skip(lexer, true);
  if (!begins_word(lexer->lookahead)) return false;
  read_word(lexer, word);
  if (is_one_of(word, NOT_A_KIND) || is_one_of(word, RESERVED)) return false;
  lexer->mark_end(lexer);
  return found(lexer, HISTORY_KIND);
}

// A word that is not `as`, and that does not begin `field =` or `field.field =`.
static bool cast_unit(TSLexer *lexer) {
  char word[LONGEST + 1];
  skip(lexer, true);
  if (!begins_word(lexer->lookahead)) return false;
  read_word(lexer, word);
  lexer->mark_end(lexer);
  if (strcmp(word, "as") == 0) return false;
  if (is_one_of(word, RESERVED)) return found(lexer, CAST_UNIT);
  pass_blanks(lexer);
  while (lexer->lookahead == '.') {
    lexer->advance(lexer, false);
    pass_blanks(lexer);
    if (!begins_word(lexer->lookahead)) return found(lexer, CAST_UNIT);
    read_word(lexer, word);
    pass_blanks(lexer);
  }
  if (lexer->lookahead != '=') return found(lexer, CAST_UNIT);
  lexer->advance(lexer, false);
  return lexer->lookahead == '=' && found(lexer, CAST_UNIT);
}

// Digits where the pattern has `0`, and its other signs.
static bool follows(TSLexer *lexer, const char *pattern) {
  for (; *pattern; pattern++) {
    if (*pattern == '0' ? !is_digit(lexer->lookahead) : lexer->lookahead != *pattern) return false;
    lexer->advance(lexer, false);
  }
  return true;
}

static bool date_or_timestamp(TSLexer *lexer) {
  skip(lexer, true);
  if (!follows(lexer, "0000-00-00")) return false;
  if (lexer->lookahead != 'T') {
    lexer->mark_end(lexer);
    return !in_word(lexer->lookahead) && found(lexer, DATE);
  }
  if (!follows(lexer, "T00:00")) return false;
  if (lexer->lookahead == ':') {
    if (!follows(lexer, ":00")) return false;
    if (lexer->lookahead == '.') {
      // A point without digits behind it is none of it.
      lexer->mark_end(lexer);
      lexer->advance(lexer, false);
      if (!is_digit(lexer->lookahead)) return found(lexer, TIMESTAMP);
      while (is_digit(lexer->lookahead)) lexer->advance(lexer, false);
    }
  }
  lexer->mark_end(lexer);
  if (lexer->lookahead == 'Z') {
    lexer->advance(lexer, false);
    lexer->mark_end(lexer);
  } else if (lexer->lookahead == '+' || lexer->lookahead == '-') {
    lexer->advance(lexer, false);
    // Without a whole offset the sign is an operator.
    if (!follows(lexer, "00:00")) return found(lexer, TIMESTAMP);
    lexer->mark_end(lexer);
  }
  return !in_word(lexer->lookahead) && lexer->lookahead != ':' && found(lexer, TIMESTAMP);
}

void *tree_sitter_bylaw_external_scanner_create(void) { return NULL; }

void tree_sitter_bylaw_external_scanner_destroy(void *payload) { (void)payload; }

unsigned tree_sitter_bylaw_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload;
  (void)buffer;
  return 0;
}

void tree_sitter_bylaw_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  (void)payload;
  (void)buffer;
  (void)length;
}

bool tree_sitter_bylaw_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  (void)payload;
  if (valid[ERROR_SENTINEL]) return false;
  if (valid[UNIT] || valid[BUSINESS_DAYS] || valid[PERCENT]) return behind_number(lexer);
  if (valid[HISTORY_KIND]) return history_kind(lexer);
  if (valid[DATE] || valid[TIMESTAMP]) return date_or_timestamp(lexer);
  return valid[CAST_UNIT] && cast_unit(lexer);
}
