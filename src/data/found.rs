//! A value as an input gives it, before anything says which type it is to have.

use super::Place;
use std::borrow::Cow;

#[derive(Clone, Debug, PartialEq)]
pub enum Found<'a> {
    /// `null`, an empty cell, or nothing at all.
    Absent,
    /// In quotes.
    Text(Cow<'a, str>),
    /// Of a CSV file, or a text column of a Parquet file: it may spell anything.
    Cell(Cow<'a, str>),
    /// As it is spelt.
    Number(Cow<'a, str>),
    Bool(bool),
    /// Days since 1970.
    Date(i32),
    /// Nanoseconds since 1970.
    Instant(i64),
    /// Days since 1970 and nanoseconds of the day, without a zone.
    Local(i32, i64),
    List(Vec<Found<'a>>),
    /// Keys and values, in the input's order.
    Group(Vec<(Cow<'a, str>, Found<'a>)>),
    /// What no type reads, as a message shows it.
    Misfit(Cow<'a, str>),
}

/// What stands at one place of an input.
#[derive(Debug)]
pub enum Bare<'a> {
    /// Always a [`Found::Group`].
    Record(&'a Found<'a>),
    /// What cannot be a record, and why.
    Reject(&'a str),
}

/// Where [`Bare`] records go; false where no more are wanted.
pub type See<'s> = &'s mut dyn FnMut(Place, Bare<'_>) -> bool;
