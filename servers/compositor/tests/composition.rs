//! Random lives of a scene: composing the damage gives the same bytes as composing everything.

use compositor::{Canvas, Error, Rect, Scene, SurfaceId, scene};
use proptest::prelude::*;

const WIDTH: usize = 48;
const HEIGHT: usize = 32;
const BACKGROUND: u32 = 0x0020_2020;

#[derive(Clone, Debug)]
enum Step {
    Add(i32, i32, usize, usize),
    Remove(usize),
    Move(usize, i32, i32),
    Raise(usize),
    Show(usize, bool),
    Commit(usize, u32, Vec<[i32; 4]>),
    Compose,
}

fn place() -> impl Strategy<Value = i32> {
    prop_oneof![9 => -30..60i32, 1 => any::<i32>()]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (place(), place(), 1..60usize, 1..40usize).prop_map(|(x, y, w, h)| Step::Add(x, y, w, h)),
        (0..5usize).prop_map(Step::Remove),
        (0..5usize, place(), place()).prop_map(|(i, x, y)| Step::Move(i, x, y)),
        (0..5usize).prop_map(Step::Raise),
        (0..5usize, any::<bool>()).prop_map(|(i, v)| Step::Show(i, v)),
        (
            0..5usize,
            any::<u32>(),
            prop::collection::vec(prop::array::uniform4(place()), 0..18)
        )
            .prop_map(|(i, c, d)| Step::Commit(i, c, d)),
        Just(Step::Compose),
    ]
}

/// The simplest scene there can be: each pixel asks the surfaces from the front.
#[derive(Default)]
struct Model {
    surfaces: Vec<ModelSurface>,
}

struct ModelSurface {
    id: SurfaceId,
    x: i64,
    y: i64,
    width: usize,
    height: usize,
    is_visible: bool,
    credits: u8,
    pixels: Vec<u32>,
}

impl Model {
    fn pixel(&self, x: usize, y: usize) -> u32 {
        for surface in self.surfaces.iter().rev().filter(|s| s.is_visible) {
            let (sx, sy) = (x as i64 - surface.x, y as i64 - surface.y);
            if (0..surface.width as i64).contains(&sx) && (0..surface.height as i64).contains(&sy) {
                return surface.pixels[sy as usize * surface.width + sx as usize];
            }
        }
        BACKGROUND
    }

    fn picture(&self) -> Vec<u32> {
        (0..WIDTH * HEIGHT)
            .map(|i| self.pixel(i % WIDTH, i / WIDTH))
            .collect()
    }
}

fn commit(
    scene: &mut Scene,
    surface: &mut ModelSurface,
    seed: u32,
    damage: &[[i32; 4]],
) -> Result<(), TestCaseError> {
    let stride = surface.width + 3;
    let frame: Vec<u32> = (0..(stride * surface.height) as u32)
        .map(|i| i.wrapping_mul(0x9e37_79b9) ^ seed)
        .collect();
    let rects: Vec<Rect> = damage
        .iter()
        .map(|&[x, y, w, h]| Rect::from_size(x, y, w, h))
        .collect();
    let result = scene.commit(surface.id, &frame[..], stride, &rects);
    if rects.len() > compositor::damage::RECTS_MAX {
        prop_assert_eq!(result, Err(Error::TooManyRects));
    } else if surface.credits == 0 {
        prop_assert_eq!(result, Err(Error::NoCredit));
    } else {
        prop_assert_eq!(result, Ok(()));
        surface.credits -= 1;
        for y in 0..surface.height {
            for x in 0..surface.width {
                let is_in = |r: &Rect| {
                    (r.x0..r.x1).contains(&(x as i64)) && (r.y0..r.y1).contains(&(y as i64))
                };
                if rects.iter().any(is_in) {
                    surface.pixels[y * surface.width + x] = frame[y * stride + x] & 0xff_ffff;
                }
            }
        }
    }
    Ok(())
}

