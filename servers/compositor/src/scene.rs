//! The scene: surfaces from back to front, and the composition of what has changed.
//!
//! A commit copies the damaged pixels out of the client's frame, so a client that goes on drawing, or dies, changes nothing
//! that is shown. Each commit takes one of a surface's two credits; [`Scene::presented`] gives them back once the frame is on
//! the screen, so a client is never more than two frames ahead.
//!
//! Composition fills each damaged rectangle from the topmost surface that covers it whole, upwards. Surfaces are opaque.
//! Decided against: reading the client's frame at composition; the client could change it between two rectangles.

use alloc::vec::Vec;

use crate::{
    Error,
    canvas::{self, COLOR_MASK, Canvas},
    damage::{Damage, RECTS_MAX},
    rect::Rect,
};

/// Most surfaces. A hundred fit no screen usefully, and each composition walks the list.
pub const SURFACES_MAX: usize = 32;
/// Most pixels a side, of a surface and of the screen.
pub const SIZE_MAX: usize = 8192;
/// Commits a surface may have under way.
pub const CREDITS: u8 = 2;

/// Names a surface; never reused while the compositor lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SurfaceId(u64);

impl SurfaceId {
    /// The number that stands for it in a message.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The identity a message claims; the scene refuses one that it did not give.
    pub const fn from_number(number: u64) -> SurfaceId {
        SurfaceId(number)
    }
}

/// The memory a client draws in. It may change while it is read: every read must be a copy.
pub trait ClientFrame {
    /// Pixels it holds.
    fn len_pixels(&self) -> usize;
    /// Copies the pixels from `start` on into `out`. The range was checked against [`ClientFrame::len_pixels`].
    fn copy_to(&self, start: usize, out: &mut [u32]);
}

impl ClientFrame for [u32] {
    fn len_pixels(&self) -> usize {
        self.len()
    }

    fn copy_to(&self, start: usize, out: &mut [u32]) {
        out.copy_from_slice(&self[start..start + out.len()]);
    }
}

#[derive(Debug)]
struct Surface {
    id: SurfaceId,
    x: i32,
    y: i32,
    width: usize,
    height: usize,
    is_visible: bool,
    credits: u8,
    /// `width · height` pixels as last committed.
    pixels: Vec<u32>,
}

impl Surface {
    fn bounds(&self) -> Rect {
        canvas::bounds(self.width, self.height)
    }

    fn on_screen(&self) -> Rect {
        self.bounds().moved(i64::from(self.x), i64::from(self.y))
    }

    /// The part of a line, in surface coordinates. The range must be in its bounds.
    fn line(&self, y: i64, x0: i64, x1: i64) -> &[u32] {
        let start = y as usize * self.width;
        &self.pixels[start + x0 as usize..start + x1 as usize]
    }
}

/// The surfaces of a screen, from back to front.
#[derive(Debug)]
pub struct Scene {
    surfaces: Vec<Surface>,
    background: u32,
    next_id: u64,
    screen: Rect,
    damage: Damage,
}

impl Scene {
    /// An empty scene; the whole screen is damaged. Errors: [`Error::Size`] if a side is zero or above [`SIZE_MAX`].
    pub fn try_new(width: usize, height: usize, background: u32) -> Result<Scene, Error> {
        if !(1..=SIZE_MAX).contains(&width) || !(1..=SIZE_MAX).contains(&height) {
            return Err(Error::Size);
        }
        let screen = canvas::bounds(width, height);
        let mut damage = Damage::new();
        damage.add(screen);
        Ok(Scene {
            surfaces: Vec::new(),
            background,
            next_id: 1,
            screen,
            damage,
        })
    }

    /// Adds a black surface on top. Errors: [`Error::Size`], [`Error::TooManySurfaces`], [`Error::OutOfMemory`].
    pub fn add(&mut self, x: i32, y: i32, width: usize, height: usize) -> Result<SurfaceId, Error> {
        if !(1..=SIZE_MAX).contains(&width) || !(1..=SIZE_MAX).contains(&height) {
            return Err(Error::Size);
        }
        if self.surfaces.len() >= SURFACES_MAX {
            return Err(Error::TooManySurfaces);
        }
        let mut pixels = Vec::new();
        pixels
            .try_reserve_exact(width * height)
            .map_err(|_| Error::OutOfMemory)?;
        self.surfaces
            .try_reserve(1)
            .map_err(|_| Error::OutOfMemory)?;
        pixels.resize(width * height, 0);
        let id = SurfaceId(self.next_id);
        self.next_id += 1;
        self.surfaces.push(Surface {
            id,
            x,
            y,
            width,
            height,
            is_visible: true,
            credits: CREDITS,
            pixels,
        });
        self.damage_surface(self.surfaces.len() - 1);
        Ok(id)
    }

    /// Removes a surface, as when its client dies. Errors: [`Error::NoSurface`].
    pub fn remove(&mut self, id: SurfaceId) -> Result<(), Error> {
        let index = self.find(id)?;
        self.damage_surface(index);
        self.surfaces.remove(index);
        Ok(())
    }

