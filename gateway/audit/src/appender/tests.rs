//! The promises of the appender, on a real disk and on one that fails on command.

mod durability;
mod failure;
mod published;
mod reading;
mod reopening;
mod sealing;
