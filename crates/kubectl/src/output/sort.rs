//! Sorting as Go's `sort.Sort` does it: not stable, so that what compares equal comes out in an order of its own, which
//! is the same each time and which people see in `kubectl events` and `--sort-by`.
//!
//! It is a pattern-defeating quicksort; each step below decides which equal items change places.

/// Shorter pieces are sorted by insertion.
const SHORT: usize = 12;
/// From this length on the pivot is a median of medians.
const LONG: usize = 50;
/// So many exchanges while choosing a pivot say that a piece is the wrong way round.
const MOST_SWAPS: usize = 12;
/// So many pairs out of order may be mended in a piece that seems sorted already.
const REPAIRS: usize = 5;

/// Sorts by `less`, which need not be an order: it is asked exactly what Go's sort would ask.
pub fn sort<T>(items: &mut [T], less: impl Fn(&T, &T) -> bool) {
    let limit = usize::BITS - items.len().leading_zeros();
    let end = items.len();
    Sorter { items, less }.quick(0, end, limit);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hint {
    Unknown,
    Increasing,
    Decreasing,
}

struct Sorter<'a, T, F> {
    items: &'a mut [T],
    less: F,
}

impl<T, F: Fn(&T, &T) -> bool> Sorter<'_, T, F> {
    fn less(&self, a: usize, b: usize) -> bool {
        (self.less)(&self.items[a], &self.items[b])
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.items.swap(a, b);
    }

    fn quick(&mut self, mut start: usize, mut end: usize, mut limit: u32) {
        let (mut balanced, mut partitioned) = (true, true);
        loop {
            let length = end - start;
            if length <= SHORT {
                return self.insert(start, end);
            }
            if limit == 0 {
                return self.heap(start, end);
            }
            if !balanced {
                self.scatter(start, end);
                limit -= 1;
            }
            let (mut pivot, mut hint) = self.pivot(start, end);
            if hint == Hint::Decreasing {
                self.items[start..end].reverse();
                pivot = (end - 1) - (pivot - start);
                hint = Hint::Increasing;
            }
            if balanced && partitioned && hint == Hint::Increasing && self.repair(start, end) {
                return;
            }
            if start > 0 && !self.less(start - 1, pivot) {
                start = self.part_equal(start, end, pivot);
                continue;
            }
            let (middle, already) = self.part(start, end, pivot);
            partitioned = already;
            let (left, right) = (middle - start, end - middle);
            balanced = left.min(right) >= length / 8;
            if left < right {
                self.quick(start, middle, limit);
                start = middle + 1;
            } else {
                self.quick(middle + 1, end, limit);
                end = middle;
            }
        }
    }

    fn insert(&mut self, start: usize, end: usize) {
        for next in start + 1..end.max(start + 1) {
            let mut at = next;
            while at > start && self.less(at, at - 1) {
                self.swap(at, at - 1);
                at -= 1;
            }
        }
    }

    fn heap(&mut self, start: usize, end: usize) {
        let length = end - start;
        for root in (0..=(length - 1) / 2).rev() {
            self.sift(root, length, start);
        }
        for last in (0..length).rev() {
            self.swap(start, start + last);
            self.sift(0, last, start);
        }
    }

    fn sift(&mut self, mut root: usize, end: usize, first: usize) {
        loop {
            let mut child = 2 * root + 1;
            if child >= end {
                return;
            }
            if child + 1 < end && self.less(first + child, first + child + 1) {
                child += 1;
            }
            if !self.less(first + root, first + child) {
                return;
            }
            self.swap(first + root, first + child);
            root = child;
        }
    }

    /// Puts what is less than the pivot before it; says where the pivot is then, and whether nothing had to move.
    fn part(&mut self, start: usize, end: usize, pivot: usize) -> (usize, bool) {
        self.swap(start, pivot);
        let (mut low, mut high) = (start + 1, end - 1);
        let mut moved = false;
        loop {
            while low <= high && self.less(low, start) {
                low += 1;
            }
            while low <= high && !self.less(high, start) {
                high -= 1;
            }
            if low > high {
                break;
            }
            moved = true;
            self.swap(low, high);
            low += 1;
            high -= 1;
        }
        self.swap(high, start);
        (high, !moved)
    }

    /// Puts what is no greater than the pivot first; says where the rest begins.
    fn part_equal(&mut self, start: usize, end: usize, pivot: usize) -> usize {
        self.swap(start, pivot);
        let (mut low, mut high) = (start + 1, end - 1);
        loop {
            while low <= high && !self.less(start, low) {
                low += 1;
            }
            while low <= high && self.less(start, high) {
                high -= 1;
            }
            if low > high {
                return low;
            }
            self.swap(low, high);
            low += 1;
            high -= 1;
        }
    }

    /// Mends a few pairs that are out of order; says whether all is sorted then.
    fn repair(&mut self, start: usize, end: usize) -> bool {
        let mut at = start + 1;
        for _ in 0..REPAIRS {
            while at < end && !self.less(at, at - 1) {
                at += 1;
            }
            if at == end {
                return true;
            }
            if end - start < LONG {
                return false;
            }
            self.swap(at, at - 1);
            if at - start >= 2 {
                let mut low = at - 1;
                while low >= 1 && self.less(low, low - 1) {
                    self.swap(low, low - 1);
                    low -= 1;
                }
            }
            if end - at >= 2 {
                let mut high = at + 1;
                while high < end && self.less(high, high - 1) {
                    self.swap(high, high - 1);
                    high += 1;
                }
            }
        }
        false
    }

    /// Exchanges three items with others, to break a pattern that makes bad pivots.
    fn scatter(&mut self, start: usize, end: usize) {
        let length = end - start;
        if length < 8 {
            return;
        }
        let mut random = length as u64;
        let mask = (1_u64 << (u64::BITS - random.leading_zeros())) - 1;
        let before_middle = start + (length / 4) * 2 - 1;
        for at in 0..3 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let other = usize::try_from(random & mask).unwrap_or(0);
            let other = if other >= length { other - length } else { other };
            self.swap(before_middle + at, start + other);
        }
    }

    fn pivot(&self, start: usize, end: usize) -> (usize, Hint) {
        let length = end - start;
        let mut swaps = 0;
        let [mut low, mut middle, mut high] = [1, 2, 3].map(|part| start + length / 4 * part);
        if length >= 8 {
            if length >= LONG {
                [low, middle, high] = [low, middle, high].map(|at| self.median([at - 1, at, at + 1], &mut swaps));
            }
            middle = self.median([low, middle, high], &mut swaps);
        }
        let hint = match swaps {
            0 => Hint::Increasing,
            MOST_SWAPS => Hint::Decreasing,
            _ => Hint::Unknown,
        };
        (middle, hint)
    }

    fn median(&self, [mut a, mut b, mut c]: [usize; 3], swaps: &mut usize) -> usize {
        let mut order = |x: &mut usize, y: &mut usize| {
            if self.less(*y, *x) {
                *swaps += 1;
                std::mem::swap(x, y);
            }
        };
        order(&mut a, &mut b);
        order(&mut b, &mut c);
        order(&mut a, &mut b);
        b
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::sort;

    #[test]
    fn up_to_twelve_equals_keep_their_places() {
        let mut few: Vec<(u8, usize)> = (0..12).map(|at| ((at % 2) as u8, at)).collect();
        sort(&mut few, |a, b| a.0 < b.0);
        assert!(few.windows(2).all(|pair| pair[0] < pair[1]), "{few:?}");
    }

    #[test]
    fn a_question_that_is_always_answered_yes_turns_a_list_around() {
        let mut few: Vec<u8> = (0..5).collect();
        sort(&mut few, |_, _| true);
        assert_eq!(few, [4, 3, 2, 1, 0]);
    }

    proptest! {
        #[test]
        fn all_is_sorted_and_nothing_lost(mut items in proptest::collection::vec(0_u8..20, 0..300)) {
            let mut wanted = items.clone();
            wanted.sort_unstable();
            sort(&mut items, |a, b| a < b);
            prop_assert_eq!(items, wanted);
        }
    }
}