    /// Moves a surface. Errors: [`Error::NoSurface`].
    pub fn move_to(&mut self, id: SurfaceId, x: i32, y: i32) -> Result<(), Error> {
        let index = self.find(id)?;
        self.damage_surface(index);
        (self.surfaces[index].x, self.surfaces[index].y) = (x, y);
        self.damage_surface(index);
        Ok(())
    }

    /// Puts a surface in front of all others. Errors: [`Error::NoSurface`].
    pub fn raise(&mut self, id: SurfaceId) -> Result<(), Error> {
        let index = self.find(id)?;
        self.surfaces[index..].rotate_left(1);
        self.damage_surface(self.surfaces.len() - 1);
        Ok(())
    }

    /// Shows or hides a surface. Errors: [`Error::NoSurface`].
    pub fn set_visible(&mut self, id: SurfaceId, is_visible: bool) -> Result<(), Error> {
        let index = self.find(id)?;
        self.damage_surface(index);
        self.surfaces[index].is_visible = is_visible;
        self.damage_surface(index);
        Ok(())
    }

    /// Takes the damaged parts of a client's frame, whose lines are `stride` pixels apart.
    ///
    /// `damage` is in surface coordinates and clipped to the surface. A refused commit changes nothing and takes no credit.
    /// Errors: [`Error::NoSurface`], [`Error::TooManyRects`], [`Error::NoCredit`], [`Error::Geometry`].
    pub fn commit<F: ClientFrame + ?Sized>(
        &mut self,
        id: SurfaceId,
        frame: &F,
        stride: usize,
        damage: &[Rect],
    ) -> Result<(), Error> {
        let index = self.find(id)?;
        let surface = &mut self.surfaces[index];
        if damage.len() > RECTS_MAX {
            return Err(Error::TooManyRects);
        }
        canvas::check_geometry(frame.len_pixels(), surface.width, surface.height, stride)?;
        surface.credits = surface.credits.checked_sub(1).ok_or(Error::NoCredit)?;
        // Overlapping rectangles are copied once where one holds the other.
        let mut changed = Damage::new();
        for rect in damage {
            changed.add(rect.intersect(&surface.bounds()));
        }
        for rect in changed.rects() {
            for y in rect.y0 as usize..rect.y1 as usize {
                let line = y * surface.width;
                let out = &mut surface.pixels[line + rect.x0 as usize..line + rect.x1 as usize];
                frame.copy_to(y * stride + rect.x0 as usize, out);
                // What a client leaves in the unused byte must not reach the screen.
                out.iter_mut().for_each(|pixel| *pixel &= COLOR_MASK);
            }
        }
        let (dx, dy) = (i64::from(surface.x), i64::from(surface.y));
        if surface.is_visible {
            for rect in changed.rects() {
                self.damage.add(rect.moved(dx, dy).intersect(&self.screen));
            }
        }
        Ok(())
    }

    /// Commits a surface can still make. Errors: [`Error::NoSurface`].
    pub fn credits(&self, id: SurfaceId) -> Result<u8, Error> {
        Ok(self.surfaces[self.find(id)?].credits)
    }

    /// The frame is on the screen: calls `returned` with each surface that gets credits back, and how many.
    pub fn presented(&mut self, mut returned: impl FnMut(SurfaceId, u8)) {
        for surface in &mut self.surfaces {
            let back = CREDITS - surface.credits;
            surface.credits = CREDITS;
            if back > 0 {
                returned(surface.id, back);
            }
        }
    }

    /// What the next composition will cover.
    pub fn damage(&self) -> &Damage {
        &self.damage
    }

    /// Damages the whole screen, as after another program drew on it.
    pub fn damage_all(&mut self) {
        self.damage.add(self.screen);
    }

    /// Composes what is damaged into `back`; what was composed, for scan-out.
    ///
    /// Errors: [`Error::Geometry`] if `back` is not of the screen's size; the damage is kept.
    pub fn compose(&mut self, back: &mut Canvas<'_>) -> Result<Damage, Error> {
        if back.bounds() != self.screen {
            return Err(Error::Geometry);
        }
        let damage = core::mem::take(&mut self.damage);
        for rect in damage.rects() {
            self.compose_rect(back, rect);
        }
        Ok(damage)
    }

    fn compose_rect(&self, back: &mut Canvas<'_>, rect: &Rect) {
        let covers = |s: &Surface| s.is_visible && s.on_screen().contains(rect);
        let first = self.surfaces.iter().rposition(covers);
        if first.is_none() {
            back.fill(rect, self.background);
        }
        for surface in &self.surfaces[first.unwrap_or(0)..] {
            if !surface.is_visible {
                continue;
            }
            let (dx, dy) = (i64::from(surface.x), i64::from(surface.y));
            let seen = rect.intersect(&surface.on_screen());
            for y in seen.y0..seen.y1 {
                back.copy_span(y, seen.x0, surface.line(y - dy, seen.x0 - dx, seen.x1 - dx));
            }
        }
    }

    fn find(&self, id: SurfaceId) -> Result<usize, Error> {
        self.surfaces
            .iter()
            .position(|s| s.id == id)
            .ok_or(Error::NoSurface)
    }

    fn damage_surface(&mut self, index: usize) {
        let surface = &self.surfaces[index];
        if surface.is_visible {
            self.damage.add(surface.on_screen().intersect(&self.screen));
        }
    }
}
