//! Amounts of a resource: `1500m`, `1536Mi`, `1e3`.
//!
//! A decimal number `mantissa * 10^scale` and the family of suffixes in which it was written. Follows upstream's
//! `resource.Quantity`, including which texts it takes and that some are kept as they were written (`1.500`, `+1`).
//! Deliberately absent: more than 38 significant digits (upstream has big numbers; here they saturate).

use crate::Text;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// Equality, order and hash look at the amount alone.
#[derive(Clone, Debug, Default)]
pub struct Quantity {
    /// No multiple of ten, so that an amount has one representation; zero has scale zero.
    mantissa: i128,
    scale: i32,
    format: Format,
    /// The text as it came, where upstream keeps it though it is not what printing would give.
    written: Text,
}

/// The family of suffixes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// `12k`, `12M`
    #[default]
    DecimalSi,
    /// `12Ki`, `12Mi`
    BinarySi,
    /// `12e3`
    DecimalExponent,
}

/// Upstream's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    Format,
    #[error("unable to parse numeric part of quantity")]
    Numeric,
    #[error("unable to parse quantity's suffix")]
    Suffix,
}

/// Smaller amounts are rounded up to this power of ten.
const NANO: i32 = -9;
/// Digits up to which upstream computes in int64, and may keep the text.
const INT64_DIGITS: usize = 18;
const DECIMAL: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

impl Quantity {
    /// `value * 10^scale`
    pub fn new(value: i128, scale: i32, format: Format) -> Quantity {
        let (mantissa, scale) = reduce(value, scale);
        Quantity { mantissa, scale, format, written: Text::default() }
    }

    /// A number of whole units, such as CPUs or pods.
    pub fn from_units(units: i64) -> Quantity {
        Quantity::new(units.into(), 0, Format::DecimalSi)
    }

    pub fn from_milli(milli: i64) -> Quantity {
        Quantity::new(milli.into(), -3, Format::DecimalSi)
    }

    /// A number of bytes, printed with `Ki`, `Mi`, ...
    pub fn from_bytes(bytes: i64) -> Quantity {
        Quantity::new(bytes.into(), 0, Format::BinarySi)
    }

    pub fn format(&self) -> Format {
        self.format
    }

    pub fn is_zero(&self) -> bool {
        self.mantissa == 0
    }

    pub fn is_negative(&self) -> bool {
        self.mantissa < 0
    }

    /// In whole units, rounded away from zero; saturates.
    pub fn value(&self) -> i64 {
        self.scaled(0)
    }

    /// In thousandths, rounded away from zero; saturates.
    pub fn milli_value(&self) -> i64 {
        self.scaled(-3)
    }

    /// In units of `10^scale`, rounded away from zero; saturates.
    pub fn scaled(&self, scale: i32) -> i64 {
        let (value, _) = at_scale(self.mantissa, self.scale, scale);
        i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
    }

    /// Whether it is a multiple of `10^scale`.
    pub fn is_exact_at(&self, scale: i32) -> bool {
        self.is_zero() || self.scale >= scale
    }

    /// Rounds away from zero to a multiple of `10^scale`.
    pub fn round_up(&mut self, scale: i32) {
        if !self.is_exact_at(scale) {
            let (value, _) = at_scale(self.mantissa, self.scale, scale);
            *self = Quantity::new(value, scale, self.format);
        }
    }

    pub fn as_f64(&self) -> f64 {
        self.mantissa as f64 * 10f64.powi(self.scale)
    }

    /// Zero takes the format of what is added to it.
    pub fn add(&mut self, other: &Quantity) {
        let format = if self.is_zero() { other.format } else { self.format };
        let scale = self.common_scale(other);
        let (a, b) = (at_scale(self.mantissa, self.scale, scale).0, at_scale(other.mantissa, other.scale, scale).0);
        *self = Quantity::new(a.saturating_add(b), scale, format);
    }

    pub fn sub(&mut self, other: &Quantity) {
        let mut negative = other.clone();
        negative.neg();
        self.add(&negative);
    }

    pub fn neg(&mut self) {
        self.mantissa = self.mantissa.saturating_neg();
        self.written = Text::default();
    }

    pub fn mul(&mut self, factor: i64) {
        *self = Quantity::new(self.mantissa.saturating_mul(factor.into()), self.scale, self.format);
    }

    /// The power of ten in which both are whole numbers.
    fn common_scale(&self, other: &Quantity) -> i32 {
        match (self.is_zero(), other.is_zero()) {
            (true, _) => other.scale,
            (_, true) => self.scale,
            _ => self.scale.min(other.scale),
        }
    }

