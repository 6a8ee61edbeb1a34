//! A made-up marketplace over two fiscal years, in the vocabulary of the policy library: its records, what in them the
//! library's rules are to find, and what only looks like it.
//!
//! `cargo run --example marketplace -- FOLDER [SEED]`
#![forbid(unsafe_code)]

mod background;
mod background_data;
mod cases;
mod far_above;
mod people;
mod plants_bribery;
mod plants_charter;
mod plants_data;
mod plants_engagements;
mod plants_expenses;
mod plants_gifts;
mod plants_speaking_up;
mod plants_trading;
mod records;
mod row;
mod setup;
mod time;
mod training;
mod world;

use std::path::Path;
use std::process::ExitCode;

/// Writes the records and the answer key into the folder. Another seed makes other ordinary days around the plants.
pub fn write(folder: &Path, seed: u64) -> std::io::Result<()> {
    let mut w = world::World::new(seed, people::People::new());
    setup::tables(&mut w);
    plants_data::plant(&mut w);
    far_above::plant(&mut w);
    plants_bribery::plant(&mut w);
    plants_engagements::plant(&mut w);
    plants_gifts::plant(&mut w);
    plants_expenses::plant(&mut w);
    plants_trading::plant(&mut w);
    plants_speaking_up::plant(&mut w);
    plants_charter::plant(&mut w);
    training::all(&mut w);
    cases::all(&mut w);
    background::all(&mut w);
    background_data::all(&mut w);
    far_above::judge(&mut w);
    w.write(folder)
}

pub const SEED: u64 = 20_240_401;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(folder) = args.next() else {
        eprintln!("marketplace: name the folder to write into");
        return ExitCode::from(2);
    };
    let Some(seed) = args.next().map_or(Some(SEED), |seed| seed.parse().ok()) else {
        eprintln!("marketplace: the seed is a number");
        return ExitCode::from(2);
    };
    match write(Path::new(&folder), seed) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("marketplace: {folder}: {error}");
            ExitCode::from(2)
        }
    }
}