fn apply(scene: &mut Scene, model: &mut Model, step: &Step) -> Result<(), TestCaseError> {
    let len = model.surfaces.len();
    match *step {
        Step::Add(x, y, width, height) if len < 5 => {
            let id = scene.add(x, y, width, height).unwrap();
            model.surfaces.push(ModelSurface {
                id,
                x: x.into(),
                y: y.into(),
                width,
                height,
                is_visible: true,
                credits: scene::CREDITS,
                pixels: vec![0; width * height],
            });
        }
        Step::Remove(i) if i < len => {
            let gone = model.surfaces.remove(i);
            prop_assert_eq!(scene.remove(gone.id), Ok(()));
            prop_assert_eq!(scene.remove(gone.id), Err(Error::NoSurface));
        }
        Step::Move(i, x, y) if i < len => {
            scene.move_to(model.surfaces[i].id, x, y).unwrap();
            (model.surfaces[i].x, model.surfaces[i].y) = (x.into(), y.into());
        }
        Step::Raise(i) if i < len => {
            scene.raise(model.surfaces[i].id).unwrap();
            let surface = model.surfaces.remove(i);
            model.surfaces.push(surface);
        }
        Step::Show(i, is_visible) if i < len => {
            scene.set_visible(model.surfaces[i].id, is_visible).unwrap();
            model.surfaces[i].is_visible = is_visible;
        }
        Step::Commit(i, seed, ref damage) if i < len => {
            commit(scene, &mut model.surfaces[i], seed, damage)?;
        }
        _ => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn composing_the_damage_equals_composing_everything(steps in prop::collection::vec(step(), 1..60)) {
        let mut scene = Scene::try_new(WIDTH, HEIGHT, BACKGROUND).unwrap();
        let mut model = Model::default();
        let mut back = vec![0; WIDTH * HEIGHT];
        for step in steps.iter().chain([&Step::Compose]) {
            apply(&mut scene, &mut model, step)?;
            if !matches!(step, Step::Compose) {
                continue;
            }
            let before = back.clone();
            let mut canvas = Canvas::try_new(&mut back, WIDTH, HEIGHT, WIDTH).unwrap();
            let damage = scene.compose(&mut canvas).unwrap();
            scene.presented(|_, _| {});
            model.surfaces.iter_mut().for_each(|s| s.credits = scene::CREDITS);
            prop_assert_eq!(&back, &model.picture());
            for (i, (now, then)) in back.iter().zip(&before).enumerate() {
                let (x, y) = ((i % WIDTH) as i64, (i / WIDTH) as i64);
                let is_in = |r: &Rect| (r.x0..r.x1).contains(&x) && (r.y0..r.y1).contains(&y);
                prop_assert!(now == then || damage.rects().iter().any(is_in));
            }
        }
    }
}

#[test]
fn two_commits_are_allowed_and_come_back_with_the_frame() {
    let mut scene = Scene::try_new(WIDTH, HEIGHT, 0).unwrap();
    let id = scene.add(0, 0, 4, 4).unwrap();
    let frame = [1; 16];
    assert_eq!(scene.commit(id, &frame[..], 4, &[]), Ok(()));
    assert_eq!(scene.commit(id, &frame[..15], 4, &[]), Err(Error::Geometry));
    assert_eq!(scene.commit(id, &frame[..], 4, &[]), Ok(()));
    assert_eq!(scene.commit(id, &frame[..], 4, &[]), Err(Error::NoCredit));
    let mut returned = Vec::new();
    scene.presented(|id, credits| returned.push((id, credits)));
    assert_eq!(returned, [(id, 2)]);
    assert_eq!(scene.credits(id), Ok(2));
}

#[test]
fn limits_are_refused() {
    let mut scene = Scene::try_new(WIDTH, HEIGHT, 0).unwrap();
    assert_eq!(scene.add(0, 0, 0, 4), Err(Error::Size));
    assert_eq!(scene.add(0, 0, 4, scene::SIZE_MAX + 1), Err(Error::Size));
    for _ in 0..scene::SURFACES_MAX {
        scene.add(0, 0, 1, 1).unwrap();
    }
    assert_eq!(scene.add(0, 0, 1, 1), Err(Error::TooManySurfaces));
    assert_eq!(
        scene.raise(SurfaceId::from_number(999)),
        Err(Error::NoSurface)
    );
}
