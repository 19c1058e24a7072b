//! Damage: the part of the screen that must be composed again, as a bounded list of rectangles.
//!
//! A rectangle inside another is dropped. When the list is full, the two whose union adds the fewest pixels become one: the
//! list then covers more than has changed, never less.

use crate::rect::Rect;

/// Most rectangles kept. Past about sixteen, walking the list costs more than composing a few pixels too many.
pub const RECTS_MAX: usize = 16;

/// What has changed since the last frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct Damage {
    rects: [Rect; RECTS_MAX],
    len: usize,
}

impl Damage {
    /// No damage.
    pub const fn new() -> Damage {
        Damage {
            rects: [Rect::EMPTY; RECTS_MAX],
            len: 0,
        }
    }

    /// The rectangles; they may overlap.
    pub fn rects(&self) -> &[Rect] {
        &self.rects[..self.len]
    }

    /// Whether nothing is damaged.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds a rectangle. At most [`RECTS_MAX`]² steps.
    pub fn add(&mut self, rect: Rect) {
        if rect.is_empty() || self.rects().iter().any(|r| r.contains(&rect)) {
            return;
        }
        self.drop_inside(&rect);
        if self.len == RECTS_MAX {
            self.merge_cheapest(rect);
        } else {
            self.rects[self.len] = rect;
            self.len += 1;
        }
    }

    fn drop_inside(&mut self, rect: &Rect) {
        let mut kept = 0;
        for index in 0..self.len {
            if !rect.contains(&self.rects[index]) {
                self.rects[kept] = self.rects[index];
                kept += 1;
            }
        }
        self.len = kept;
    }

    /// Merges `rect` into the entry that grows least by it.
    ///
    /// Decided against: merging the best pair of all. That is quadratic, and the new rectangle is nearly always next to
    /// the last ones.
    fn merge_cheapest(&mut self, rect: Rect) {
        let growth = |r: &Rect| r.union(&rect).area().saturating_sub(r.area());
        if let Some(best) = (0..self.len).min_by_key(|&i| growth(&self.rects[i])) {
            let merged = self.rects[best].union(&rect);
            self.drop_inside(&merged);
            self.rects[self.len] = merged;
            self.len += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rectangle_inside_another_is_not_kept() {
        let mut damage = Damage::new();
        damage.add(Rect::from_size(2, 2, 3, 3));
        damage.add(Rect::from_size(0, 0, 10, 10));
        damage.add(Rect::from_size(1, 1, 2, 2));
        assert_eq!(damage.rects(), [Rect::from_size(0, 0, 10, 10)]);
    }

    #[test]
    fn a_full_list_still_covers_everything() {
        let mut damage = Damage::new();
        let rects: Vec<Rect> = (0..100)
            .map(|i| Rect::from_size(i * 7, i * 3, 4, 4))
            .collect();
        for rect in &rects {
            damage.add(*rect);
        }
        assert!(damage.rects().len() <= RECTS_MAX);
        for rect in &rects {
            assert!(damage.rects().iter().any(|r| r.contains(rect)));
        }
    }
}
