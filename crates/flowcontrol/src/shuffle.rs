//! Shuffle sharding: a hash deals a hand of queues out of all, so that two flows seldom share all of theirs.

/// Bits of a hash that may be used up by dealing.
pub const MAX_HASH_BITS: u32 = 60;
/// Cards that are dealt without an allocation; larger hands are dealt from the first cards.
const MAX_HAND: usize = 64;

/// How many bits a hand needs.
pub fn required_entropy_bits(deck: u32, hand: u32) -> u32 {
    (f64::from(deck).log2() * f64::from(hand)).ceil() as u32
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dealer {
    deck: u64,
    hand: usize,
}

impl Dealer {
    /// None: such hands cannot be dealt from one hash.
    pub fn new(deck: u32, hand: u32) -> Option<Dealer> {
        let fits = deck > 0 && hand > 0 && hand <= deck && required_entropy_bits(deck, hand) <= MAX_HASH_BITS;
        fits.then_some(Dealer { deck: u64::from(deck), hand: (hand as usize).min(MAX_HAND) })
    }

    /// Deals different cards, in the order of the deal.
    pub fn deal<'h>(&self, mut hash: u64, hand: &'h mut Hand) -> &'h [u32] {
        for dealt in 0..self.hand {
            let left = self.deck - dealt as u64;
            let mut card = (hash % left) as u32;
            hash /= left;
            // The card among those that are left: earlier cards move it up, the smallest first.
            hand.sorted[..dealt].sort_unstable();
            for &earlier in &hand.sorted[..dealt] {
                card += u32::from(card >= earlier);
            }
            hand.sorted[dealt] = card;
            hand.cards[dealt] = card;
        }
        &hand.cards[..self.hand]
    }
}

/// Room for a hand.
pub(crate) struct Hand {
    cards: [u32; MAX_HAND],
    sorted: [u32; MAX_HAND],
}

impl Default for Hand {
    fn default() -> Hand {
        Hand { cards: [0; MAX_HAND], sorted: [0; MAX_HAND] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn hands_hold_different_cards_and_every_card_is_dealt() {
        let dealer = Dealer::new(16, 4).unwrap();
        let mut counts = [0_u32; 16];
        for hash in 0..16 * 15 * 14 * 13 {
            let mut hand = Hand::default();
            let cards = dealer.deal(hash, &mut hand);
            let set: BTreeSet<u32> = cards.iter().copied().collect();
            assert_eq!(set.len(), 4, "{cards:?}");
            cards.iter().for_each(|&card| counts[card as usize] += 1);
        }
        assert!(counts.iter().all(|&count| count == 16 * 15 * 14 * 13 * 4 / 16), "{counts:?}");
    }

    #[test]
    fn hands_that_one_hash_cannot_deal_are_refused() {
        assert!(Dealer::new(64, 6).is_some());
        assert!(Dealer::new(512, 7).is_none());
        assert!(Dealer::new(4, 5).is_none());
        assert_eq!(required_entropy_bits(512, 7), 63);
    }
}
