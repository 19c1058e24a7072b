//! Every drawing operation against the definition of its shape, evaluated pixel by pixel in 128-bit arithmetic.

use compositor::{Screen, canvas, raster, text};
use proptest::prelude::*;

const WIDTH: i32 = 41;
const HEIGHT: i32 = 29;
const STRIDE: usize = 47;
const BEFORE: u32 = 0x00c0_ffee;
const COLOR: u32 = 0x0012_3456;

/// Near the screen mostly; sometimes anything, and the ends of the range.
fn coordinate() -> impl Strategy<Value = i32> {
    prop_oneof![
        6 => -20..70i32,
        2 => -1000..1000i32,
        1 => any::<i32>(),
        1 => prop_oneof![Just(i32::MIN), Just(i32::MAX), Just(i32::MIN + 1), Just(i32::MAX - 20)],
    ]
}

/// Draws, compares each pixel with `is_in`, and checks that the damage covers what changed and nothing else was touched.
fn check(
    draw: impl FnOnce(&mut Screen<'_>),
    is_in: impl Fn(i128, i128) -> bool,
) -> Result<(), TestCaseError> {
    check_colors(draw, |x, y| if is_in(x, y) { COLOR } else { BEFORE })
}

fn check_colors(
    draw: impl FnOnce(&mut Screen<'_>),
    expected: impl Fn(i128, i128) -> u32,
) -> Result<(), TestCaseError> {
    let mut pixels = vec![BEFORE; STRIDE * HEIGHT as usize];
    let mut screen = Screen::try_new(&mut pixels, WIDTH as usize, HEIGHT as usize, STRIDE).unwrap();
    draw(&mut screen);
    let damage = screen.take_damage();
    for (index, &pixel) in pixels.iter().enumerate() {
        let (x, y) = ((index % STRIDE) as i64, (index / STRIDE) as i64);
        if x >= i64::from(WIDTH) {
            prop_assert_eq!(pixel, BEFORE, "padding at {} {}", x, y);
            continue;
        }
        prop_assert_eq!(pixel, expected(x.into(), y.into()), "pixel {} {}", x, y);
        let is_damaged = damage
            .rects()
            .iter()
            .any(|r| r.x0 <= x && x < r.x1 && r.y0 <= y && y < r.y1);
        prop_assert!(pixel == BEFORE || is_damaged, "no damage at {} {}", x, y);
    }
    Ok(())
}

fn in_rect(x: i128, y: i128, rect: [i32; 4]) -> bool {
    let [rx, ry, w, h] = rect.map(i128::from);
    rx <= x && x < rx + w && ry <= y && y < ry + h
}

fn on_rect_border(x: i128, y: i128, rect: [i32; 4]) -> bool {
    let [rx, ry, w, h] = rect.map(i128::from);
    in_rect(x, y, rect) && (x == rx || y == ry || x == rx + w - 1 || y == ry + h - 1)
}

fn in_disc(x: i128, y: i128, circle: [i32; 3]) -> bool {
    let [cx, cy, r] = circle.map(i128::from);
    let (dx, dy) = ((x - cx).abs(), (y - cy).abs());
    let (a, b) = (dx.max(dy), dx.min(dy));
    r >= 0 && (a == 0 || a * a - a + b * b < r * r)
}

fn on_circle(x: i128, y: i128, circle: [i32; 3]) -> bool {
    let [cx, cy, r] = circle.map(i128::from);
    let (dx, dy) = ((x - cx).abs(), (y - cy).abs());
    let (a, b) = (dx.max(dy), dx.min(dy));
    in_disc(x, y, circle) && r * r <= a * a + a + b * b
}

fn in_line(x: i128, y: i128, line: [i32; 4], width: i32) -> bool {
    let [x1, y1, x2, y2] = line.map(i128::from);
    let w = i128::from(width);
    let (dx, dy) = (x2 - x1, y2 - y1);
    if width < 1 {
        return false;
    }
    if dx == 0 && dy == 0 {
        let (left, top) = (x1 - (w - 1) / 2, y1 - (w - 1) / 2);
        return left <= x && x < left + w && top <= y && y < top + w;
    }
    // As if the major axis were x.
    let swap = dx.abs() < dy.abs();
    let turn = |p: (i128, i128)| if swap { (p.1, p.0) } else { p };
    let (x, y) = turn((x, y));
    let (mut a, mut b) = (turn((x1, y1)), turn((x2, y2)));
    if a.0 > b.0 {
        core::mem::swap(&mut a, &mut b);
    }
    let (major, minor) = (b.0 - a.0, b.1 - a.1);
    if x < a.0 || x > b.0 {
        return false;
    }
    let centre = a.1 + (2 * minor * (x - a.0) + major).div_euclid(2 * major);
    let run = i128::from(raster::run_length(w as i64, major as i64, minor as i64));
    let top = centre - (run - 1) / 2;
    top <= y && y < top + run
}

fn in_triangle(x: i128, y: i128, corners: [i32; 6]) -> bool {
    let [x1, y1, x2, y2, x3, y3] = corners.map(i128::from);
    let cross = |a: (i128, i128), b: (i128, i128), p: (i128, i128)| {
        (b.0 - a.0) * (p.1 - a.1) - (b.1 - a.1) * (p.0 - a.0)
    };
    let (a, mut b, mut c) = ((x1, y1), (x2, y2), (x3, y3));
    let turn = cross(a, b, c);
    if turn < 0 {
        core::mem::swap(&mut b, &mut c);
    }
    turn != 0
        && [(a, b), (b, c), (c, a)].iter().all(|&(p, q)| {
            let side = cross(p, q, (x, y));
            side > 0 || side == 0 && (q.1 < p.1 || q.1 == p.1 && q.0 > p.0)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn rectangles(x in coordinate(), y in coordinate(), w in coordinate(), h in coordinate()) {
        check(|s| s.draw_rect(x, y, w, h, COLOR), |px, py| in_rect(px, py, [x, y, w, h]))?;
        check(
            |s| s.draw_rect_outline(x, y, w, h, COLOR),
            |px, py| on_rect_border(px, py, [x, y, w, h]),
        )?;
    }

    #[test]
    fn circles(x in coordinate(), y in coordinate(), r in coordinate()) {
        check(|s| s.draw_circle(x, y, r, COLOR), |px, py| in_disc(px, py, [x, y, r]))?;
        check(|s| s.draw_circle_outline(x, y, r, COLOR), |px, py| on_circle(px, py, [x, y, r]))?;
    }

    /// Huge circles whose edge crosses the screen.
    #[test]
    fn circles_through_the_screen(x in 0..WIDTH, r in 0..i32::MAX - 100) {
        check(|s| s.draw_circle(x - r, 9, r, COLOR), |px, py| in_disc(px, py, [x - r, 9, r]))?;
        check(
            |s| s.draw_circle_outline(x - r, 9, r, COLOR),
            |px, py| on_circle(px, py, [x - r, 9, r]),
        )?;
    }

    #[test]
    fn lines(
        x1 in coordinate(), y1 in coordinate(), x2 in coordinate(), y2 in coordinate(),
        width in prop_oneof![4 => 1..9i32, 1 => coordinate()],
    ) {
        check(
            |s| s.draw_line(x1, y1, x2, y2, width, COLOR),
            |px, py| in_line(px, py, [x1, y1, x2, y2], width),
        )?;
    }

    #[test]
    fn triangles(corners in prop::array::uniform6(coordinate())) {
        let [x1, y1, x2, y2, x3, y3] = corners;
        check(
            |s| s.draw_triangle(x1, y1, x2, y2, x3, y3, COLOR),
            |px, py| in_triangle(px, py, corners),
        )?;
        check(
            |s| s.draw_triangle_outline(x1, y1, x2, y2, x3, y3, COLOR),
            |px, py| {
                in_line(px, py, [x1, y1, x2, y2], 1)
                    || in_line(px, py, [x2, y2, x3, y3], 1)
                    || in_line(px, py, [x3, y3, x1, y1], 1)
            },
        )?;
    }

    #[test]
    fn triangles_that_share_an_edge_share_no_pixel(p in prop::array::uniform8(-10..50i32)) {
        let [ax, ay, bx, by, cx, cy, dx, dy] = p;
        let side = |x: i32, y: i32| (bx - ax) * (y - ay) - (by - ay) * (x - ax);
        // One case in four has its third corners on different sides of the shared edge.
        if side(cx, cy) <= 0 || side(dx, dy) >= 0 {
            return Ok(());
        }
        for y in 0..i128::from(HEIGHT) {
            for x in 0..i128::from(WIDTH) {
                let both = in_triangle(x, y, [ax, ay, bx, by, cx, cy])
                    && in_triangle(x, y, [ax, ay, bx, by, dx, dy]);
                prop_assert!(!both);
            }
        }
    }

    #[test]
    fn pixels_and_clears(x in coordinate(), y in coordinate()) {
        check(|s| s.draw_pixel(x, y, COLOR), |px, py| px == x.into() && py == y.into())?;
        check(|s| s.draw_clear(COLOR | 0xff00_0000), |_, _| true)?;
    }

    #[test]
    fn texts(x in coordinate(), y in coordinate(), text in "[ -~äőŁ漢\n]{0,12}") {
        let mut cells = Vec::new();
        let (mut column, mut row) = (0, 0);
        for c in text.chars() {
            if c == '\n' {
                (column, row) = (0, row + 1);
            } else {
                cells.push((i128::from(x) + column * 8, i128::from(y) + row * 16, c));
                column += 1;
            }
        }
        check_colors(
            |s| s.draw_text(x, y, &text, COLOR),
            |px, py| {
                let cell = cells
                    .iter()
                    .find(|c| c.0 <= px && px < c.0 + 8 && c.1 <= py && py < c.1 + 16);
                cell.map_or(BEFORE, |c| {
                    let glyph = text::glyph(c.2).unwrap();
                    let coverage = glyph.pixel((px - c.0) as usize, (py - c.1) as usize);
                    canvas::mix(BEFORE, COLOR, coverage.unwrap_or(0))
                })
            },
        )?;
    }
}

#[test]
fn the_largest_shapes_take_no_longer_than_the_screen() {
    let mut pixels = vec![0; 1920 * 1080];
    let mut screen = Screen::try_new(&mut pixels, 1920, 1080, 1920).unwrap();
    let started = std::time::Instant::now();
    let (low, high) = (i32::MIN, i32::MAX);
    screen.draw_rect(low, low, high, high, COLOR);
    screen.draw_circle(0, 0, high, COLOR);
    screen.draw_circle_outline(high, low, high, COLOR);
    screen.draw_line(low, low, high, high, high, COLOR);
    screen.draw_triangle(low, low, high, low, 0, high, COLOR);
    screen.draw_triangle_outline(low, high, high, low, 0, 0, COLOR);
    // Stepping along a shape of 2^31 pixels takes far longer, even optimised.
    assert!(started.elapsed().as_secs() < 5);
}

#[test]
fn a_letter_is_where_it_should_be() {
    let mut pixels = vec![0; 8 * 16];
    Screen::try_new(&mut pixels, 8, 16, 8)
        .unwrap()
        .draw_text(0, 0, "I", 0xff_ffff);
    assert!(pixels.contains(&0xff_ffff));
    assert!(
        pixels[..8].iter().all(|&p| p == 0),
        "the top row of a capital is empty"
    );
}
