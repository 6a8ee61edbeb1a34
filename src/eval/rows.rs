//! Rows of one kind in typed columns, as the interpreter reads them.

use crate::data::{Batch, ColumnId, Currency, Decimal, KindId, Money, Place, Schema, Type, Value};
use crate::plan::stored;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Int64Type, TimestampNanosecondType, UInt16Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, StringArray, TimestampNanosecondArray,
    UInt16Array, UInt32Array,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, TimeUnit};
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// A batch that cannot be evaluated: a fault of the program that made it, not of the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchError {
    /// The plan has no such kind.
    NoSuchKind(KindId),
    /// A column that rules need is not in the projection.
    ColumnLeftOut { kind: KindId, column: ColumnId },
    /// The projection names a column that the kind does not have.
    NoSuchColumn { kind: KindId, column: ColumnId },
    /// An array is not of the type that stands for its column's.
    WrongType { kind: KindId, column: ColumnId, found: String },
    /// The arrays, places and projection are not of one length, or a defect is out of range.
    Lengths { kind: KindId },
}

impl std::fmt::Display for BatchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BatchError::NoSuchKind(kind) => write!(f, "a batch of kind {}, which the plan does not have", kind.0),
            BatchError::ColumnLeftOut { kind, column } => {
                write!(f, "a batch of kind {} without column {}, which rules need", kind.0, column.0)
            }
            BatchError::NoSuchColumn { kind, column } => {
                write!(f, "a batch of kind {} with a column {} that it does not have", kind.0, column.0)
            }
            BatchError::WrongType { kind, column, found } => {
                write!(f, "a batch of kind {} with an array of `{found}` for column {}", kind.0, column.0)
            }
            BatchError::Lengths { kind } => write!(f, "a batch of kind {} whose parts do not fit together", kind.0),
        }
    }
}

impl std::error::Error for BatchError {}

/// A column's array by its type; [`Col::None`] where it was not read.
#[derive(Clone, Debug)]
pub enum Col {
    None,
    Bool(BooleanArray),
    Int(Int64Array),
    Decimal(Decimal128Array),
    Text(StringArray),
    Date(Date32Array),
    Timestamp(TimestampNanosecondArray),
    Money { amount: Decimal128Array, currency: StringArray, nulls: Option<NullBuffer> },
    Enum(UInt16Array),
    List { offsets: OffsetBuffer<i32>, items: Box<Col>, nulls: Option<NullBuffer> },
}

impl Col {
    /// None where the array is not one of the type's.
    fn of(array: &ArrayRef, ty: &Type) -> Option<Col> {
        Some(match (ty, array.data_type()) {
            (Type::Bool | Type::Struct, DataType::Boolean) => Col::Bool(array.as_boolean().clone()),
            (Type::Int | Type::Bytes | Type::Duration, DataType::Int64) => {
                Col::Int(array.as_primitive::<Int64Type>().clone())
            }
            (Type::Decimal | Type::Percent, DataType::Decimal128(38, 18)) => {
                Col::Decimal(array.as_primitive::<Decimal128Type>().clone())
            }
            (Type::Text, DataType::Utf8) => Col::Text(array.as_string::<i32>().clone()),
            (Type::Date, DataType::Date32) => Col::Date(array.as_primitive::<Date32Type>().clone()),
            (Type::Timestamp, DataType::Timestamp(TimeUnit::Nanosecond, Some(_))) => {
                Col::Timestamp(array.as_primitive::<TimestampNanosecondType>().clone())
            }
            (Type::Money, DataType::Struct(_)) => {
                let parts = array.as_struct();
                let [amount, currency] = parts.columns() else { return None };
                if !matches!(amount.data_type(), DataType::Decimal128(38, 18))
                    || *currency.data_type() != DataType::Utf8
                {
                    return None;
                }
                Col::Money {
                    amount: amount.as_primitive::<Decimal128Type>().clone(),
                    currency: currency.as_string::<i32>().clone(),
                    nulls: parts.nulls().cloned(),
                }
            }
            (Type::Enum(_), DataType::UInt16) => Col::Enum(array.as_primitive::<UInt16Type>().clone()),
            (Type::List(of) | Type::Set(of), DataType::List(_)) => {
                let list = array.as_list::<i32>();
                Col::List {
                    offsets: list.offsets().clone(),
                    items: Box::new(Col::of(list.values(), of)?),
                    nulls: list.nulls().cloned(),
                }
            }
            _ => return None,
        })
    }

