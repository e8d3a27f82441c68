//! Label and field selectors: upstream's grammar and upstream's words for what is wrong.

mod fields;
mod labels;

pub use fields::FieldSelector;
pub use labels::LabelSelector;

#[cfg(test)]
mod tests;
