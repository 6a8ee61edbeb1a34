//! Every code a diagnostic can carry. One table: a code without a page does not compile.
//!
//! `B00` files and usage, `B01` syntax, `B02` names, `B03` types and units, `B04` rules, time and
//! history, `B05` sources, `B06` tests, `B10` records.

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
    SyntaxError = "B0101", "the text is not a rule or part of one";
    Reserved = "B0102", "a keyword that is kept for a later version";
    TooDeep = "B0103", "nested too deeply";
    Expectation = "B0610", "a test whose expectation is not met";
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
    HeadingMissing = "B1020", "a column is not in the file";
    HeadingTwice = "B1021", "two columns have one heading";
    BrokenInput = "B1022", "an input cannot be read to its end";
    NotThisFormat = "B1023", "an input is not of its format";
    WithoutKind = "B1024", "nothing says which records an input holds";
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