    pub fn nulls(&self) -> Option<&NullBuffer> {
        match self {
            Col::None => None,
            Col::Bool(a) => a.nulls(),
            Col::Int(a) => a.nulls(),
            Col::Decimal(a) => a.nulls(),
            Col::Text(a) => a.nulls(),
            Col::Date(a) => a.nulls(),
            Col::Timestamp(a) => a.nulls(),
            Col::Enum(a) => a.nulls(),
            Col::Money { nulls, .. } | Col::List { nulls, .. } => nulls.as_ref(),
        }
    }

    pub fn is_null(&self, row: usize) -> bool {
        matches!(self, Col::None) || self.nulls().is_some_and(|n| n.is_null(row))
    }

    /// The value, owned; none where it is null (or, for money, no currency).
    pub fn value(&self, row: usize, ty: &Type) -> Option<Value> {
        if self.is_null(row) {
            return None;
        }
        Some(match self {
            Col::None => return None,
            Col::Bool(a) => Value::Bool(a.value(row)),
            Col::Int(a) => match ty {
                Type::Bytes => Value::Bytes(a.value(row)),
                Type::Duration => Value::Duration(a.value(row)),
                _ => Value::Int(a.value(row)),
            },
            Col::Decimal(a) => {
                let d = Decimal::from_raw(a.value(row));
                if *ty == Type::Percent { Value::Percent(d) } else { Value::Decimal(d) }
            }
            Col::Text(a) => Value::Text(a.value(row).to_string()),
            Col::Date(a) => Value::Date(a.value(row)),
            Col::Timestamp(a) => Value::Timestamp(a.value(row)),
            Col::Money { .. } => Value::Money(self.money(row)?),
            Col::Enum(a) => match ty {
                Type::Enum(id) => Value::Enum(*id, a.value(row)),
                _ => return None,
            },
            Col::List { offsets, items, .. } => {
                let of = match ty {
                    Type::List(of) | Type::Set(of) => of,
                    _ => return None,
                };
                let range = offsets[row] as usize..offsets[row + 1] as usize;
                Value::List(range.filter_map(|i| items.value(i, of)).collect())
            }
        })
    }

    pub fn money(&self, row: usize) -> Option<Money> {
        let Col::Money { amount, currency, .. } = self else { return None };
        if amount.is_null(row) || currency.is_null(row) {
            return None;
        }
        let currency = Currency::parse(currency.value(row))?;
        Some(Money { amount: Decimal::from_raw(amount.value(row)), currency })
    }
}

/// Why a cell is null although there was something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlawKind {
    /// Nothing: it is required of its own kind, but not of all that stand beside it.
    Missing,
    Malformed {
        found: String,
        expected: String,
    },
    /// Repeats of the record differ: the values as shown.
    Conflict {
        found: Vec<String>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    pub row: u32,
    pub column: ColumnId,
    pub kind: FlawKind,
}

#[derive(Clone, Debug)]
pub struct Rows {
    pub kind: KindId,
    /// By column of the kind.
    pub cols: Vec<Col>,
    arrays: Vec<Option<ArrayRef>>,
    pub places: Vec<Place>,
    /// Sorted by row, then column.
    pub flaws: Vec<Flaw>,
    /// Of a kind that is made of others: the rows as they are.
    member: Option<Box<Member>>,
}

#[derive(Clone, Debug)]
struct Member {
    rows: Rows,
    of: Arc<Projection>,
}

/// How a kind is seen as a part of a union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    /// By column of the union.
    pub columns: Vec<Projected>,
    /// The member's own time.
    pub time: Option<ColumnId>,
}

/// The column of a member that stands for one of a union.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Projected {
    pub column: ColumnId,
    /// The union's may be absent, and the member's may not.
    pub required: bool,
}

impl Rows {
    /// As rows of a kind that is made of several.
    pub fn project(self, kind: KindId, of: &Arc<Projection>) -> Rows {
        let columns = &of.columns;
        let cols: Vec<Col> = columns.iter().map(|p| self.cols[p.column.0 as usize].clone()).collect();
        let mut flaws = Vec::new();
        for (i, (projected, col)) in columns.iter().zip(&cols).enumerate() {
            let column = ColumnId(i as u32);
            let own = self.flaws.iter().filter(|f| f.column == projected.column);
            flaws.extend(own.map(|f| Flaw { column, ..f.clone() }));
            if projected.required
                && let Some(nulls) = col.nulls().filter(|n| n.null_count() > 0)
            {
                let missing = (0..self.len()).filter(|&r| nulls.is_null(r) && self.flaw(r, projected.column).is_none());
                flaws.extend(missing.map(|r| Flaw { row: r as u32, column, kind: FlawKind::Missing }));
            }
        }
        flaws.sort_by_key(|f| (f.row, f.column));
        let (arrays, places) = (vec![None; cols.len()], self.places.clone());
        let member = Some(Box::new(Member { rows: self, of: of.clone() }));
        Rows { kind, cols, arrays, places, flaws, member }
    }

