//! Every code a diagnostic can carry. One table: a code without a page does not compile.
//!
//! `B00` files and usage, `B01` syntax, `B02` names, `B03` types and units, `B04` rules, time and
//! history, `B05` sources, `B06` tests, `B10` records. `L` are lints, see `lint/`.

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($name:ident = $code:literal, $title:literal;)*) => {
        /// A diagnostic's code: `B0203`. Each has a page, see [`Code::page`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Code {
            $(#[doc = $title] #[serde(rename = $code)] $name,)*
        }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }

            /// What the code stands for, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }

            /// The page behind `bylaws explain`, in Markdown: what it means, a wrong and a right example.
            pub fn page(self) -> &'static str {
                match self { $(Code::$name => include_str!(concat!("../../docs/codes/", $code, ".md")),)* }
            }
        }
    };
}

codes! {
    Unreadable = "B0001", "a file cannot be read";
    Import = "B0002", "an import that cannot be followed";
    Routing = "B0003", "records that no source can be found for";
    BadSettings = "B0004", "settings that say nothing that is known";
    BadBundle = "B0005", "a bundle that cannot be used";
    NotSigned = "B0006", "a policy that is not signed as is asked";
    PolicyOverLimit = "B0007", "a policy set that is over a limit";
    SyntaxError = "B0101", "the text is not a rule or part of one";
    TooDeep = "B0103", "nested too deeply";
    UnknownName = "B0201", "a name that stands for nothing here";
    UnknownField = "B0202", "a field that the record or table does not have";
    UnknownKind = "B0203", "a record or table that is not declared";
    UnknownType = "B0204", "a type that is not known";
    UnknownRule = "B0205", "a rule that is not declared";
    UnknownFunction = "B0206", "a function that is not defined";
    UnknownParam = "B0207", "a parameter that is not declared";
    UnknownWord = "B0208", "a word that the enum does not have";
    UnknownAlias = "B0209", "an alias that no given record has";
    Duplicate = "B0210", "a name that is declared twice";
    Cycle = "B0211", "a definition that needs itself";
    TooLarge = "B0212", "definitions that expand to too much";
    UnknownMark = "B0213", "a mark that is not known";
    UnknownTimezone = "B0214", "a time zone that is not known";
    NotOneOf = "B0215", "not one of the words that can stand here";
    NotAValue = "B0216", "a record, group or set where a value is needed";
    Incomparable = "B0301", "two values that cannot be compared";
    BadArithmetic = "B0302", "two values that cannot be calculated with";
    Currencies = "B0303", "two currencies in one comparison or sum";
    UnknownUnit = "B0304", "a unit or currency that is not known";
    BadLiteral = "B0305", "a number, date or time that cannot be";
    OptionalRead = "B0306", "an optional value that is read bare";
    NeverAbsent = "B0307", "a value that is never absent is tested for absence";
    StrayOptional = "B0308", "a `?` outside of a comparison";
    NotACondition = "B0309", "a value where a condition is needed";
    WrongType = "B0310", "a value of another type than is needed";
    NotOrdered = "B0311", "an order asked of values that have none";
    NotText = "B0312", "a text test on something that is no text";
    BadPattern = "B0313", "a pattern that cannot be read";
    NotConstant = "B0314", "a constant is needed";
    WrongArity = "B0315", "a function with too many or too few arguments";
    BadFieldType = "B0316", "a type that a field cannot have";
    BadHead = "B0317", "a key, time, subject or identity that cannot be one";
    MissingClause = "B0401", "a rule lacks a clause";
    DuplicateClause = "B0402", "a clause that is there twice";
    MisplacedClause = "B0403", "a clause that belongs to another kind of rule";
    NoGroup = "B0404", "records of history without a common subject or key";
    NoWindow = "B0405", "a condition over history without its window";
    BadWindow = "B0406", "a window that cannot be";
    NoTime = "B0407", "a window over records that have no time";
    CalendarLength = "B0408", "months or years where an exact duration is needed";
    BadEffective = "B0409", "dates of effect that cannot be";
    NoPeriod = "B0410", "`period` outside of a rule at a period's end";
    BadHistory = "B0411", "a condition over history where it cannot stand";
    BadAggregate = "B0412", "an aggregate of values that it cannot take";
    BadFiscalYear = "B0413", "a start of the fiscal year that cannot be";
    StrayCondition = "B0414", "a condition within a `where` that is not about its record";
    BadSequence = "B0420", "a sequence that cannot be";
    NotInAll = "B0421", "a field that not all kinds of a rule have";
    Overlap = "B0430", "two wordings of a rule in force at once";
    Gap = "B0431", "days on which no wording of a rule is in force";
    NeverInForce = "B0432", "a wording that is never in force";
    ChangingValue = "B0433", "a value that changes where one for all days is needed";
    BadBusinessDays = "B0435", "business days that nothing says what they are";
    LaterOrder = "B0434", "later values of a parameter that are out of order";
    BadRates = "B0436", "rates that do not say how old they may be, or are there twice";
    RatesAsTable = "B0437", "rates where a table or record is needed";
    NobodyAbove = "B0440", "above somebody who is in no table, or whose table does not say who is";
    StrayEvery = "B0441", "`every … of` where it cannot stand";
    KeptName = "B0442", "`finding` where it is not what rules find";
    FindingsInACircle = "B0443", "rules that depend on their own findings";
    WaiverLacks = "B0450", "a waiver lacks who approved it, why, or its dates";
    WaiverDates = "B0451", "a waiver that ends before it begins";
    SelfWaiver = "B0452", "a waiver approved by the one whom it covers";
    BroadWaiver = "B0453", "a waiver that covers very much";
    CharterExempt = "B0460", "a rule depends on who a person is, or on rank";
    CharterCites = "B0461", "a rule does not say what it rests on";
    CharterTested = "B0462", "a rule is not tested on both sides";
    CharterWaivers = "B0463", "a waiver is longer than the charter allows";
    CharterSelfApproval = "B0464", "somebody may approve for themselves";
    CharterHas = "B0465", "a grave rule lacks what the charter asks for";
    CharterNothing = "B0466", "a line of the charter that there is nothing to show of";
    MetricLacks = "B0470", "a metric lacks its records, its figure or its period";
    MetricShape = "B0471", "a figure that cannot be kept by period";
    MetricSensitive = "B0472", "a metric would print what is marked `@sensitive`";
    Unmapped = "B0501", "a required field that a source does not fill";
    BadCast = "B0502", "a reading that does not fit the field";
    BadPath = "B0503", "a path that cannot stand here";
    BadTimeFormat = "B0504", "a date or time format that cannot be read";
    SourceClause = "B0505", "a source lacks a clause or has one that does not fit";
    IdentityConflict = "B0506", "two different identities for one kind of record";
    BadGiven = "B0601", "a given value that the record cannot hold";
    BadExpectation = "B0602", "an expectation that cannot be checked";
    Expectation = "B0610", "a test whose expectation is not met";
    BadGrid = "B0620", "a grid of given records or cases that does not fit";
    BadReference = "B0621", "a value taken from a given record that does not have it";
    Undecided = "B0622", "a part of a rule that no test decides";
    InvalidJson = "B1001", "a record is not valid JSON";
    NotUtf8 = "B1002", "a record is not UTF-8 text";
    NotAnObject = "B1003", "a record is not an object";
    NoKind = "B1004", "a record does not name its kind";
    KindUnknown = "B1005", "a record's kind is misspelt";
    DuplicateKey = "B1006", "a key stands twice in one object";
    TooLong = "B1007", "a record is too long";
    NestedTooDeeply = "B1008", "a record is nested too deeply";
    RaggedRow = "B1009", "a row has another number of fields than the heading";
    NotAList = "B1010", "what `each` names is not a list";
    Malformed = "B1011", "a value is not of its field's type";
    TooManyValues = "B1012", "a record has too many values in one object or list";
    Late = "B1013", "a record that came too late";
    HeadingMissing = "B1020", "a column is not in the file";
    HeadingTwice = "B1021", "two columns have one heading";
    BrokenInput = "B1022", "an input cannot be read to its end";
    NotThisFormat = "B1023", "an input is not of its format";
    WithoutKind = "B1024", "nothing says which records an input holds";
    InputOverLimit = "B1025", "an input that is over a limit";
    RowsOverlap = "B1030", "two rows of one key hold at one time and differ";
    RowsInACircle = "B1031", "the rows of a table lead in a circle";
    RowLeadsNowhere = "B1032", "a row of a table names somebody who has no row then";
    UnplacedRow = "B1033", "a row of a table cannot be told by its key or its time";
    RatesDiffer = "B1040", "two rates of one pair on one day";
    RateRejected = "B1041", "a rate that cannot be one";
    UnplacedRate = "B1042", "a row of rates that cannot be read";
    JudgingOverLimit = "B1050", "judging is over a limit";
    AllowWithoutReason = "L0001", "a lint is allowed without a reason";
    AllowsNothing = "L0002", "an allowed lint that is not there";
    UnknownAllow = "L0003", "a remark to the linter that says nothing";
    AlwaysHolds = "L0101", "a condition that always holds";
    NeverHolds = "L0102", "a condition that never holds";
    UnreachableBranch = "L0103", "a branch of an `or` that can never hold";
    RedundantPart = "L0104", "a part of a condition that changes nothing";
    ExceptionNever = "L0105", "an exception that can never apply";
    ExceptionAlways = "L0106", "an exception that covers all that the rule finds";
    ExceptionShadowed = "L0107", "an exception that an earlier one is named before";
    ComparedWithItself = "L0108", "a value that is compared with itself";
    NeedlessNegation = "L0109", "a `not` that another comparison would say";
    ComparedWithTruth = "L0110", "a condition that is compared with `true` or `false`";
    SameRule = "L0111", "one rule under two names";
    NearRule = "L0112", "two rules that differ in one constant";
    UnrelatedRecord = "L0113", "a record of anybody that lets a record pass";
    WindowBeyondRetention = "L0201", "a window that is longer than the retention";
    TimeWithoutZone = "L0202", "a time without a time zone";
    DaysWithoutZone = "L0203", "days of which it is not said where they begin";
    NoHolidays = "L0204", "business days without holidays";
    MonthEnd = "L0205", "a length in months, which are not of one length";
    RevisesNothing = "L0206", "a wording that changes nothing";
    LaterChangesNothing = "L0207", "a later value that changes nothing";
    FarDate = "L0208", "a date of effect that is likely a slip";
    RuleEnded = "L0209", "a rule that ended long ago";
    WindowOfAPartOfThePeriod = "L0210", "a window over a small part of the period";
    DateInCondition = "L0211", "a date of effect in a condition";
    MagicNumber = "L0301", "a number without a name, in several rules";
    LetterCase = "L0302", "a text test that tells capital and small letters apart";
    PatternOfAll = "L0303", "a pattern that fits every text";
    PatternOfPlainText = "L0304", "a pattern that is a plain text";
    PatternDot = "L0305", "a `.` in a pattern where the sign is meant";
    ThresholdGap = "L0306", "limits of two rules that leave a gap";
    ThresholdOverlap = "L0307", "limits of two rules that overlap";
    MixedCurrencies = "L0308", "limits in two currencies, and no rates";
    TwiceInSet = "L0309", "a value that stands twice in a set";
    CoveredDomain = "L0310", "a domain within another one that is listed";
    SetOfOne = "L0311", "a set of one value";
    ChainOfEquals = "L0312", "comparisons that a set would say";
    LimitOfNothing = "L0313", "a limit that the first record crosses";
    StraySpace = "L0314", "a text with a space at its edge";
    SmallPercent = "L0315", "a percentage below one";
    PointedThousand = "L0316", "an amount with three decimals";
    RuleWithoutPurpose = "L0401", "a rule without a purpose among rules that state theirs";
    RuleWithoutBasis = "L0402", "people are read without a stated purpose, ground or retention";
    ProtectedTrait = "L0403", "a rule that looks at a protected trait";
    ProtectedContact = "L0404", "a rule about contact with regulators, counsel, unions or the hotline";
    HeldAgainstReporter = "L0405", "a rule held against the one who made a report";
    NamesAPerson = "L0406", "a rule about a named person";
    NameInMessage = "L0407", "a sentence with a person's name in it";
    WithheldInMessage = "L0408", "a sentence with a value that is never printed";
    RealPersonInTest = "L0409", "a person in a test that looks like a real one";
    UnitLetOff = "L0410", "an exception for a whole unit";
    PrivateLife = "L0411", "a rule that looks into private life";
    WaiverEnded = "L0501", "a waiver that has ended";
    WaiverOfNothing = "L0502", "a waiver for days on which the rule does not hold";
    WaiversOverlap = "L0503", "two waivers of the same at one time";
    OpenReason = "L0504", "a waiver that does not really say why";
    RenewedWaiver = "L0505", "a waiver that is renewed again and again";
    ApproverCovered = "L0506", "waivers approved by somebody who has one";
    RuleChangedMeanwhile = "L0507", "a waiver that outlives the wording it was for";
    ApprovedByNobody = "L0508", "a waiver approved by nobody in particular";
    RuleWithoutCite = "L0601", "a rule that does not say where it is written down";
    RuleWithoutTest = "L0602", "a rule without a test";
    OneSideTested = "L0603", "a rule that is tested on one side";
    NoSeverity = "L0604", "a rule that does not say how grave a finding is";
    NoConsequence = "L0605", "a grave rule that does not say what follows";
    RulesWithoutPolicy = "L0606", "rules that belong to no policy";
    RuleWithoutDoc = "L0607", "a rule that is not explained";
    ExceptionUntested = "L0608", "an exception that no test shows";
    WordingUntested = "L0609", "a wording without a test of its days";
    NoSource = "L0610", "a rule whose records no source reads";
    CiteSpelling = "L0611", "one place cited in two spellings";
    ClauseSaysNothing = "L0612", "a clause that is still to be written";
    TestsOfOneTitle = "L0613", "two tests of the same title";
    PolicyWithoutOwner = "L0614", "a policy that nobody answers for";
    AbsentInMessage = "L0701", "a sentence that may have a gap";
    FixedMessage = "L0702", "a sentence that is the same for every finding";
    AnotherAmount = "L0703", "a title or sentence with another amount than the rule";
    JudgingWord = "L0704", "a word that judges a person";
    NamesAlike = "L0705", "two names that are easily taken for each other";
    DoubleNegation = "L0706", "a `not` before a name that says no";
    EmptyName = "L0707", "a name that says nothing";
    SameTitle = "L0708", "two rules of one title";
    TitleForm = "L0709", "a title that does not read like a heading";
    MixedNames = "L0710", "names of two styles";
    NoTitle = "L0711", "a rule without a title";
    UnusedLet = "L0801", "a `let` that nothing uses";
    UnusedDefine = "L0802", "a function that nothing calls";
    UnusedParam = "L0803", "a parameter that nothing reads";
    UnusedEnum = "L0804", "an enum that no field has";
    UnusedKind = "L0805", "a record or table that no rule reads";
    UnusedField = "L0806", "a field that no rule reads";
    UnusedArgument = "L0807", "an argument that its function does not read";
    UnusedAlias = "L0808", "a name behind `as` that nothing uses";
    UnusedImport = "L0809", "an import that nothing needs";
    Shadowed = "L0810", "a name that a field hides";
    UnusedWord = "L0811", "a word of an enum that no rule asks for";
    SameWords = "L0812", "two enums with the same words";
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Code {
    type Err = ();
    fn from_str(text: &str) -> Result<Code, ()> {
        Code::ALL.iter().copied().find(|c| c.as_str().eq_ignore_ascii_case(text)).ok_or(())
    }
}
