//! In place of the Parquet reader, where the feature `parquet` is off.

use super::bare::BareSpec;
use super::chunks::Content;
use super::worker::Job;
use super::{Excerpt, InputError, InputReport, InputSpec, Wanted};
use crate::data::found::See;
use crate::data::{InputId, People, Reading};
use crate::diag::Code;

pub fn read(_: &Reading, _: &Job, _: Content) -> Result<InputReport, InputError> {
    Err(left_out())
}

pub fn excerpts(
    _: &Reading,
    _: &InputSpec,
    _: Content,
    _: &[Wanted],
    _: &People,
) -> Result<Vec<Option<Excerpt>>, InputError> {
    Err(left_out())
}

pub fn bare(_: &BareSpec, _: Content, _: See, _: &dyn Fn(u64)) -> Result<Vec<String>, InputError> {
    Err(left_out())
}

pub fn is_guarded() -> bool {
    false
}

fn left_out() -> InputError {
    InputError::new(Code::NotThisFormat, "this build does not read Parquet files")
}