    pub fn parse(text: &str) -> Result<Quantity, QuantityError> {
        let parts = split(text)?;
        let (binary, exponent, format) = suffix(parts.suffix).ok_or(QuantityError::Suffix)?;
        let digits = parts.whole.len() + parts.fraction.len();
        let (mantissa, dropped) = number(parts.whole, parts.fraction);
        let scale = dropped - parts.fraction.len() as i32;
        let (mantissa, scale, format) = if binary {
            binary_amount(mantissa, scale, exponent as u32)
        } else {
            let scale = scale.saturating_add(exponent);
            let (mantissa, scale) =
                if scale < NANO { (at_scale(mantissa, scale, NANO).0, NANO) } else { (mantissa, scale) };
            (mantissa, scale, format)
        };
        let mut quantity = Quantity::new(if parts.negative { -mantissa } else { mantissa }, scale, format);
        if kept(&parts, digits, format, binary, exponent) {
            let printed = quantity.to_text();
            if printed != text {
                quantity.written = text.into();
            }
        }
        Ok(quantity)
    }

    /// The canonical form.
    pub fn to_text(&self) -> Text {
        if !self.written.is_empty() {
            return self.written.clone();
        }
        if self.is_zero() {
            return Text::const_new("0");
        }
        let mut out = Text::default();
        match self.format {
            Format::BinarySi if self.scale >= 0 && !self.is_small() => self.push_binary(&mut out),
            Format::BinarySi | Format::DecimalSi => self.push_decimal(&mut out, true),
            Format::DecimalExponent => self.push_decimal(&mut out, false),
        }
        out
    }

    /// Between -1024 and 1024, where binary suffixes have no use.
    fn is_small(&self) -> bool {
        (-1023..=1023).contains(&self.value())
    }

    fn push_binary(&self, out: &mut Text) {
        let mut value = at_scale(self.mantissa, self.scale, 0).0;
        let mut power = 0;
        while value % 1024 == 0 && power + 1 < BINARY.len() {
            value /= 1024;
            power += 1;
        }
        push_i128(out, value);
        out.push_str(BINARY[power]);
    }

    fn push_decimal(&self, out: &mut Text, si: bool) {
        let rest = self.scale.rem_euclid(3);
        let scale = self.scale - rest;
        push_i128(out, self.mantissa.saturating_mul(10i128.pow(rest as u32)));
        match DECIMAL.iter().find(|(_, power)| *power == scale) {
            Some((suffix, _)) if si => out.push_str(suffix),
            Some((_, 0)) => {}
            _ => {
                out.push('e');
                out.push_str(itoa::Buffer::new().format(scale));
            }
        }
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Quantity) -> bool {
        self.mantissa == other.mantissa && self.scale == other.scale
    }
}

impl Eq for Quantity {}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.mantissa, self.scale).hash(state);
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Quantity) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Quantity) -> Ordering {
        let signs = self.mantissa.signum().cmp(&other.mantissa.signum());
        if signs.is_ne() || self.scale == other.scale {
            return signs.then(self.mantissa.cmp(&other.mantissa));
        }
        // Same sign, not zero. What saturates has more digits than anything that does not.
        let scale = self.common_scale(other);
        let (a, b) = (at_scale(self.mantissa, self.scale, scale).0, at_scale(other.mantissa, other.scale, scale).0);
        a.cmp(&b).then_with(|| {
            let larger = self.scale.cmp(&other.scale);
            if self.is_negative() { larger.reverse() } else { larger }
        })
    }
}

impl std::str::FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Quantity, QuantityError> {
        Quantity::parse(text)
    }
}

impl std::iter::Sum for Quantity {
    fn sum<I: Iterator<Item = Quantity>>(amounts: I) -> Quantity {
        amounts.fold(Quantity::default(), |mut sum, amount| {
            sum.add(&amount);
            sum
        })
    }
}

struct Parts<'t> {
    negative: bool,
    /// Without leading zeros, but at least one digit.
    whole: &'t str,
    fraction: &'t str,
    suffix: &'t str,
}