    /// The rows as they are: of the kind that files hold.
    pub fn own(&self) -> &Rows {
        self.member.as_ref().map_or(self, |m| &m.rows)
    }

    /// The time of a row as it is, where its union has none.
    pub fn own_time(&self) -> Option<ColumnId> {
        self.member.as_ref().and_then(|m| m.of.time)
    }

    /// The column of [`Rows::own`] that stands for one of these.
    pub fn own_column(&self, column: ColumnId) -> ColumnId {
        self.member.as_ref().and_then(|m| m.of.columns.get(column.0 as usize)).map_or(column, |p| p.column)
    }

    pub fn none(schema: &Schema, kind: KindId) -> Rows {
        let columns = schema.kind(kind).columns.len();
        let (cols, arrays) = (vec![Col::None; columns], vec![None; columns]);
        Rows { kind, cols, arrays, places: Vec::new(), flaws: Vec::new(), member: None }
    }

    /// A batch, checked against the plan's needs.
    pub fn of(batch: Batch, schema: &Schema, needed: &[ColumnId]) -> Result<Rows, BatchError> {
        let kind = batch.kind;
        let columns = &schema.kinds.get(kind.0 as usize).ok_or(BatchError::NoSuchKind(kind))?.columns;
        let rows = batch.places.len();
        if batch.projection.len() != batch.columns.len() || u32::try_from(rows).is_err() {
            return Err(BatchError::Lengths { kind });
        }
        let mut cols = vec![Col::None; columns.len()];
        let mut arrays = vec![None; columns.len()];
        for (&column, array) in batch.projection.iter().zip(&batch.columns) {
            let at = column.0 as usize;
            let declared = columns.get(at).ok_or(BatchError::NoSuchColumn { kind, column })?;
            if array.len() != rows {
                return Err(BatchError::Lengths { kind });
            }
            // What is not needed says nothing, not even which record this is.
            if !needed.contains(&column) {
                continue;
            }
            let ty = stored_deep(schema, &declared.ty);
            cols[at] = Col::of(array, &ty).ok_or_else(|| BatchError::WrongType {
                kind,
                column,
                found: array.data_type().to_string(),
            })?;
            arrays[at] = Some(array.clone());
        }
        if let Some(&column) = needed.iter().find(|c| matches!(cols[c.0 as usize], Col::None)) {
            return Err(BatchError::ColumnLeftOut { kind, column });
        }
        let mut flaws = Vec::with_capacity(batch.defects.len());
        for defect in batch.defects {
            let column = *batch.projection.get(defect.column as usize).ok_or(BatchError::Lengths { kind })?;
            if defect.row as usize >= rows {
                return Err(BatchError::Lengths { kind });
            }
            if !needed.contains(&column) {
                continue;
            }
            let why = FlawKind::Malformed { found: defect.found, expected: defect.expected };
            flaws.push(Flaw { row: defect.row, column, kind: why });
        }
        flaws.sort_by_key(|f| (f.row, f.column));
        Ok(Rows { kind, cols, arrays, places: batch.places, flaws, member: None })
    }