/// More lenient than the expression in the error text: digits may be missing altogether, which reads as zero.
fn split(text: &str) -> Result<Parts<'_>, QuantityError> {
    if text.is_empty() {
        return Err(QuantityError::Format);
    }
    let (negative, unsigned) = match text.as_bytes()[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = unsigned.trim_start_matches('0');
    let (whole, rest) = rest.split_at(digits(rest));
    let whole = if whole.is_empty() { "0" } else { whole };
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    let letters = suffix.bytes().take_while(|byte| b"eEinumkKMGTP".contains(byte)).count();
    let exponent = &suffix[letters..];
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    if exponent.bytes().any(|byte| !byte.is_ascii_digit()) {
        return Err(QuantityError::Format);
    }
    Ok(Parts { negative, whole, fraction, suffix })
}

/// Whether the base is two, the exponent, and the format.
fn suffix(text: &str) -> Option<(bool, i32, Format)> {
    if let Some((_, exponent)) = DECIMAL.iter().find(|(suffix, _)| *suffix == text) {
        return Some((false, *exponent, Format::DecimalSi));
    }
    if let Some(power) = BINARY.iter().position(|suffix| *suffix == text) {
        return Some((true, power as i32 * 10, Format::BinarySi));
    }
    let exponent: i64 = text.strip_prefix(['e', 'E'])?.parse().ok()?;
    Some((false, exponent.clamp(-1 << 30, 1 << 30) as i32, Format::DecimalExponent))
}

/// The digits as a number, and how many at the end did not fit.
fn number(whole: &str, fraction: &str) -> (i128, i32) {
    let (mut value, mut dropped) = (0i128, 0);
    for digit in whole.bytes().chain(fraction.bytes()) {
        match value.checked_mul(10).and_then(|value| value.checked_add((digit - b'0').into())) {
            Some(next) if dropped == 0 => value = next,
            _ => dropped += 1,
        }
    }
    (value, dropped)
}

/// An amount with a binary suffix: no smaller than a nano, no larger than int64, decimal where it is below one.
fn binary_amount(mantissa: i128, scale: i32, exponent: u32) -> (i128, i32, Format) {
    let product = mantissa.saturating_mul(1 << exponent);
    let (product, scale) = if scale < NANO { (at_scale(product, scale, NANO).0, NANO) } else { (product, scale) };
    if at_scale(product, scale, 0).0 > i64::MAX.into() {
        return (i64::MAX.into(), 0, Format::BinarySi);
    }
    let below_one = product > 0 && scale < 0 && product < 10i128.pow(scale.unsigned_abs());
    (product, scale, if below_one { Format::DecimalSi } else { Format::BinarySi })
}

/// Whether upstream keeps the text as it was written instead of printing the amount.
fn kept(parts: &Parts<'_>, digits: usize, format: Format, binary: bool, exponent: i32) -> bool {
    if binary {
        let few = digits as i32 + exponent * 3 / 10 < 15;
        let last = parts.whole.parse::<u64>().unwrap_or(0);
        return format == Format::BinarySi && parts.fraction.is_empty() && few && last & 7 != 0;
    }
    let scale = exponent.saturating_sub(parts.fraction.len() as i32);
    let thousands = |text: &str| text.bytes().rev().take_while(|&byte| byte == b'0').count();
    let mut zeros = thousands(parts.fraction);
    if zeros == parts.fraction.len() {
        zeros += thousands(parts.whole);
    }
    digits <= INT64_DIGITS && scale >= NANO && scale % 3 == 0 && zeros < 3 && !parts.whole.starts_with('0')
}

/// Without factors of ten.
fn reduce(mut mantissa: i128, mut scale: i32) -> (i128, i32) {
    if mantissa == 0 {
        return (0, 0);
    }
    while mantissa % 10 == 0 {
        mantissa /= 10;
        scale = scale.saturating_add(1);
    }
    (mantissa, scale)
}

/// `mantissa * 10^from` in units of `10^to`, rounded away from zero, and whether that is exact; saturates.
fn at_scale(mantissa: i128, from: i32, to: i32) -> (i128, bool) {
    let saturated = if mantissa < 0 { i128::MIN } else { i128::MAX };
    match from.saturating_sub(to) {
        0 => (mantissa, true),
        _ if mantissa == 0 => (0, true),
        up @ 1.. => match 10i128.checked_pow(up as u32).and_then(|factor| mantissa.checked_mul(factor)) {
            Some(value) => (value, true),
            None => (saturated, false),
        },
        down => match 10i128.checked_pow(down.unsigned_abs()) {
            Some(divisor) => {
                let exact = mantissa % divisor == 0;
                (mantissa / divisor + if exact { 0 } else { mantissa.signum() }, exact)
            }
            None => (mantissa.signum(), false),
        },
    }
}

fn push_i128(out: &mut Text, n: i128) {
    out.push_str(itoa::Buffer::new().format(n));
}