    pub fn is_read(&self, column: ColumnId) -> bool {
        self.cols.get(column.0 as usize).is_some_and(|col| !matches!(col, Col::None))
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// About how much memory they take. What rows of a union have in common with their own is not counted twice.
    pub fn bytes(&self) -> u64 {
        let own = self.own();
        let arrays: usize = own.arrays.iter().flatten().map(|a| a.get_array_memory_size()).sum();
        let places = own.places.len() * size_of::<Place>();
        let flaws = own.flaws.iter().map(|f| {
            size_of::<Flaw>()
                + match &f.kind {
                    FlawKind::Malformed { found, expected } => found.len() + expected.len(),
                    FlawKind::Conflict { found } => found.iter().map(String::len).sum(),
                    FlawKind::Missing => 0,
                }
        });
        (arrays + places + flaws.sum::<usize>()) as u64
    }

    pub fn flaw(&self, row: usize, column: ColumnId) -> Option<&Flaw> {
        let at = self.flaws.partition_point(|f| (f.row as usize, f.column) < (row, column));
        self.flaws.get(at).filter(|f| f.row as usize == row && f.column == column)
    }

    /// Whether the null cell stands for an absent value, not for an unknown one.
    pub fn is_absent(&self, row: usize, column: ColumnId, optional: bool) -> bool {
        optional && self.flaw(row, column).is_none()
    }

    /// These rows, in this order; they must be in range and ascending.
    pub fn take(&self, rows: &[u32]) -> Rows {
        if rows.len() == self.len() {
            return self.clone();
        }
        if let Some(member) = &self.member {
            return member.rows.take(rows).project(self.kind, &member.of);
        }
        let indices = UInt32Array::from(rows.to_vec());
        let mut cols = vec![Col::None; self.cols.len()];
        let mut arrays = vec![None; self.cols.len()];
        for (i, array) in self.arrays.iter().enumerate() {
            let Some(array) = array else { continue };
            // Taking cannot fail: the indices are in range and the text taken is no longer than the text held.
            let Ok(taken) = arrow_select::take::take(array, &indices, None) else { continue };
            cols[i] = recast(&self.cols[i], &taken);
            arrays[i] = Some(taken);
        }
        let mut flaws = Vec::new();
        for (new, &old) in rows.iter().enumerate() {
            let from = self.flaws.partition_point(|f| f.row < old);
            flaws.extend(
                self.flaws[from..].iter().take_while(|f| f.row == old).map(|f| Flaw { row: new as u32, ..f.clone() }),
            );
        }
        let places = rows.iter().map(|&r| self.places[r as usize]).collect();
        Rows { kind: self.kind, cols, arrays, places, flaws, member: None }
    }

    /// Empties cells in which repeats of a record differ: row, column (of [`Rows::own`]) and the values found.
    pub fn with_conflicts(mut self, mut conflicts: Vec<(u32, ColumnId, Vec<String>)>) -> Rows {
        if let Some(member) = self.member.take() {
            return member.rows.with_conflicts(conflicts).project(self.kind, &member.of);
        }
        conflicts.sort_by_key(|c| (c.1, c.0));
        for group in conflicts.chunk_by(|a, b| a.1 == b.1) {
            let column = group[0].1;
            let at = column.0 as usize;
            let Some(array) = self.arrays[at].take() else { continue };
            let mut mask = vec![false; self.places.len()];
            group.iter().for_each(|c| mask[c.0 as usize] = true);
            let emptied = match arrow_select::nullif::nullif(&array, &BooleanArray::from(mask)) {
                Ok(emptied) => emptied,
                Err(_) => arrow_array::new_null_array(array.data_type(), array.len()),
            };
            self.cols[at] = recast(&self.cols[at], &emptied);
            self.arrays[at] = Some(emptied);
        }
        let cells: FxHashSet<(u32, ColumnId)> = conflicts.iter().map(|c| (c.0, c.1)).collect();
        self.flaws.retain(|f| !cells.contains(&(f.row, f.column)));
        let conflicts = conflicts.into_iter();
        self.flaws.extend(conflicts.map(|(row, column, found)| Flaw {
            row,
            column,
            kind: FlawKind::Conflict { found },
        }));
        self.flaws.sort_by_key(|f| (f.row, f.column));
        self
    }
}

/// Elements of lists are stored as what they refer to, too.
fn stored_deep(schema: &Schema, ty: &Type) -> Type {
    match ty {
        Type::List(of) => Type::List(Box::new(stored(schema, of))),
        Type::Set(of) => Type::Set(Box::new(stored(schema, of))),
        other => stored(schema, other),
    }
}

/// The array as the same variant as another column.
fn recast(like: &Col, array: &ArrayRef) -> Col {
    let ty = match like {
        Col::None => return Col::None,
        Col::Bool(_) => Type::Bool,
        Col::Int(_) => Type::Int,
        Col::Decimal(_) => Type::Decimal,
        Col::Text(_) => Type::Text,
        Col::Date(_) => Type::Date,
        Col::Timestamp(_) => Type::Timestamp,
        Col::Money { .. } => Type::Money,
        Col::Enum(_) => Type::Enum(crate::data::EnumId(0)),
        Col::List { items, .. } => {
            let list = array.as_list::<i32>();
            return Col::List {
                offsets: list.offsets().clone(),
                items: Box::new(recast(items, list.values())),
                nulls: list.nulls().cloned(),
            };
        }
    };
    Col::of(array, &ty).unwrap_or(Col::None)
}
